#include "collector/fold_leader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/collector/fold_fixture.h"

namespace sightline {
namespace {

using testing::ElementsAre;

constexpr absl::Duration kGrace = absl::Minutes(6);  // a minute more than the default

// A few agents of one city and a control, and what they sent.
class FoldLeaderTest : public testing::Test {
 protected:
  FoldLeaderTest() {
    for (uint32_t i = 0; i < 5; ++i) world_.Join("CN-BJ", 4134 + i % 2);
    world_.Join("DE", 3320, v1::AGENT_ROLE_CONTROL);
    log_.Enroll();
    log_.PublishPlan();
  }

  // One round of everybody in each of `hours` hours, from `from` on.
  void Rounds(int from, int hours) {
    for (int i = from; i < from + hours; ++i) world_.Round(Hour(i), NormalSight);
  }
  static absl::Time Hour(int i) { return kTestNow + i * kHour; }

  // A round of the hour `i` that arrives `after` its end.
  void LateRound(size_t agent, int i, absl::Duration after, const Sight& sight = NormalSight) {
    world_.Round(world_.agents[agent], Hour(i), sight);
    world_.entries.back().record.receive_time = Hour(i + 1) + after;
  }
  void SortByReceiveTime(World& world) {
    std::stable_sort(world.entries.begin(), world.entries.end(),
                     [](const Entry& one, const Entry& other) {
                       return one.record.receive_time < other.record.receive_time;
                     });
  }
  void ExpectStored(int i, absl::Time now) {
    EXPECT_EQ(StoredRows(site_.store, Hour(i)), ExpectedRows(world_, Hour(i), now)) << "hour " << i;
  }

  World world_;
  FoldSite site_;
  WorldLog log_{world_, site_.store};
};

TEST_F(FoldLeaderTest, WritesEveryCompleteWindowWithItsCellsAndASilentOneToo) {
  Rounds(0, 2);
  Rounds(3, 1);
  log_.Append({"n1", "n2"});
  ASSERT_TRUE(site_.Start().ok());
  ASSERT_TRUE(site_.Settle(Hour(3) + kGrace).ok());
  for (const int i : {0, 1, 2}) ExpectStored(i, Hour(3) + kGrace);
  EXPECT_FALSE(StoredRows(site_.store, Hour(2)).empty());
  EXPECT_TRUE(StoredRows(site_.store, Hour(3)).empty()) << "not complete yet";
}

TEST_F(FoldLeaderTest, ALateBatchAmendsItsWindowAndOneThatIsTooLateDoesNot) {
  Rounds(0, 3);
  const Sight opened = OpenWhere("whatsapp", [](const TestAgent&) { return true; });
  LateRound(0, 1, kRetain - absl::Seconds(1), opened);
  LateRound(1, 1, kRetain, opened);
  log_.Append({"n1"}, Hour(3));
  ASSERT_TRUE(site_.Start().ok());
  ASSERT_TRUE(site_.Settle(Hour(3) + kGrace).ok());
  const std::vector<std::string> first = StoredRows(site_.store, Hour(1));
  site_.store.windows_written.clear();
  log_.Append({"n1"});
  const absl::Time late = Hour(2) + kRetain + absl::Minutes(1);
  ASSERT_TRUE(site_.Settle(late).ok());
  EXPECT_NE(StoredRows(site_.store, Hour(1)), first);
  ExpectStored(1, late);
  EXPECT_EQ(
      std::count(site_.store.windows_written.begin(), site_.store.windows_written.end(), Hour(1)),
      1);
  EXPECT_EQ(site_.leader->follower().counters().too_late, 1U);
}

TEST_F(FoldLeaderTest, AfterFourDaysOfRestItSaysWhatOneSaysThatNeverRested) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  constexpr int kHours = 110;
  for (int i = 0; i < kHours; ++i) {
    for (size_t agent = 0; agent < world_.agents.size(); ++agent) {
      const auto minutes = static_cast<int64_t>(random() % (random() % 4 == 0 ? 80 * 60 : 60));
      LateRound(agent, i, absl::Minutes(minutes) - kHour);
      auto& record = world_.entries.back().record;
      record.receive_time = std::max(record.receive_time, record.round_time);
    }
  }
  SortByReceiveTime(world_);
  World same = world_;
  FoldSite rested;
  WorldLog rested_log(same, rested.store);
  rested_log.Enroll();
  rested_log.PublishPlan();
  ASSERT_TRUE(site_.Start().ok());
  ASSERT_TRUE(rested.Start().ok());
  absl::Time now;
  for (int i = 1; i <= kHours; ++i) {
    now = Hour(i) + kGrace;
    log_.Append({"n1", "n2"}, now);
    ASSERT_TRUE(site_.Settle(now).ok());
    if (i > 10 && i < 107) continue;
    rested_log.Append({"n2", "n1"}, now);
    // The second start is after 96 hours without a fold.
    if (i == 107) {
      ASSERT_TRUE(rested.Start().ok());
    }
    ASSERT_TRUE(rested.Settle(now).ok());
    if (i == 10) {
      ASSERT_TRUE(rested.leader->End(rested.held).ok());
    }
  }
  for (int i = 0; i < kHours - 1; ++i) {
    ASSERT_EQ(StoredRows(rested.store, Hour(i)), StoredRows(site_.store, Hour(i))) << "hour " << i;
    ASSERT_EQ(StoredRows(site_.store, Hour(i)), ExpectedRows(world_, Hour(i), now)) << "hour " << i;
  }
}

TEST_F(FoldLeaderTest, WithoutACheckpointItJudgesOnlyWhatItHasWhole) {
  Rounds(0, 100);
  log_.Append({"n1", "n2"});
  ASSERT_TRUE(site_.Start().ok());
  const absl::Time now = Hour(100) + kGrace;
  ASSERT_TRUE(site_.Settle(now).ok());
  EXPECT_TRUE(StoredRows(site_.store, Hour(20)).empty()) << "final, and not read whole";
  // Hour 27 ends 72 h and 6 minutes ago: within the slack.
  for (int i = 27; i < 100; i += 9) ExpectStored(i, now);
  EXPECT_EQ(site_.leader->follower().counters().folded, 73U * world_.agents.size())
      << "and reads no more than that";
}

TEST_F(FoldLeaderTest, ACheckpointThatCannotBeReadIsMadeAgainFromTheLog) {
  Rounds(0, 3);
  log_.Append({"n1"});
  ASSERT_TRUE(site_.Start().ok());
  ASSERT_TRUE(site_.Settle(Hour(3) + kGrace).ok());
  ASSERT_TRUE(site_.leader->End(site_.held).ok());
  FoldCheckpoint damage;
  damage.windows[Hour(1)] = "\xff\xff";
  damage.windows[Hour(-1)] = "of another length";
  ASSERT_TRUE(site_.store.WriteFold(kFoldLease, site_.held, {.checkpoint = &damage}).ok());
  Rounds(3, 1);
  log_.Append({"n1"});
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(site_.Start().ok()) << "the second start has a checkpoint again";
    ASSERT_TRUE(site_.Settle(Hour(4) + kGrace).ok());
    for (int i = 0; i < 4; ++i) ExpectStored(i, Hour(4) + kGrace);
    const uint64_t folded = site_.leader->follower().counters().folded;
    EXPECT_EQ(folded, start == 0 ? world_.entries.size() : 0U);
    ASSERT_TRUE(site_.leader->End(site_.held).ok());
  }
}

TEST_F(FoldLeaderTest, CrashesAndAStoreInDoubtLoseNothingAndCountNothingTwice) {
  for (int run = 0; run < 4; ++run) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const int from = run * 12;
    site_.store.before = [&] {
      return random() % 4 == 0 ? absl::UnavailableError("not written") : absl::OkStatus();
    };
    site_.store.after = [&] {
      return random() % 4 == 0 ? absl::AbortedError("written, or not") : absl::OkStatus();
    };
    FoldLeaderOptions options = FoldSite::Options();
    options.checkpoint.records = 1 + random() % 20;
    options.follow.page_records = 1 + random() % 8;
    options.follow.poll_records_max = 1 + random() % 16;
    for (int i = from; i < from + 12; ++i) {
      Rounds(i, 1);
      if (i > 3) LateRound(random() % 6, i - static_cast<int>(random() % 4), kGrace);
      log_.Append({"n1", "n2", "n3"});
      if (site_.leader == nullptr || random() % 3 == 0) {
        ASSERT_TRUE(site_.Start(options).ok());
      }
      for (int turn = 0; turn < 4; ++turn) {
        site_.clock.Advance(absl::Milliseconds(random() % 3000));
        (void)site_.leader->Turn(Hour(i) + kGrace, site_.held);
        if (random() % 10 == 0) {
          ASSERT_TRUE(site_.Start(options).ok());
        }
      }
    }
    site_.store.before = site_.store.after = [] { return absl::OkStatus(); };
    const absl::Time now = Hour(from + 12) + kGrace;
    ASSERT_TRUE(site_.Settle(now).ok());
    // Those that can still change; what is older was compared in the run before.
    for (int i = std::max(0, from - 4); i < from + 12; ++i) ExpectStored(i, now);
    if (HasFailure()) return;
  }
}

TEST_F(FoldLeaderTest, SomebodyElsesTermEndsIt) {
  Rounds(0, 1);
  log_.Append({"n1"});
  ASSERT_TRUE(site_.Start().ok());
  ASSERT_TRUE(*site_.store.MoveLease(kFoldLease, site_.held, {"n2", site_.held.term + 1, 0}));
  EXPECT_TRUE(absl::IsFailedPrecondition(site_.leader->Turn(Hour(1) + kGrace, site_.held)));
  EXPECT_TRUE(StoredRows(site_.store, Hour(0)).empty());
  EXPECT_TRUE(absl::IsFailedPrecondition(site_.leader->End(site_.held)));
}

TEST_F(FoldLeaderTest, TheNewestWindowComesFirstAndThenTheOldest) {
  Rounds(0, 6);
  log_.Append({"n1"});
  FoldLeaderOptions options = FoldSite::Options();
  options.publish.work_max = absl::ZeroDuration();  // one window a turn
  ASSERT_TRUE(site_.Start(options).ok());
  const absl::Time now = Hour(6) + kGrace;
  const auto turn = [&] {
    // Late batches without end for the newest, and for one in the middle.
    LateRound(0, 5, absl::Minutes(5));
    LateRound(1, 3, absl::Minutes(5));
    log_.Append({"n1"});
    site_.clock.Advance(absl::Milliseconds(400));
    ASSERT_TRUE(site_.leader->Turn(now, site_.held).ok());
  };
  for (int i = 0; i < 12; ++i) turn();
  site_.store.windows_written.resize(7);
  EXPECT_THAT(site_.store.windows_written,
              ElementsAre(Hour(5), Hour(0), Hour(1), Hour(5), Hour(2), Hour(3), Hour(5)))
      << "hour 5 once in a second, and none waits for ever";
  for (int i = 0; i < 6; ++i) turn();
  EXPECT_FALSE(StoredRows(site_.store, Hour(4)).empty());
}

TEST_F(FoldLeaderTest, DaysAreDroppedWhenTheyAreOldAndFinal) {
  Rounds(0, 24 * 5);
  log_.Append({"n1"});
  FoldLeaderOptions options = FoldSite::Options();
  options.keep_log = kHour;
  ASSERT_TRUE(site_.Start(options).ok());
  // The first day ends at 24 h and is final 72 h and the slack later.
  ASSERT_TRUE(site_.Settle(Hour(96)).ok());
  const int64_t first = absl::ToUnixSeconds(kTestNow) / 86400;
  EXPECT_LE(*site_.store.FirstDay(), first);
  site_.clock.Advance(kHour);
  ASSERT_TRUE(site_.Settle(Hour(97)).ok());
  EXPECT_EQ(*site_.store.FirstDay(), first + 1);
  EXPECT_EQ(site_.store.log().front().round_time, Hour(24));
  // A fold that starts anew finds the gap and knows why.
  ASSERT_TRUE(site_.Start(options).ok());
  EXPECT_TRUE(site_.Settle(Hour(97)).ok());
  ExpectStored(40, Hour(200));
}

TEST_F(FoldLeaderTest, CheckpointsTakeATenthOfTheTimeAtMost) {
  ASSERT_TRUE(site_.Start().ok());
  site_.store.before = [&] {
    site_.clock.Advance(absl::Seconds(3));
    return absl::OkStatus();
  };
  const auto minute = [&](int i) {
    Rounds(0, 1);
    log_.Append({"n1"});
    for (int second = 0; second < 60; ++second) {
      site_.clock.Advance(absl::Seconds(1));
      ASSERT_TRUE(site_.leader->Turn(Hour(0) + absl::Minutes(i), site_.held).ok());
    }
  };
  for (int i = 1; i <= 10; ++i) minute(i);
  EXPECT_GE(site_.store.checkpoints, 10);
  EXPECT_LE(site_.store.checkpoints * 30, 600 + 33);
}

}  // namespace
}  // namespace sightline
