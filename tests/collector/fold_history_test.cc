// Events as the fold leader writes them: from the log to the store, over restarts and late batches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "collector/audit.h"
#include "collector/stored_verdicts.h"
#include "collector/verdict/timeline.h"
#include "tests/collector/cells_world.h"
#include "tests/collector/fold_fixture.h"

namespace sightline {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::Duration kGrace = absl::Minutes(6);
constexpr char kOpening[] = "whatsapp.CN-BJ.opening.20240406T100000Z";

// So that windows become final within a test.
constexpr int kRetainHours = 12;

FoldLeaderOptions ShortOptions() {
  FoldLeaderOptions options = FoldSite::Options();
  options.follow.retain = absl::Hours(kRetainHours);
  return options;
}

absl::Time Hour(int i) { return kTestNow + i * kHour; }

// Twelve agents of Beijing and three controls; whatsapp opens in Beijing in hour 10.
class Site {
 public:
  Site() {
    for (uint32_t i = 0; i < 12; ++i) world.Join("CN-BJ", 4134 + i % 2);
    for (int i = 0; i < 3; ++i) world.Join("DE", 3320, v1::AGENT_ROLE_CONTROL);
    log.Enroll();
    log.PublishPlan();
  }

  static Sight SightAt(int hour, int closes = 1000) {
    return OpenWhere("whatsapp", [=](const TestAgent&) { return hour >= 10 && hour < closes; });
  }
  // A round of everybody in each hour up to `last`.
  void Rounds(int first, int last, int closes = 1000) {
    for (int i = first; i <= last; ++i) world.Round(Hour(i), SightAt(i, closes));
  }
  // A round of the hour `i` that arrives in the hour `arrives`.
  void LateRound(size_t agent, int i, int arrives, const Sight& sight) {
    world.Round(world.agents[agent], Hour(i), sight);
    world.entries.back().record.receive_time = Hour(arrives) + absl::Minutes(1);
  }
  void Sort() {
    std::stable_sort(world.entries.begin(), world.entries.end(),
                     [](const Entry& one, const Entry& other) {
                       return one.record.receive_time < other.record.receive_time;
                     });
  }
  // Everything up to hour `i` is received and judged.
  void SettleHour(int i) {
    const absl::Time now = Hour(i + 1) + kGrace;
    log.Append({"n1", "n2"}, now);
    ASSERT_TRUE(site.Settle(now).ok());
  }
  void Settle(int first, int last) {
    for (int i = first; i <= last; ++i) SettleHour(i);
  }

  std::vector<EventRecord> Stored() {
    return *site.store.ReadEvents("CN", absl::InfinitePast(), absl::InfiniteFuture());
  }
  std::vector<std::string> Briefs() {
    std::vector<std::string> briefs;
    for (const EventRecord& record : Stored()) briefs.push_back(Brief(EventOf(record)));
    return briefs;
  }

  World world;
  FoldSite site;
  WorldLog log{world, site.store};
};

TEST(FoldHistoryTest, AnOpeningIsToldToReadersWithItsWindow) {
  Site site;
  site.Rounds(0, 20);
  ASSERT_TRUE(site.site.Start().ok());
  site.Settle(0, 19);
  EXPECT_THAT(site.Briefs(),
              ElementsAre(absl::StrCat(kOpening, " OPENING 10.. ONGOING TEMPORARY")));
  const auto summary = StoredSummary(site.site.store, "CN", Hour(19));
  ASSERT_TRUE(summary.ok()) << summary.status();
  const v1::TargetVerdict& whatsapp = VerdictOn(*summary, "whatsapp");
  ASSERT_EQ(whatsapp.events_size(), 1);
  EXPECT_EQ(whatsapp.events(0).event_id(), kOpening);
  EXPECT_THAT(std::vector<std::string>(whatsapp.reasons().begin(), whatsapp.reasons().end()),
              Contains(HasSubstr("since 6 April 2024, 10:00 UTC")));
  EXPECT_EQ(VerdictOn(*summary, "signal").events_size(), 0);
  const auto before = StoredSummary(site.site.store, "CN", Hour(9));
  EXPECT_EQ(VerdictOn(*before, "whatsapp").events_size(), 0) << "nobody knew then";
  EXPECT_TRUE(absl::IsNotFound(StoredSummary(site.site.store, "CN", Hour(99)).status()));
}

TEST(FoldHistoryTest, VerdictsAndEventsAreWrittenAtOnce) {
  Site site;
  site.Rounds(0, 20);
  ASSERT_TRUE(site.site.Start().ok());
  site.Settle(0, 9);
  bool told = false;
  site.site.store.after = [&] {
    const bool is_told = !site.Stored().empty();
    if (is_told && !told) {
      const auto newest = *site.site.store.NewestVerdict("CN");
      EXPECT_EQ(*newest + kHour, FromProto(EventOf(site.Stored()[0]).detect_time()));
    }
    told = is_told;
    return absl::OkStatus();
  };
  site.Settle(10, 20);
  EXPECT_TRUE(told);
}

TEST(FoldHistoryTest, AnAuditMakesTheSameEventsOfTheCells) {
  Site site;
  site.Rounds(0, 40, 20);
  ASSERT_TRUE(site.site.Start(ShortOptions()).ok());
  site.Settle(0, 39);
  AuditOptions options;
  options.retain = absl::Hours(kRetainHours);
  const auto report = Audit(site.site.store, TestNames(), options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->events_compared(), 1U);
  EXPECT_EQ(report->timelines_compared(), site.world.plan.targets_size());
  EXPECT_EQ(report->events_behind(), 0U);
  for (const internal::v1::AuditProblem& problem : report->problems()) {
    // Nothing in this world is signed.
    EXPECT_LE(problem.kind(), internal::v1::AUDIT_PROBLEM_KIND_CHAIN_END) << problem.detail();
  }
}

// What one that never rested wrote, and one that rests in between.
TEST(FoldHistoryTest, RestartsGiveTheSameBytes) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::vector<EventRecord> told;
  for (const bool restarts : {false, true}) {
    std::mt19937 random(seed);
    Site site;
    constexpr int kHours = 45;
    for (int i = 0; i < kHours; ++i) {
      for (size_t agent = 0; agent < site.world.agents.size(); ++agent) {
        const int late = random() % 4 == 0 ? static_cast<int>(random() % kRetainHours) : 0;
        site.LateRound(agent, i, i + late, Site::SightAt(i, 25));
      }
    }
    site.Sort();
    std::mt19937 rests(seed + 1);
    FoldLeaderOptions options = ShortOptions();
    ASSERT_TRUE(site.site.Start(options).ok());
    for (int i = 0; i < kHours; ++i) {
      site.SettleHour(i);
      if (!restarts || rests() % 5 != 0) continue;
      // With a checkpoint of now, or an older one.
      if (rests() % 2 == 0) {
        ASSERT_TRUE(site.site.leader->End(site.site.held).ok());
      }
      options.follow.poll_records_max = 1 + rests() % 64;
      options.follow.page_records = 1 + rests() % 16;
      ASSERT_TRUE(site.site.Start(options).ok());
    }
    if (!restarts) {
      told = site.Stored();
      continue;
    }
    const std::vector<EventRecord> again = site.Stored();
    ASSERT_EQ(again.size(), told.size());
    for (size_t i = 0; i < told.size(); ++i) {
      EXPECT_EQ(EventOf(again[i]).DebugString(), EventOf(told[i]).DebugString());
    }
  }
  EXPECT_GE(told.size(), 1U);
}

TEST(FoldHistoryTest, AFoldThatHasReadLessTakesNothingBack) {
  Site site;
  site.Rounds(0, 20);
  FoldLeaderOptions options = FoldSite::Options();
  options.checkpoint.interval = absl::Hours(999);
  ASSERT_TRUE(site.site.Start(options).ok());
  site.Settle(0, 8);
  ASSERT_TRUE(site.site.leader->End(site.site.held).ok());
  site.Settle(9, 19);
  ASSERT_THAT(site.Briefs(), ElementsAre(HasSubstr("10.. ONGOING")));
  options.follow.poll_records_max = options.follow.page_records = 3;
  ASSERT_TRUE(site.site.Start(options).ok());
  site.site.store.events_written.clear();
  for (int turn = 0; turn < 300; ++turn) {
    site.site.clock.Advance(absl::Seconds(2));
    ASSERT_TRUE(site.site.leader->Turn(Hour(20) + kGrace, site.site.held).ok());
  }
  EXPECT_TRUE(site.site.leader->follower().caught_up());
  EXPECT_THAT(site.site.store.events_written, IsEmpty());
}

TEST(FoldHistoryTest, TheNewestWindowFirstAndNothingIsTakenBack) {
  Site site;
  site.Rounds(0, 40);
  site.log.Append({"n1", "n2"});
  FoldLeaderOptions options = FoldSite::Options();
  options.publish.work_max = absl::ZeroDuration();  // one window a turn
  ASSERT_TRUE(site.site.Start(options).ok());
  ASSERT_TRUE(site.site.Settle(Hour(40) + kGrace).ok());
  EXPECT_EQ(site.site.store.windows_written.front(), Hour(39));
  for (const EventRecord& record : site.site.store.events_written) {
    EXPECT_EQ(EventOf(record).amendments_size(), 0);
  }
  EXPECT_THAT(site.Briefs(),
              ElementsAre(absl::StrCat(kOpening, " OPENING 10.. ONGOING TEMPORARY")));
}

TEST(FoldHistoryTest, ASpoolThatArrivesAtOnceIsOneAmendment) {
  Site site;
  site.Rounds(0, 6);
  // Of the hours 7 to 12 nobody reports until hour 30.
  for (int i = 7; i <= 12; ++i) {
    for (size_t agent = 0; agent < site.world.agents.size(); ++agent) {
      site.LateRound(agent, i, 30, OpenWhere("whatsapp", [](const TestAgent&) { return true; }));
    }
  }
  site.Rounds(13, 40);
  site.Sort();
  FoldLeaderOptions options = FoldSite::Options();
  options.publish.work_max = absl::ZeroDuration();
  ASSERT_TRUE(site.site.Start(options).ok());
  site.Settle(0, 28);
  EXPECT_THAT(site.Briefs(), ElementsAre("whatsapp.CN-BJ.opening.20240406T130000Z OPENING 13.. "
                                         "ONGOING TEMPORARY"));
  site.Settle(29, 32);
  EXPECT_THAT(site.Briefs(), ElementsAre("whatsapp.CN-BJ.opening.20240406T130000Z OPENING 7.. "
                                         "ONGOING TEMPORARY"));
  const v1::Event event = EventOf(site.Stored()[0]);
  ASSERT_EQ(event.amendments_size(), 1) << event.DebugString();
  EXPECT_EQ(FromProto(event.amendments(0).window_start_time()), Hour(7));
  EXPECT_GE(FromProto(event.amendments(0).amend_time()), Hour(30));
  EXPECT_LE(FromProto(event.amendments(0).amend_time()), Hour(31) + kGrace);
}

std::vector<v1::Change> Changes(Store& store) {
  std::vector<v1::Change> changes;
  const auto records = *store.ReadChanges("CN", 0, 100'000);
  for (const ChangeRecord& record : records) {
    EXPECT_TRUE(changes.emplace_back().ParseFromString(record.change));
    EXPECT_EQ(record.change_seq, static_cast<int64_t>(changes.size())) << "no gap, none twice";
    EXPECT_EQ(changes.back().change_seq(), record.change_seq);
  }
  return changes;
}

// Whoever heard every change, each once and in order, knows what every window says.
void ExpectChangesComeToTheVerdicts(Store& store) {
  using Said = std::map<std::string, v1::AccessState>;
  std::map<std::string, Said> newest;                                 // by target
  std::map<std::string, absl::Time> newest_window;                    // by target
  std::map<std::pair<std::string, absl::Time>, v1::Scope> corrected;  // by target and window
  const std::vector<v1::Change> changes = Changes(store);
  for (const v1::Change& change : changes) {
    const absl::Time window = FromProto(change.window_start_time());
    if (change.kinds(0) == v1::CHANGE_KIND_CORRECTED) {
      corrected[{change.target_id(), window}] = change.scope();
      continue;
    }
    newest_window[change.target_id()] = window;
    for (const v1::RegionChange& region : change.regions()) {
      v1::AccessState& said = newest[change.target_id()][region.region()];
      EXPECT_EQ(said, region.previous_state()) << change.DebugString();
      said = region.state();
    }
  }
  const auto rows = *store.ReadVerdicts("CN", absl::InfinitePast(), absl::InfiniteFuture());
  std::map<std::string, v1::TargetVerdict> last;
  for (const VerdictRecord& row : rows) {
    v1::TargetVerdict& verdict = last[row.target_id];
    EXPECT_TRUE(verdict.ParseFromString(row.verdict));
    const auto late = corrected.find({row.target_id, row.window_start});
    if (late != corrected.end() && row.window_start < newest_window[row.target_id]) {
      EXPECT_EQ(late->second, verdict.scope()) << row.target_id << " at " << row.window_start;
    }
  }
  for (const auto& [target_id, verdict] : last) {
    for (const v1::RegionAccess& region : verdict.regions()) {
      EXPECT_EQ(newest[target_id][region.region()], region.access().state()) << target_id;
    }
  }
}

TEST(FoldHistoryTest, AnOpeningIsAChangeAndSoIsItsEnd) {
  Site site;
  site.Rounds(0, 40, 20);
  ASSERT_TRUE(site.site.Start().ok());
  site.Settle(0, 39);
  std::vector<std::string> kinds;
  const std::vector<v1::Change> changes = Changes(site.site.store);
  for (const v1::Change& change : changes) {
    if (change.target_id() != "whatsapp") continue;
    kinds.push_back(ShortName(change.kinds(0)));
    EXPECT_FALSE(change.text().empty());
  }
  EXPECT_THAT(kinds, ElementsAre("OTHER", "OPENED", "CLOSED", "EVENT"));
  ExpectChangesComeToTheVerdicts(site.site.store);
}

// Content of the events that the stored cells come to.
std::vector<std::string> Expected(Store& store, int last) {
  std::map<std::string, Timeline> timelines;
  std::vector<std::string> events;
  const auto rows = *store.ReadCells("CN", absl::InfinitePast(), Hour(last) + kHour);
  const auto add = [&](const std::string& target_id, const std::vector<v1::Event>& more) {
    for (const v1::Event& event : more) {
      events.push_back(absl::StrCat(target_id, " ", event.DebugString()));
    }
  };
  for (const VerdictRecord& row : rows) {
    internal::v1::Cells cells;
    EXPECT_TRUE(cells.ParseFromString(row.cells));
    Timeline& timeline = timelines.emplace(row.target_id, Timeline(kHour)).first->second;
    timeline.Step(row.window_start, cells);
    add(row.target_id, timeline.TakeEnded());
  }
  for (const auto& [target_id, timeline] : timelines) add(target_id, timeline.Ongoing());
  return events;
}

TEST(FoldHistoryTest, CrashesAndAStoreInDoubtLeaveTheEventsThatTheCellsComeTo) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  Site site;
  constexpr int kHours = 50;
  for (int i = 0; i < kHours; ++i) {
    for (size_t agent = 0; agent < site.world.agents.size(); ++agent) {
      const int late = random() % 6 == 0 ? static_cast<int>(random() % kRetainHours) : 0;
      site.LateRound(agent, i, std::min(i + late, kHours - 1), Site::SightAt(i, 25));
    }
  }
  site.Sort();
  ASSERT_TRUE(site.site.Start(ShortOptions()).ok());
  for (int i = 0; i < kHours; ++i) {
    site.site.store.before = [&] {
      return random() % 4 == 0 ? absl::UnavailableError("not written") : absl::OkStatus();
    };
    site.site.store.after = [&] {
      return random() % 4 == 0 ? absl::AbortedError("written, or not") : absl::OkStatus();
    };
    const absl::Time now = Hour(i + 1) + kGrace;
    site.log.Append({"n1", "n2"}, now);
    for (int turn = 0; turn < 4; ++turn) {
      site.site.clock.Advance(absl::Milliseconds(random() % 3000));
      (void)site.site.leader->Turn(now, site.site.held);
      if (random() % 10 != 0) continue;
      FoldLeaderOptions options = ShortOptions();
      options.checkpoint.records = 1 + random() % 200;
      options.follow.page_records = 1 + random() % 8;
      options.follow.poll_records_max = 1 + random() % 16;
      ASSERT_TRUE(site.site.Start(options).ok());
    }
    site.site.store.before = site.site.store.after = [] { return absl::OkStatus(); };
    if (i % 10 != 9) continue;
    site.SettleHour(i);
    std::vector<std::string> stored;
    for (const EventRecord& record : site.Stored()) {
      v1::Event event = EventOf(record);
      if (event.end() == v1::EVENT_END_WITHDRAWN) continue;
      for (int k = event.amendments_size(); k > 0; --k) event.mutable_amendments()->RemoveLast();
      event.clear_event_id();
      event.clear_country();
      const std::string target_id = event.target_id();
      event.clear_target_id();
      stored.push_back(absl::StrCat(target_id, " ", event.DebugString()));
    }
    EXPECT_THAT(stored, testing::UnorderedElementsAreArray(Expected(site.site.store, i)))
        << "hour " << i;
  }
  EXPECT_FALSE(site.Stored().empty());
  ExpectChangesComeToTheVerdicts(site.site.store);
}

}  // namespace
}  // namespace sightline
