#include "agent/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/common/test_plan.h"

namespace sightline::agent {
namespace {

constexpr absl::Duration kInterval = absl::Minutes(10);

TEST(ScheduleTest, FirstRoundStartsWithinAMinute) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    const absl::Time start = Schedule(kInterval, 0.2, kTestNow, random).Next(kTestNow);
    EXPECT_GE(start, kTestNow);
    EXPECT_LE(start, kTestNow + absl::Minutes(1));
  }
}

TEST(ScheduleTest, FirstRoundsOfManyAgentsAreSpreadOut) {
  int early = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const absl::Time start = Schedule(absl::Seconds(4), 0.2, kTestNow, random).Next(kTestNow);
    early += start < kTestNow + absl::Seconds(2);
  }
  EXPECT_GT(early, 60);
  EXPECT_LT(early, 140);
}

TEST(ScheduleTest, RoundsKeepTheirDistanceWithinTheJitter) {
  std::mt19937_64 random(7);
  Schedule schedule(kInterval, 0.2, kTestNow, random);
  absl::Time previous = schedule.Next(kTestNow);
  const absl::Time first = previous;
  for (int i = 1; i <= 1000; ++i) {
    const absl::Time next = schedule.Next(previous);
    EXPECT_GE(next - previous, kInterval * 0.6 - absl::Seconds(1));
    EXPECT_LE(next - previous, kInterval * 1.4 + absl::Seconds(1));
    // The jitter does not add up.
    EXPECT_LE(absl::AbsDuration(next - (first + kInterval * i)), kInterval * 0.2);
    previous = next;
  }
}

TEST(ScheduleTest, MissedRoundsAreSkippedNotMadeUpFor) {
  std::mt19937_64 random(7);
  Schedule schedule(kInterval, 0.2, kTestNow, random);
  schedule.Next(kTestNow);
  const absl::Time awake = kTestNow + absl::Hours(9);
  const absl::Time next = schedule.Next(awake);
  EXPECT_GE(next, awake);
  EXPECT_LE(next, awake + kInterval * 1.2);
  EXPECT_GE(schedule.Next(next) - next, kInterval * 0.6);
}

TEST(ScheduleTest, ClockSetBackDoesNotStopTheRounds) {
  std::mt19937_64 random(7);
  Schedule schedule(kInterval, 0.2, kTestNow, random);
  schedule.Next(kTestNow);
  const absl::Time past = kTestNow - absl::Hours(24 * 365);
  EXPECT_LE(schedule.Next(past) - past, kInterval * 2.5);
}

TEST(ScheduleTest, ChangedPlanCountsFromTheRoundThatStartsNow) {
  std::mt19937_64 random(7);
  Schedule schedule(kInterval, 0.2, kTestNow, random);
  schedule.Next(kTestNow);
  schedule.Change(absl::Seconds(10), 0, kTestNow);
  EXPECT_EQ(schedule.Next(kTestNow), kTestNow + absl::Seconds(10));
}

TEST(ScheduleTest, ShuffleKeepsEveryCheckAndChangesTheOrder) {
  const v1::Plan plan = TestPlan();
  std::mt19937_64 random(7);
  const auto once = ShuffledChecks(plan, v1::AGENT_ROLE_VOLUNTEER, random);
  EXPECT_EQ(once.size(), 5u);
  bool differs = false;
  for (int i = 0; i < 20; ++i) {
    const auto again = ShuffledChecks(plan, v1::AGENT_ROLE_VOLUNTEER, random);
    EXPECT_THAT(again, ::testing::UnorderedElementsAreArray(once));
    differs = differs || again != once;
  }
  EXPECT_TRUE(differs);
}

TEST(ScheduleTest, OnlyControlsLookIntoStores) {
  v1::Plan plan = TestPlan();
  plan.add_storefronts()->mutable_check()->set_check_id("whatsapp-app-store");
  std::mt19937_64 random(7);
  EXPECT_EQ(ShuffledChecks(plan, v1::AGENT_ROLE_VOLUNTEER, random).size(), 5u);
  EXPECT_EQ(ShuffledChecks(plan, v1::AGENT_ROLE_UNSPECIFIED, random).size(), 5u);
  EXPECT_THAT(ShuffledChecks(plan, v1::AGENT_ROLE_CONTROL, random),
              ::testing::Contains(&plan.storefronts(0).check()));
}

}  // namespace
}  // namespace sightline::agent
