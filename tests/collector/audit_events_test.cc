#include "collector/audit_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "collector/audit.h"
#include "collector/timelines.h"
#include "collector/told_events.h"
#include "collector/verdict/cells.h"
#include "tests/collector/cells_world.h"
#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

using internal::v1::AuditReport;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const OpenShare kClosed = {{"CN-BJ", 0}, {"CN-SH", 0}};
const OpenShare kOpen = {{"CN-BJ", 1}, {"CN-SH", 0}};

// Beijing was open in hours 20 to 49 and is open from hour 90 on; 120 hours, of which those up to
// hour 44 are final.
class AuditEventsTest : public testing::Test {
 protected:
  AuditEventsTest() {
    EXPECT_TRUE(*store_.MoveLease("fold", {}, lease_));
    EXPECT_TRUE(timelines_.Load("CN", [] {}).ok());
    for (int hour = 0; hour < 120; ++hour) {
      const bool open = (hour >= 20 && hour < 50) || hour >= 90;
      Tell({CellRow("whatsapp", hour, CellsOf(open ? kOpen : kClosed)),
            CellRow("signal", hour, CellsOf(kClosed))},
           hour);
    }
  }

  void Tell(const std::vector<VerdictRecord>& rows, int until) {
    timelines_.Put(rows);
    Timelines::Point point;
    point.until = CellTime(until);
    if (until > 80) point.final_until = CellTime(until - 75);
    point.read_until = CellTime(until + 1);
    const Timelines::Rows history = timelines_.Advance(point);
    Write({.verdicts = rows, .events = history.events, .timelines = history.timelines});
    timelines_.Commit();
  }
  void Write(const FoldWrite& write) { ASSERT_TRUE(store_.WriteFold("fold", lease_, write).ok()); }

  AuditReport Run() {
    AuditReport report;
    EventAudit audit(store_, kCellHour, 1 << 20, report);
    EXPECT_TRUE(audit.Begin("CN").ok());
    const auto rows = *store_.ReadCells("CN", absl::InfinitePast(), absl::InfiniteFuture());
    for (const VerdictRecord& row : rows) audit.Add(row);
    EXPECT_TRUE(audit.Finish("CN").ok());
    return report;
  }
  std::vector<EventRecord> Events() {
    return *store_.ReadEvents("CN", absl::InfinitePast(), absl::InfiniteFuture());
  }
  static std::vector<std::string> Problems(const AuditReport& report) {
    std::vector<std::string> problems;
    for (const internal::v1::AuditProblem& problem : report.problems()) {
      problems.push_back(
          absl::StrCat(ShortName(problem.kind()), " ", problem.target_id(), " ", problem.detail()));
    }
    return problems;
  }
  // Writes the event back when it was changed, with columns that fit.
  void Change(size_t i, const std::function<void(v1::Event&)>& change) {
    v1::Event event = EventOf(Events().at(i));
    change(event);
    const EventRecord record = ToRecord(event);
    Write({.events = {&record, 1}});
  }
  // These are all events and timelines that there are.
  void Replace(const std::vector<EventRecord>& events,
               const std::vector<TimelineRecord>& timelines) {
    const auto rows = *store_.ReadVerdicts("CN", absl::InfinitePast(), absl::InfiniteFuture());
    store_.LoseHistory();
    Write({.verdicts = rows, .events = events, .timelines = timelines});
  }

  MemoryStore store_;
  const LeaseRecord lease_ = {"n1", 1, 1};
  Timelines timelines_{store_, kCellHour};
};

TEST_F(AuditEventsTest, FindsNothingWhereNothingIsWrong) {
  const AuditReport report = Run();
  EXPECT_THAT(Problems(report), IsEmpty());
  EXPECT_EQ(report.events_compared(), 2U);
  EXPECT_EQ(report.timelines_compared(), 2U);
  EXPECT_EQ(report.events_behind(), 0U);
  EXPECT_EQ(report.events_other_rules(), 0U);
}

TEST_F(AuditEventsTest, NamesTheEventThatTheCellsDoNotComeTo) {
  Change(0, [](v1::Event& event) { *event.mutable_end_time() = ToProto(CellTime(51)); });
  EXPECT_THAT(Problems(Run()),
              ElementsAre(HasSubstr("EVENT whatsapp stored -> by the cells: modified: end_time")));
}

TEST_F(AuditEventsTest, NamesWhatIsMissingAndWhatIsTooMuch) {
  Change(1, [](v1::Event& event) { event.set_region("CN-SH"); });
  EXPECT_THAT(Problems(Run()),
              ElementsAre(HasSubstr("the name is not that of target, place and kind"),
                          HasSubstr("by the cells none"), HasSubstr("stored none, by the cells")));
}

TEST_F(AuditEventsTest, WhatWasWithdrawnAndCorrectionsAreCounted) {
  v1::Event withdrawn = EventOf(Events()[0]);
  withdrawn.set_event_id("whatsapp.CN-SH.opening.20240406T200000Z");
  withdrawn.set_region("CN-SH");
  withdrawn.set_end(v1::EVENT_END_WITHDRAWN);
  const EventRecord record = ToRecord(withdrawn);
  Write({.events = {&record, 1}});
  Change(0, [](v1::Event& event) { event.add_amendments()->set_text("it was said to go on."); });
  const AuditReport report = Run();
  EXPECT_THAT(Problems(report), IsEmpty());
  EXPECT_EQ(report.events_withdrawn(), 1U);
  EXPECT_EQ(report.events_amended(), 1U);
  EXPECT_EQ(ResultOf(report), internal::v1::AUDIT_RESULT_PARTIAL);
}

TEST_F(AuditEventsTest, BytesThatAreNoEventAreTold) {
  EventRecord record = Events()[0];
  record.event = "no event";
  Write({.events = {&record, 1}});
  EXPECT_THAT(Problems(Run()), ElementsAre(HasSubstr("the stored bytes are no event"),
                                           HasSubstr("stored none, by the cells")));
}

TEST_F(AuditEventsTest, EveryColumnIsComparedWithTheEventOfItsBytes) {
  const std::vector<std::pair<std::string, std::function<void(EventRecord&)>>> cases = {
      {"event_id another where it has whatsapp.CN-BJ.opening.20240406T200000Z",
       [](EventRecord& record) { record.event_id = "another"; }},
      {"target_id signal where it has whatsapp",
       [](EventRecord& record) { record.target_id = "signal"; }},
      {"onset 2024-04-06T21:00:00+00:00 where it has 2024-04-06T20:00:00+00:00",
       [](EventRecord& record) { record.onset = CellTime(21); }},
      {"end 2024-04-08T03:00:00+00:00 where it has 2024-04-08T02:00:00+00:00",
       [](EventRecord& record) { record.end = CellTime(51); }},
      {"end none where it has 2024-04-08T02:00:00+00:00",
       [](EventRecord& record) { record.end = absl::InfiniteFuture(); }},
  };
  const std::vector<EventRecord> events = Events();
  const std::vector<TimelineRecord> timelines = *store_.ReadTimelines("CN");
  for (const auto& [text, change] : cases) {
    std::vector<EventRecord> changed = events;
    change(changed[0]);
    Replace(changed, timelines);
    // And nothing else: its content is what the cells come to.
    EXPECT_THAT(Problems(Run()),
                ElementsAre(HasSubstr("the columns are not those of the event: " + text)))
        << text;
  }
}

TEST_F(AuditEventsTest, TheSameEventInOtherBytesIsTold) {
  const EventRecord original = Events()[0];
  EventRecord record = original;
  record.event += "\xb0\x3e\x01";  // a field that nobody knows
  Write({.events = {&record, 1}});
  EXPECT_THAT(Problems(Run()), Contains(HasSubstr("EVENT whatsapp stored")));
  record = original;
  const std::string last = record.event.substr(record.event.size() - 10);
  record.event += last;  // a number that is there twice
  ASSERT_EQ(EventOf(record).SerializeAsString() + last, record.event);
  Write({.events = {&record, 1}});
  EXPECT_THAT(Problems(Run()), ElementsAre(HasSubstr("the same fields in other bytes")));
}

TEST_F(AuditEventsTest, AnEventThatNoCellsSpeakOfIsTold) {
  const std::vector<TimelineRecord> timelines = *store_.ReadTimelines("CN");
  // Of a target that there are no cells of, and from before all cells.
  v1::Event invented = EventOf(Events()[0]);
  invented.set_target_id("telegram");
  invented.set_event_id("telegram.CN-BJ.opening.20240406T200000Z");
  v1::Event early = EventOf(Events()[0]);
  *early.mutable_onset_time() = ToProto(CellTime(-5));
  early.set_event_id("whatsapp.CN-BJ.opening.20240405T190000Z");
  std::vector<EventRecord> events = Events();
  events.push_back(ToRecord(invented));
  events.push_back(ToRecord(early));
  Replace(events, timelines);
  const std::string text = "there are no cells that it could come from";
  EXPECT_THAT(Problems(Run()), UnorderedElementsAre(HasSubstr("EVENT telegram " + text),
                                                    HasSubstr("EVENT whatsapp " + text)));
  EXPECT_EQ(Run().events_other_rules(), 0U);
}

TEST_F(AuditEventsTest, WithoutAWordOnHowFarEventsWereToldNothingIsCalledFitting) {
  Replace({}, {});
  AuditReport report = Run();
  EXPECT_EQ(report.verdicts_untold(), 240U);
  EXPECT_EQ(ResultOf(report), internal::v1::AUDIT_RESULT_PARTIAL);
  // Nor when it is said that they were told up to before the opening.
  Replace({}, {{"", "CN", CellTime(19), ""}});
  report = Run();
  EXPECT_EQ(report.verdicts_untold(), 200U);
  EXPECT_EQ(ResultOf(report), internal::v1::AUDIT_RESULT_WRONG) << "there are no histories";
}

TEST_F(AuditEventsTest, AnEventOfVerdictsThatNoneWereToldFromIsUndecided) {
  Replace(Events(), {});
  const AuditReport report = Run();
  EXPECT_THAT(Problems(report), IsEmpty());
  EXPECT_EQ(report.events_behind(), 2U);
  EXPECT_EQ(report.undecided_size(), 2);
}

TEST_F(AuditEventsTest, AHistoryThatIsMissingIsTold) {
  std::vector<TimelineRecord> timelines = *store_.ReadTimelines("CN");
  std::erase_if(timelines, [](const TimelineRecord& each) { return each.target_id == "signal"; });
  Replace(Events(), timelines);
  EXPECT_THAT(Problems(Run()), ElementsAre(HasSubstr("TIMELINE signal there is no history")));
}

TEST_F(AuditEventsTest, BytesThatAreNoHistoryAreTold) {
  TimelineRecord record = store_.ReadTimelines("CN")->at(1);
  record.timeline = "no history";
  Write({.timelines = {&record, 1}});
  EXPECT_THAT(Problems(Run()), ElementsAre(HasSubstr("the stored bytes are no history")));
}

TEST_F(AuditEventsTest, AHistoryThatIsSaidToBeginLaterIsTold) {
  TimelineRecord record = store_.ReadTimelines("CN")->at(1);
  record.timeline.clear();
  Write({.timelines = {&record, 1}});
  EXPECT_THAT(Problems(Run()), ElementsAre(HasSubstr("TIMELINE signal the history is said")));
}

TEST_F(AuditEventsTest, AnEventThatAwaitsTheFoldIsListedApart) {
  Change(0, [](v1::Event& event) { event.set_rate_mean(0.5); });
  const std::vector<TimelineRecord> behind = timelines_.Behind();
  Write({.timelines = behind});
  const AuditReport report = Run();
  EXPECT_THAT(Problems(report), IsEmpty());
  ASSERT_EQ(report.undecided_size(), 1);
  EXPECT_THAT(report.undecided(0).detail(), HasSubstr("modified: rate_mean: 0.5 -> 1"));
  EXPECT_EQ(ResultOf(report), internal::v1::AUDIT_RESULT_PARTIAL);
}

TEST_F(AuditEventsTest, SilenceBetweenVerdictsIsFollowedSoFarAndNoFurther) {
  const VerdictRecord late = CellRow("whatsapp", 24 * 30, CellsOf(kClosed));
  Write({.verdicts = {&late, 1}});
  const TimelineRecord end = {"", "CN", late.window_start, ""};
  Write({.timelines = {&end, 1}});
  const auto run = [this](uint64_t silence_max) {
    AuditReport report;
    EventAudit audit(store_, kCellHour, silence_max, report);
    EXPECT_TRUE(audit.Begin("CN").ok());
    const auto rows = *store_.ReadCells("CN", absl::InfinitePast(), absl::InfiniteFuture());
    for (const VerdictRecord& row : rows) audit.Add(row);
    return audit.Finish("CN");
  };
  EXPECT_EQ(run(100).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(run(1 << 20).ok());
}

TEST_F(AuditEventsTest, CellsThatNoLogGivesAreNamedAndNotCountedWith) {
  internal::v1::Cells cells;
  ASSERT_TRUE(cells.ParseFromString(CellsOf(kClosed)));
  ASSERT_TRUE(ArePlausible(cells));
  const std::vector<std::pair<std::string, std::function<void(internal::v1::Cell&)>>> cases = {
      {"suspected", [](auto& cell) { cell.set_buckets_suspected(cell.buckets() + 1); }},
      {"open", [](auto& cell) { cell.set_buckets_open(cell.buckets() + 1); }},
      {"buckets", [](auto& cell) { cell.set_buckets(4'000'000'000); }},
      {"weight", [](auto& cell) { cell.set_weight(-1); }},
      {"weight that is none", [](auto& cell) { cell.set_weight(std::nan("")); }},
      {"weight without end", [](auto& cell) { cell.set_weight(HUGE_VAL); }},
      {"open weight", [](auto& cell) { cell.set_weight_open(cell.weight() + 1); }},
  };
  std::vector<std::string> bytes = {"no cells"};
  for (const auto& [name, change] : cases) {
    internal::v1::Cells changed = cells;
    change(*changed.mutable_cells(0));
    EXPECT_FALSE(ArePlausible(changed)) << name;
    bytes.push_back(changed.SerializeAsString());
  }
  for (const std::string& each : bytes) {
    const VerdictRecord row = CellRow("signal", 60, each);
    Write({.verdicts = {&row, 1}});
    EXPECT_THAT(Problems(Run()), ElementsAre(HasSubstr("CELLS signal no log gives these cells")));
  }
}

TEST_F(AuditEventsTest, NamesTheHistoryThatTheCellsDoNotComeTo) {
  // Hour 30 is final: whoever changes its cells leaves the history behind.
  const VerdictRecord row = CellRow("whatsapp", 30, CellsOf({{"CN-BJ", 0.7}, {"CN-SH", 0}}));
  Write({.verdicts = {&row, 1}});
  const std::vector<std::string> problems = Problems(Run());
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_THAT(problems[0], HasSubstr("TIMELINE whatsapp"));
  EXPECT_THAT(problems[1], HasSubstr("EVENT whatsapp"));
}

TEST_F(AuditEventsTest, VerdictsThatNoEventsWereToldFromYetAreNoProblem) {
  std::vector<VerdictRecord> rows;
  for (int hour = 90; hour < 120; ++hour) {
    rows.push_back(CellRow("whatsapp", hour, CellsOf(kClosed)));
  }
  const std::vector<TimelineRecord> behind = timelines_.Behind();
  Write({.verdicts = rows, .timelines = behind});
  const AuditReport report = Run();
  EXPECT_THAT(Problems(report), IsEmpty());
  EXPECT_EQ(report.events_behind(), 1U);
  Write({.verdicts = rows});
  Tell(rows, 119);
  EXPECT_THAT(Problems(Run()), IsEmpty());
  EXPECT_EQ(Run().events_behind(), 0U);
}

TEST_F(AuditEventsTest, ATargetWithRowsAndNoHistoryYetIsJudgedByItsRows) {
  std::vector<VerdictRecord> rows;
  for (int hour = 0; hour < 40; ++hour) {
    rows.push_back(CellRow("wechat", hour, CellsOf(hour < 20 ? kClosed : kOpen)));
  }
  Write({.verdicts = rows});
  const AuditReport report = Run();
  EXPECT_THAT(Problems(report), ElementsAre(HasSubstr("TIMELINE wechat there is no history"),
                                            HasSubstr("EVENT wechat stored none, by the cells")));
  EXPECT_EQ(report.timelines_compared(), 2U);
}

TEST_F(AuditEventsTest, HistoriesByOtherRulesAreCounted) {
  std::vector<VerdictRecord> rows = *store_.ReadVerdicts("CN", CellTime(0), CellTime(60));
  for (VerdictRecord& row : rows) row.ruleset_version = "other";
  Write({.verdicts = rows});
  std::vector<TimelineRecord> timelines = *store_.ReadTimelines("CN");
  internal::v1::Timeline other;
  other.set_ruleset_version("other");
  for (TimelineRecord& record : timelines) {
    if (!record.target_id.empty()) record.timeline = other.SerializeAsString();
  }
  Write({.timelines = timelines});
  const AuditReport report = Run();
  EXPECT_EQ(report.events_other_rules(), 1U) << "the one before";
  EXPECT_EQ(report.timelines_compared(), 0U);
  EXPECT_EQ(report.timelines_other_rules(), 2U);
  // Other rules in between: nobody knows where the history began.
  rows = *store_.ReadVerdicts("CN", CellTime(0), CellTime(20));
  for (VerdictRecord& row : rows) row.ruleset_version = std::string(kRulesetVersion);
  Write({.verdicts = rows});
  EXPECT_THAT(Problems(Run()), IsEmpty());
  EXPECT_EQ(Run().events_other_rules(), 2U);
}

}  // namespace
}  // namespace sightline
