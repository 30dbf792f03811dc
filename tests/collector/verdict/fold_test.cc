#include "collector/verdict/fold.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/collector/verdict/world.h"

namespace sightline {
namespace {

constexpr absl::Duration kMinute = absl::Minutes(1);

TEST(FoldTest, WindowsAreMultiplesOfTheirLengthSinceTheEpoch) {
  const Fold fold(kHour, kRetain);
  EXPECT_EQ(fold.WindowStart(kTestNow), kTestNow);
  EXPECT_EQ(fold.WindowStart(kTestNow + 59 * kMinute), kTestNow);
  EXPECT_EQ(fold.WindowStart(kTestNow - absl::Milliseconds(1)), kTestNow - kHour);
  EXPECT_EQ(fold.WindowStart(absl::UnixEpoch() - kMinute), absl::UnixEpoch() - kHour);
}

TEST(FoldTest, LatestCompleteWaitsForTheGrace) {
  const Fold fold(kHour, kRetain);
  EXPECT_EQ(fold.LatestComplete(kTestNow + 64 * kMinute, 5 * kMinute), kTestNow - kHour);
  EXPECT_EQ(fold.LatestComplete(kTestNow + 65 * kMinute, 5 * kMinute), kTestNow);
}

TEST(FoldTest, OrderAndNodeOfTheRecordsDoNotMatter) {
  World world;
  world.JoinSixCities(2);
  world.agents[3].bucket = world.agents[2].bucket;
  for (int round = 0; round < 8; ++round) {
    world.agents[5].country = round % 3 == 0 ? "US" : "CN";
    world.Round(kTestNow + round * absl::Minutes(20),
                OpenWhere("whatsapp", [&](const TestAgent& agent) {
                  return (agent.batches + agent.asn + static_cast<uint64_t>(round)) % 3 == 0;
                }));
  }
  const Fold reference = FoldOf(world.entries, world.plan);
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20; ++i) {
    std::vector<Entry> shuffled = world.entries;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    for (Entry& entry : shuffled) entry.record.node = random() % 2 == 0 ? "n1" : "n2";
    const Fold fold = FoldOf(shuffled, world.plan);
    for (int hour = 0; hour < 3; ++hour) {
      ASSERT_EQ(JudgeAt(fold, world.plan, kTestNow + hour * kHour).SerializeAsString(),
                JudgeAt(reference, world.plan, kTestNow + hour * kHour).SerializeAsString());
    }
  }
}

TEST(FoldTest, FactsOfTheVantageAreCountedAndTheFastestAndNewestKept) {
  World world;
  TestAgent& agent = world.Join("CN-BJ", 4134);
  const auto round = [&](int minute, const char* version, bool tunnel, uint32_t home,
                         uint32_t abroad) {
    world.Round(agent, kTestNow + minute * kMinute, NormalSight);
    v1::Vantage& vantage = *world.entries.back().batch.mutable_vantage();
    vantage.set_agent_version(version);
    vantage.set_egress(tunnel ? v1::EGRESS_TUN : v1::EGRESS_DIRECT);
    vantage.set_domestic_connect_us(home);
    vantage.set_foreign_connect_us(abroad);
  };
  round(0, "0.1.0", true, 9'000, 0);
  round(10, "0.2.0", false, 0, 0);
  round(20, "0.1.9", true, 7'000, 0);
  std::vector<Entry> entries = world.entries;
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.record.node_seq < b.record.node_seq; });
  do {
    const Fold fold = FoldOf(entries, world.plan);
    const VantageFacts& facts =
        fold.Find(kTestNow)->agents.begin()->second.origins.begin()->second.vantage;
    EXPECT_EQ(facts.agent_version, "0.2.0");
    EXPECT_EQ(facts.tunnel, 2U);
    EXPECT_EQ(facts.domestic_connect_us, 7'000U);
    EXPECT_EQ(facts.foreign_connect_us, 0U) << "none is not the fastest";
  } while (std::next_permutation(
      entries.begin(), entries.end(),
      [](const Entry& a, const Entry& b) { return a.record.node_seq < b.record.node_seq; }));
}

TEST(FoldTest, ALateBatchChangesItsOwnWindow) {
  World world;
  world.JoinSixCities();
  world.Round(kTestNow, NormalSight);
  world.Round(kTestNow + kHour, NormalSight);
  Fold fold = FoldOf(world.entries, world.plan);
  const auto blocked = [&](absl::Time start) {
    const auto summary = JudgeAt(fold, world.plan, start);
    return RegionOf(VerdictOn(summary, "whatsapp"), "CN-BJ").access().buckets_blocked();
  };
  TestAgent& late = world.Join("CN-BJ", 4134);
  world.Round(late, kTestNow, NormalSight);
  Entry entry = world.entries.back();
  entry.record.receive_time = kTestNow + absl::Hours(48);
  EXPECT_EQ(fold.Add(MakeRound(entry.record, entry.batch, &world.plan, entry.agent)),
            FoldOutcome::kFolded);
  EXPECT_EQ(blocked(kTestNow), 9U);
  EXPECT_EQ(blocked(kTestNow + kHour), 8U);
}

TEST(FoldTest, ForgottenWindowsStayForgotten) {
  World world;
  world.JoinSixCities(1);
  world.Round(kTestNow, NormalSight);
  world.Round(kTestNow + kHour, NormalSight);
  Fold fold = FoldOf(world.entries, world.plan);
  fold.Forget(kTestNow + kHour - kMinute);
  EXPECT_NE(fold.Find(kTestNow), nullptr) << "its end is not past";
  fold.Forget(kTestNow + kHour);
  EXPECT_EQ(fold.Find(kTestNow), nullptr);
  EXPECT_EQ(fold.Earliest(), kTestNow + kHour);
  fold.Forget(kTestNow);
  const Entry& old = world.entries.front();
  EXPECT_EQ(fold.Add(MakeRound(old.record, old.batch, &world.plan, old.agent)),
            FoldOutcome::kForgotten);
  EXPECT_EQ(fold.counters().forgotten, 1U);
}

TEST(FoldTest, WhatCarriesNoObservationIsCounted) {
  World world;
  world.Join("CN-BJ", 4134);
  world.Round(kTestNow, NormalSight);
  Entry entry = world.entries.front();
  Fold fold(kHour, kRetain);
  const RoundPlan* no_plan = nullptr;
  EXPECT_EQ(fold.Add(MakeRound(entry.record, entry.batch, no_plan, entry.agent)),
            FoldOutcome::kUnknownPlan);
  entry.record.receive_time = entry.record.round_time - absl::Minutes(11);
  EXPECT_EQ(fold.Add(MakeRound(entry.record, entry.batch, &world.plan, entry.agent)),
            FoldOutcome::kFromFuture);
  entry.record.receive_time = entry.record.round_time;
  entry.batch.mutable_tombstone()->set_first_seq(1);
  EXPECT_EQ(fold.Add(MakeRound(entry.record, entry.batch, &world.plan, entry.agent)),
            FoldOutcome::kTombstone);
  EXPECT_EQ(fold.Earliest(), std::nullopt);
  EXPECT_EQ(fold.counters().unknown_plan, 1U);
  EXPECT_EQ(fold.counters().from_future, 1U);
  EXPECT_EQ(fold.counters().tombstones, 1U);
  EXPECT_EQ(fold.counters().folded, 0U);
}

}  // namespace
}  // namespace sightline
