// What becomes of votes whose agents are behind a VPN, lie, or run a broken program.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "collector/verdict/cells.h"
#include "collector/verdict/tally.h"
#include "collector/verdict/verdict.h"
#include "tests/collector/verdict/world.h"

namespace sightline {
namespace {

const char* const kCanaries[] = {"facebook", "google", "x", "youtube"};

v1::Plan PlanWithCanaries() {
  v1::Plan plan = SixCityPlan();
  for (const char* canary : kCanaries) {
    AddTarget(plan, canary, v1::TARGET_KIND_CANARY, "www.example.com");
  }
  return plan;
}

bool IsCanary(const std::string& target_id) {
  return std::find(std::begin(kCanaries), std::end(kCanaries), target_id) != std::end(kCanaries);
}

// Agents that see of "whatsapp" what `whatsapp` says, and of the contrasts what `kind` says.
struct Town : World {
  enum class Kind { kHonest, kVpn, kLiar, kSly };  // a sly one lies on whatsapp only
  struct Person {
    Kind kind = Kind::kHonest;
    Outcome whatsapp = Outcome::kBlocked;
  };

  Town() : World(PlanWithCanaries()) {
    for (int i = 0; i < 3; ++i) Join("DE", 3320, v1::AGENT_ROLE_CONTROL);
  }

  TestAgent& Add(const std::string& region, uint32_t asn, Person person) {
    TestAgent& agent = Join(region, asn);
    persons[agent.registry.agent_id] = person;
    return agent;
  }

  Outcome See(const TestAgent& agent, const std::string& target_id) {
    const auto found = persons.find(agent.registry.agent_id);
    if (found == persons.end()) return Outcome::kOpen;  // a control
    const Person& person = found->second;
    if (person.kind == Kind::kLiar) return random() % 2 == 0 ? Outcome::kOpen : Outcome::kBlocked;
    if (target_id == "whatsapp") return person.whatsapp;
    if (person.kind == Kind::kVpn) return Outcome::kOpen;
    return IsCanary(target_id) ? Outcome::kBlocked : NormalSight(agent, target_id);
  }

  void Round(absl::Time time = kTestNow) {
    World::Round(time, [this](const TestAgent& agent, const std::string& target_id) {
      return See(agent, target_id);
    });
  }

  TargetTally Tally(const std::string& target_id = "whatsapp") const {
    const Fold fold = FoldOf(entries, plan);
    return TallyTarget(MakeRoster(*fold.Find(kTestNow), plan, "CN"), target_id);
  }

  std::map<std::string, Person> persons;  // by agent_id
  std::mt19937 random{1};
};

using Kind = Town::Kind;

TEST(TallyTrustTest, WhoeverIsBehindAVpnDoesNotVote) {
  Town town;
  for (int i = 0; i < 6; ++i) town.Add("CN-BJ", 4134, {});
  for (int i = 0; i < 4; ++i) town.Add("CN-BJ", 4134, {Kind::kVpn, Outcome::kOpen});
  town.Add("CN-SH", 4134, {Kind::kVpn, Outcome::kOpen});
  town.Round();
  const TargetTally tally = town.Tally();
  const Evidence& cell = tally.cells.at({"CN-BJ", 4134});
  EXPECT_EQ(cell.votes.buckets, 6U);
  EXPECT_EQ(cell.buckets_open, 0U);
  EXPECT_EQ(cell.buckets_bypassing, 4U);
  EXPECT_EQ(cell.buckets_suspected, 0U);
  EXPECT_EQ(tally.without_vote.at(Ruling::kBypassing), 5U);
  const Evidence& lone = tally.cells.at({"CN-SH", 4134});
  EXPECT_EQ(lone.votes.buckets, 0U);
  EXPECT_EQ(lone.buckets_bypassing, 1U);
  EXPECT_DOUBLE_EQ(lone.votes.weight, 0);
}

TEST(TallyTrustTest, ABucketWithAnHonestAgentVotesWithThatOne) {
  Town town;
  const std::string bucket = town.Add("CN-BJ", 4134, {}).bucket;
  town.Add("CN-BJ", 4134, {Kind::kVpn, Outcome::kOpen}).bucket = bucket;
  for (int i = 0; i < 5; ++i) town.Add("CN-BJ", 4134, {});
  town.Round();
  const Evidence cell = town.Tally().cells.at({"CN-BJ", 4134});
  EXPECT_EQ(cell.votes.buckets, 6U);
  EXPECT_EQ(cell.buckets_open, 0U);
  EXPECT_EQ(cell.buckets_bypassing, 0U);
}

TEST(TallyTrustTest, ASuspectedBucketHardlyWeighsAndIsCounted) {
  Town town;
  for (int i = 0; i < 6; ++i) town.Add("CN-BJ", 4134, {});
  for (int i = 0; i < 2; ++i) town.Add("CN-BJ", 4134, {Kind::kLiar});
  for (int round = 0; round < 6; ++round) town.Round(kTestNow + round * absl::Minutes(9));
  const Evidence cell = town.Tally().cells.at({"CN-BJ", 4134});
  EXPECT_EQ(cell.votes.buckets, 8U);
  EXPECT_EQ(cell.buckets_suspected, 2U);
  EXPECT_GT(cell.votes.weight, 5.9);
  EXPECT_LT(cell.votes.weight, 6.1);
  EXPECT_LT(cell.votes.weight_open, 0.1);
}

TEST(TallyTrustTest, ABucketIsSuspectedWhenAllOfItsVotersAre) {
  for (const bool liar_first : {true, false}) {
    Town town;
    const Kind kinds[] = {Kind::kHonest, Kind::kLiar};
    const std::string bucket = town.Add("CN-BJ", 4134, {kinds[liar_first ? 1 : 0]}).bucket;
    town.Add("CN-BJ", 4134, {kinds[liar_first ? 0 : 1]}).bucket = bucket;
    for (int i = 0; i < 6; ++i) town.Add("CN-BJ", 4134, {});
    for (int round = 0; round < 6; ++round) town.Round(kTestNow + round * absl::Minutes(9));
    const Evidence cell = town.Tally().cells.at({"CN-BJ", 4134});
    EXPECT_EQ(cell.votes.buckets, 7U);
    EXPECT_EQ(cell.buckets_suspected, 0U);
    EXPECT_GT(cell.votes.weight, 6.9);
  }
}

TEST(TallyTrustTest, AThousandSybilsInOneBucketAreOneVote) {
  Town town;
  for (int i = 0; i < 30; ++i) town.Add("CN-BJ", 4134, {});
  const std::string bucket = town.agents.back().bucket + "!";
  for (int i = 0; i < 1000; ++i) {
    // Some answer the contrasts like honest agents, most as if canaries were open.
    const Kind kind = i % 20 == 0 ? Kind::kSly : Kind::kVpn;
    TestAgent& sybil = town.Add("CN-BJ", 4134, {kind, Outcome::kOpen});
    sybil.bucket = bucket;
    sybil.vantage.set_agent_version("invented");
  }
  town.Round();
  const TargetTally tally = town.Tally();
  const Evidence& cell = tally.cells.at({"CN-BJ", 4134});
  EXPECT_EQ(cell.votes.buckets, 31U);
  EXPECT_EQ(cell.buckets_open, 1U);
  EXPECT_EQ(cell.buckets_suspected, 0U);
  EXPECT_LE(cell.votes.weight_open, 1);
  EXPECT_GT(cell.votes.weight, 30 * 0.99);
  EXPECT_TRUE(tally.instrument_bugs.empty());
}

TEST(TallyTrustTest, ACanaryThatIsDownEverywhereIsNoContrast) {
  Town town;
  for (int i = 0; i < 6; ++i) town.Add("CN-BJ", 4134, {});
  const auto round = [&](bool abroad_up) {
    town.entries.clear();
    town.World::Round(kTestNow, [&](const TestAgent& agent, const std::string& target_id) {
      if (target_id == "example") {
        const bool control = agent.registry.role == v1::AGENT_ROLE_CONTROL;
        return control && abroad_up ? Outcome::kOpen : Outcome::kBlocked;
      }
      return town.See(agent, target_id);
    });
    return town.Tally().cells.at({"CN-BJ", 4134}).votes.weight;
  };
  const double without = round(false);
  const double with = round(true);
  EXPECT_LT(with, without) << "all of them fail on an anchor that works";
  EXPECT_GT(without, 5.99);
}

// One more honest agent that reaches the target, as old as the others, must count for it.
TEST(TallyTrustTest, AnHonestVoteMoreForOpenNeverMakesItLessOpen) {
  for (unsigned seed = 101; seed <= 160; ++seed) {
    std::mt19937 random(seed);
    Town town;
    const uint32_t people = 1 + random() % 25;
    for (uint32_t i = 0; i < people; ++i) {
      const uint32_t dice = random() % 10;
      const Kind kind = dice < 2 ? Kind::kVpn : dice < 4 ? Kind::kLiar : Kind::kHonest;
      const Outcome whatsapp = random() % 2 == 0 ? Outcome::kOpen : Outcome::kBlocked;
      town.Add("CN-BJ", 4134, {kind, whatsapp});
    }
    town.Round();
    const TargetTally before = town.Tally();
    town.Add("CN-BJ", 4134, {Kind::kHonest, Outcome::kOpen});
    town.World::Round(town.agents.back(), kTestNow, [&](const auto& agent, const auto& target_id) {
      return town.See(agent, target_id);
    });
    const VoteSums after = town.Tally().cells.at({"CN-BJ", 4134}).votes;
    const auto cell = before.cells.find({"CN-BJ", 4134});
    const VoteSums was = cell == before.cells.end() ? VoteSums() : cell->second.votes;
    ASSERT_GE(after.weight_open, was.weight_open) << "seed " << seed;
    if (was.weight > 0) {
      ASSERT_GE(after.weight_open / after.weight, was.weight_open / was.weight - 1e-9)
          << "seed " << seed;
    }
  }
}

TEST(TallyTrustTest, NeitherOrderNorArrivalChangesAByte) {
  Town town;
  for (int i = 0; i < 40; ++i) {
    const Kind kind = i % 5 == 0 ? Kind::kVpn : i % 7 == 0 ? Kind::kLiar : Kind::kHonest;
    TestAgent& agent = town.Add(i % 2 == 0 ? "CN-BJ" : "CN-SH", 4134 + static_cast<uint32_t>(i % 3),
                                {kind, i % 4 == 0 ? Outcome::kOpen : Outcome::kBlocked});
    agent.vantage.set_agent_version(i % 6 == 0 ? "0.2.0" : "0.1.0");
    if (i % 9 == 0) agent.vantage.set_egress(v1::EGRESS_TUN);
    agent.registry.enroll_time -= i * kHour;
  }
  for (int round = 0; round < 3; ++round) town.Round(kTestNow + round * absl::Minutes(15));
  const auto bytes = [&](const std::vector<Entry>& entries) {
    const Fold fold = FoldOf(entries, town.plan);
    const Judgement judgement =
        JudgeWithTallies(*fold.Find(kTestNow), town.plan, "CN", TestNames());
    std::string all = judgement.summary.SerializeAsString();
    for (const TargetTally& tally : judgement.tallies) all += SerializeCells(tally);
    return all;
  };
  const std::string reference = bytes(town.entries);
  std::mt19937 random(7);
  for (int i = 0; i < 10; ++i) {
    std::shuffle(town.entries.begin(), town.entries.end(), random);
    ASSERT_TRUE(bytes(town.entries) == reference) << i;
  }
}

// A version that fails on whatsapp, in two regions where whatsapp is open.
struct BrokenTown : Town {
  BrokenTown(int sound, int broken) {
    for (const char* region : {"CN-BJ", "CN-SH"}) {
      for (int i = 0; i < sound + broken; ++i) {
        const bool fails = i >= sound;
        TestAgent& agent =
            Add(region, 4134, {Kind::kHonest, fails ? Outcome::kBlocked : Outcome::kOpen});
        agent.vantage.set_agent_version(fails ? "0.2.0" : "0.1.0");
      }
    }
    Round();
  }
};

TEST(TallyTrustTest, AnInstrumentBugInAMinorityVersionIsLeftOut) {
  const BrokenTown town(8, 4);
  const TargetTally tally = town.Tally();
  ASSERT_EQ(tally.instrument_bugs.size(), 1U);
  EXPECT_EQ(tally.instrument_bugs[0].agent_version, "0.2.0");
  EXPECT_EQ(tally.instrument_bugs[0].buckets, 8U);
  EXPECT_FALSE(tally.instrument_bugs[0].disputed);
  EXPECT_EQ(tally.without_vote.at(Ruling::kInstrumentBug), 8U);
  for (const auto& [place, cell] : tally.cells) {
    EXPECT_EQ(cell.votes.buckets, 8U);
    EXPECT_EQ(cell.buckets_blocked, 0U);
    EXPECT_EQ(cell.buckets_bypassing, 0U);
  }
  EXPECT_TRUE(town.Tally("wechat").instrument_bugs.empty()) << "of another target";
  const v1::TargetVerdict verdict = VerdictOn(town.Summary(), "whatsapp");
  EXPECT_EQ(std::count(verdict.reasons().begin(), verdict.reasons().end(),
                       "8 agents did not count, because their version of the program fails where "
                       "other versions do not."),
            1);
}

TEST(TallyTrustTest, WhoDoesNotVoteDoesNotMakeAVersionLookSoundOrBroken) {
  BrokenTown broken(8, 4);
  Town sound;
  for (const char* region : {"CN-BJ", "CN-SH"}) {
    for (int i = 0; i < 3; ++i) {
      TestAgent& agent = broken.Add(region, 4134, {Kind::kVpn, Outcome::kOpen});
      agent.vantage.set_agent_version("0.2.0");
    }
    for (int i = 0; i < 18; ++i) {
      const bool vpn = i >= 10;
      TestAgent& agent =
          sound.Add(region, 4134,
                    {vpn ? Kind::kVpn : Kind::kHonest, vpn ? Outcome::kOpen : Outcome::kBlocked});
      agent.vantage.set_agent_version(vpn ? "0.2.0" : "0.1.0");
    }
  }
  broken.entries.clear();
  broken.Round();
  EXPECT_EQ(broken.Tally().instrument_bugs.size(), 1U);
  sound.Round();
  EXPECT_TRUE(sound.Tally().instrument_bugs.empty());
}

TEST(TallyTrustTest, AnInstrumentBugInTheMajorityIsDisputedAndNothingIsLeftOut) {
  const BrokenTown town(4, 8);
  const TargetTally tally = town.Tally();
  ASSERT_EQ(tally.instrument_bugs.size(), 1U);
  EXPECT_TRUE(tally.instrument_bugs[0].disputed);
  EXPECT_FALSE(tally.without_vote.contains(Ruling::kInstrumentBug));
  EXPECT_EQ(tally.cells.at({"CN-BJ", 4134}).votes.buckets, 12U);
}

TEST(TallyTrustTest, ControlsOfTheBrokenVersionSettleItAndCountNoMore) {
  BrokenTown town(4, 8);
  for (int i = 0; i < 4; ++i) {
    TestAgent& control = town.Join("FR", 3215, v1::AGENT_ROLE_CONTROL);
    control.vantage.set_agent_version("0.2.0");
    town.World::Round(control, kTestNow, [](const TestAgent&, const std::string& target_id) {
      return target_id == "whatsapp" ? Outcome::kBlocked : Outcome::kOpen;
    });
  }
  const TargetTally tally = town.Tally();
  ASSERT_EQ(tally.instrument_bugs.size(), 1U);
  EXPECT_FALSE(tally.instrument_bugs[0].disputed);
  EXPECT_EQ(tally.outside, Contrast::kReached) << "four of seven controls have the bug";
  EXPECT_EQ(tally.controls_decided, 3U);
  EXPECT_EQ(tally.cells.at({"CN-BJ", 4134}).buckets_blocked, 0U);
}

TEST(TallyTrustTest, CellsComeBackFromTheirBytes) {
  BrokenTown town(8, 4);
  town.Add("CN-GD", 4837, {Kind::kVpn, Outcome::kOpen});
  town.World::Round(town.agents.back(), kTestNow,
                    [](const TestAgent&, const std::string&) { return Outcome::kOpen; });
  const TargetTally tally = town.Tally();
  const absl::StatusOr<internal::v1::Cells> cells = ParseCells(SerializeCells(tally));
  ASSERT_TRUE(cells.ok()) << cells.status();
  ASSERT_EQ(cells->cells_size(), 3);
  EXPECT_EQ(cells->cells(0).region(), "CN-BJ");
  EXPECT_EQ(cells->cells(0).buckets(), 8U);
  EXPECT_DOUBLE_EQ(cells->cells(0).weight(), tally.cells.at({"CN-BJ", 4134}).votes.weight);
  EXPECT_EQ(cells->cells(1).region(), "CN-GD");
  EXPECT_EQ(cells->cells(1).buckets(), 0U);
  EXPECT_EQ(cells->cells(1).buckets_bypassing(), 1U);
  ASSERT_EQ(cells->instrument_bugs_size(), 1);
  EXPECT_EQ(cells->instrument_bugs(0).agent_version(), "0.2.0");
  EXPECT_EQ(cells->instrument_bugs(0).buckets(), 8U);
  EXPECT_TRUE(absl::IsDataLoss(ParseCells("\xff").status()));
}

}  // namespace
}  // namespace sightline
