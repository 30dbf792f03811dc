#include "collector/verdict/tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/verdict/world.h"

namespace sightline {
namespace {

TargetTally TallyOf(const World& world, const std::string& target_id) {
  const Fold fold = FoldOf(world.entries, world.plan);
  const Window* window = fold.Find(kTestNow);
  if (window == nullptr) return {};
  return TallyTarget(MakeRoster(*window, world.plan, "CN"), target_id);
}

TEST(TallyTest, AgeWeighsUpToFourteenDaysAndRelativeToTheOldest) {
  const absl::Duration day = absl::Hours(24);
  EXPECT_DOUBLE_EQ(AgeWeight(14 * day, 100 * day), 1);
  EXPECT_DOUBLE_EQ(AgeWeight(7 * day, 100 * day), 0.5);
  EXPECT_DOUBLE_EQ(AgeWeight(50 * day, 100 * day), 1);
  EXPECT_DOUBLE_EQ(AgeWeight(2 * day, 4 * day), 0.5) << "young network";
  EXPECT_DOUBLE_EQ(AgeWeight(absl::Seconds(1), absl::Hours(5)), 1) << "first day";
  EXPECT_DOUBLE_EQ(AgeWeight(-absl::Seconds(1), 100 * day), 0) << "enrolled after the window";
}

TEST(TallyTest, ABucketVotesOnceHoweverManyAgentsItHas) {
  World world;
  world.Join("DE", 3320, v1::AGENT_ROLE_CONTROL);
  const std::string bucket = world.Join("CN-BJ", 4134).bucket;
  for (int i = 0; i < 99; ++i) world.Join("CN-BJ", 4134).bucket = bucket;
  world.Round(kTestNow, NormalSight);
  const TargetTally tally = TallyOf(world, "whatsapp");
  ASSERT_EQ(tally.cells.size(), 1U);
  const Evidence& cell = tally.cells.at({"CN-BJ", 4134});
  EXPECT_EQ(cell.votes.buckets, 1U);
  EXPECT_DOUBLE_EQ(cell.votes.weight, 1);
  EXPECT_EQ(cell.buckets_blocked, 1U);
}

TEST(TallyTest, NewAgentsInABucketCannotOutvoteTheOldOne) {
  World world;
  world.Join("DE", 3320, v1::AGENT_ROLE_CONTROL);
  const std::string honest = world.Join("CN-BJ", 4134).bucket;
  for (int i = 0; i < 100; ++i) {
    TestAgent& sybil = world.Join("CN-BJ", 4134);
    sybil.bucket = honest;
    sybil.registry.enroll_time = kTestNow;
  }
  world.Round(kTestNow, OpenWhere("whatsapp", [](const TestAgent& agent) {
                return agent.registry.enroll_time == kTestNow;
              }));
  const Evidence cell = TallyOf(world, "whatsapp").cells.at({"CN-BJ", 4134});
  EXPECT_DOUBLE_EQ(cell.votes.weight, 1);
  EXPECT_LT(cell.votes.weight_open, 0.25);
  EXPECT_EQ(cell.buckets_blocked, 1U);
}

TEST(TallyTest, ABucketVotesInTheRegionOfItsFirstAgent) {
  World world;
  const std::string bucket = world.Join("CN-SH", 4134).bucket;
  TestAgent& late = world.Join("CN-BJ", 4134);
  late.bucket = bucket;
  late.registry.enroll_time += absl::Hours(1);
  world.Round(kTestNow, NormalSight);
  const TargetTally tally = TallyOf(world, "wechat");
  EXPECT_EQ(tally.cells.size(), 1U);
  EXPECT_TRUE(tally.cells.contains({"CN-SH", 4134}));
  EXPECT_EQ(tally.without_vote.at(Ruling::kRegionConflict), 1U);
}

TEST(TallyTest, AnAgentSeenInAnotherCountryDoesNotVote) {
  World world;
  world.Join("CN-BJ", 4134).country = "US";
  world.Join("CN-BJ", 4134).country = "";
  world.Round(kTestNow, NormalSight);
  const TargetTally tally = TallyOf(world, "wechat");
  EXPECT_EQ(tally.without_vote.at(Ruling::kCountryMismatch), 1U);
  EXPECT_EQ(tally.cells.at({"CN-BJ", 4134}).votes.buckets, 1U) << "unknown is not different";
}

TEST(TallyTest, RoundsFromElsewhereAreLeftOutAndTheMainOriginVotes) {
  World world;
  TestAgent& agent = world.Join("CN-BJ", 4134);
  world.Round(agent, kTestNow, NormalSight);
  world.Round(agent, kTestNow + absl::Minutes(10), NormalSight);
  agent.asn = 4837;
  world.Round(agent, kTestNow + absl::Minutes(20), NormalSight);
  agent.country = "US";
  for (int i = 3; i < 6; ++i) {
    world.Round(agent, kTestNow + i * absl::Minutes(9), NormalSight);
  }
  const TargetTally tally = TallyOf(world, "wechat");
  EXPECT_EQ(tally.cells.size(), 1U);
  EXPECT_TRUE(tally.cells.contains({"CN-BJ", 4134}));
}

TEST(TallyTest, ControlsInsideOrOutOfLineAreNoControls) {
  World world;
  world.Join("DE", 3320, v1::AGENT_ROLE_CONTROL).country = "CN";
  world.Join("CN-BJ", 4134, v1::AGENT_ROLE_CONTROL);
  TestAgent& cut_off = world.Join("FR", 3215, v1::AGENT_ROLE_CONTROL);
  world.Round(kTestNow, [&](const TestAgent&, const std::string&) { return Outcome::kBlocked; });
  EXPECT_EQ(cut_off.registry.region, "FR");
  const TargetTally tally = TallyOf(world, "whatsapp");
  EXPECT_EQ(tally.outside, Contrast::kUnknown);
  EXPECT_EQ(tally.controls_decided, 0U);
}

TEST(TallyTest, HalfOfTheControlsThatDecidedAreEnough) {
  World world;
  const std::string liar = world.Join("DE", 3320, v1::AGENT_ROLE_CONTROL).bucket;
  world.Join("FR", 3215, v1::AGENT_ROLE_CONTROL);
  world.Round(kTestNow, [&](const TestAgent& agent, const std::string& target) {
    return agent.bucket == liar && target == "whatsapp" ? Outcome::kBlocked : Outcome::kOpen;
  });
  const TargetTally tally = TallyOf(world, "whatsapp");
  EXPECT_EQ(tally.outside, Contrast::kReached);
  EXPECT_EQ(tally.controls_reached, 1U);
  EXPECT_EQ(tally.controls_decided, 2U);
}

TEST(TallyTest, AVoteIsTheShareOfDecidedRounds) {
  World world;
  TestAgent& agent = world.Join("CN-BJ", 4134);
  const auto see = [&](int minute, Outcome outcome) {
    world.Round(agent, kTestNow + absl::Minutes(minute),
                [=](const TestAgent& a, const std::string& target) {
                  return target == "whatsapp" ? outcome : NormalSight(a, target);
                });
  };
  see(0, Outcome::kOpen);
  see(10, Outcome::kBlocked);
  see(20, Outcome::kBlocked);
  see(30, Outcome::kBlocked);
  see(40, Outcome::kDown);
  see(50, Outcome::kUndecided);
  world.Round(agent, kTestNow + absl::Minutes(55),
              [](const TestAgent&, const std::string&) { return Outcome::kBlocked; });  // outage
  const Evidence cell = TallyOf(world, "whatsapp").cells.at({"CN-BJ", 4134});
  EXPECT_DOUBLE_EQ(cell.votes.weight_open, 0.25);
  EXPECT_DOUBLE_EQ(cell.causes.at({"dns", "dns_bogon_error"}), 0.75);
}

TEST(TallyTest, ReasonsForNoVoteAreCounted) {
  World world;
  const std::string out = world.Join("CN-BJ", 4134).bucket;
  const std::string lone = world.Join("CN-BJ", 4134).bucket;
  const std::string down = world.Join("CN-BJ", 4134).bucket;
  world.Join("CN-BJ", 4134);
  world.Join("CN-XX", 4134);
  world.Round(kTestNow, [&](const TestAgent& agent, const std::string& target) {
    if (agent.bucket == out) return Outcome::kBlocked;
    if (agent.bucket == lone) return target == "whatsapp" ? Outcome::kOpen : Outcome::kUntested;
    if (agent.bucket == down && target == "whatsapp") return Outcome::kDown;
    return NormalSight(agent, target);
  });
  const TargetTally tally = TallyOf(world, "whatsapp");
  EXPECT_THAT(
      tally.without_vote,
      testing::ElementsAre(std::pair(Ruling::kServiceDown, 1U), std::pair(Ruling::kNoControl, 1U),
                           std::pair(Ruling::kOwnOutage, 1U), std::pair(Ruling::kNoAnchor, 1U),
                           std::pair(Ruling::kRegionNotListed, 1U)));
}

}  // namespace
}  // namespace sightline
