#include "collector/replay/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/sim/small_world.h"

namespace sightline {
namespace {

using testing::ElementsAre;

// Share of the volunteers that report `target` as open in a window.
double ShareOpen(const World& world, size_t target, int window) {
  int open = 0;
  int rounds = 0;
  for (const Resident& who : world.residents()) {
    const std::optional<RoundSeen> seen = world.Look(who, window, 0);
    if (who.control || !seen) continue;
    ++rounds;
    if (seen->open[target]) ++open;
  }
  return rounds == 0 ? -1 : static_cast<double>(open) / rounds;
}

Scenario Large(absl::string_view more) {
  Scenario scenario = Parsed(SmallWorld(more));
  scenario.population.per_cell = 250;
  return scenario;
}

TEST(WorldTest, AgentsAreSpreadOverRegionsAndNetworks) {
  Scenario scenario = Parsed(SmallWorld());
  scenario.population.per_cell = 0;
  scenario.population.total = 31;
  const World world(scenario, 1);
  std::map<std::pair<std::string, uint32_t>, int> counts;
  std::set<std::string> prefixes;
  for (const Resident& who : world.residents()) {
    ++counts[{who.region, who.asn}];
    prefixes.insert(who.prefix);
    const absl::Duration age = scenario.start - who.enroll_time;
    EXPECT_GE(age, scenario.population.age_min);
    EXPECT_LE(age, scenario.population.age_max + absl::Minutes(1));
  }
  EXPECT_EQ((counts[{"CN-BJ", 4134}]), 10);
  EXPECT_EQ((counts[{"CN-BJ", 4837}]), 6);
  EXPECT_EQ((counts[{"CN-SH", 4134}]), 9);
  EXPECT_EQ((counts[{"CN-SH", 4837}]), 6);
  EXPECT_EQ((counts[{"DE", 3320}]), 4);
  EXPECT_EQ(prefixes.size(), 35U) << "a /24 each";
}

TEST(WorldTest, WhoIsOpenIsDrawnOnceAndByTheSeed) {
  const Scenario scenario = Large("[[policy]]\ntarget = \"whatsapp\"\nopen = 0.6\n");
  const World one(scenario, 1);
  const World other(scenario, 2);
  EXPECT_NEAR(ShareOpen(one, 0, 3), 0.6, 0.06);
  int differ = 0;
  for (const Resident& who : one.residents()) {
    EXPECT_EQ(one.Look(who, 3, 0)->open, one.Look(who, 17, 0)->open);
    const Resident& same = other.residents()[who.number];
    EXPECT_NE(who.agent_id, same.agent_id);
    if (one.Look(who, 3, 0)->open != other.Look(same, 3, 0)->open) ++differ;
  }
  EXPECT_GT(differ, 300);
}

TEST(WorldTest, ARampTakesMoreAndNeverLets) {
  const Scenario scenario =
      Large("[[policy]]\ntarget = \"whatsapp\"\nopen = 0.8\nramp = \"20h\"\n");
  const World world(scenario, 3);
  EXPECT_NEAR(ShareOpen(world, 0, 5), 0.2, 0.06);
  EXPECT_NEAR(ShareOpen(world, 0, 23), 0.8, 0.06);
  for (const Resident& who : world.residents()) {
    if (world.Look(who, 5, 0)->open[0]) {
      EXPECT_TRUE(world.Look(who, 20, 0)->open[0]);
    }
  }
}

TEST(WorldTest, VpnUsersReachCanariesAndSomeShowIt) {
  const Scenario scenario = Large("[[vpn]]\nshare = 0.2\nregions = \"CN-BJ\"\nvisible = 0.5\n");
  const World world(scenario, 4);
  int vpn = 0;
  int tunnels = 0;
  for (const Resident& who : world.residents()) {
    const RoundSeen seen = *world.Look(who, 0, 0);
    if (!who.control) {
      EXPECT_EQ(seen.open[1], who.vpn);
      EXPECT_TRUE(seen.open[3]) << "anchors are open for all";
    }
    if (!who.vpn) continue;
    ++vpn;
    EXPECT_EQ(who.region, "CN-BJ");
    if (seen.vantage.egress() == v1::EGRESS_TUN) ++tunnels;
  }
  EXPECT_NEAR(vpn, 100, 30);
  EXPECT_NEAR(tunnels, vpn / 2, 25);
}

TEST(WorldTest, LiarsLieAsTheyAreTold) {
  const auto share = [](const char* says, size_t target, const char* on) {
    const Scenario scenario =
        Large(absl::StrCat("[[liars]]\nshare = 0.3\nsays = \"", says, "\"\nfrom = \"2h\"\n", on));
    const World world(scenario, 5);
    EXPECT_EQ(ShareOpen(world, 0, 1), 0) << "not before";
    return ShareOpen(world, target, 2);
  };
  EXPECT_NEAR(share("open", 0, "target = \"whatsapp\"\n"), 0.3, 0.06);
  EXPECT_EQ(share("open", 1, "target = \"whatsapp\"\n"), 0);
  EXPECT_NEAR(share("random", 0, ""), 0.15, 0.05);
  EXPECT_NEAR(share("random", 3, ""), 0.85, 0.05);
  EXPECT_NEAR(share("opposite", 3, ""), 0.7, 0.06);
  EXPECT_NEAR(share("blocked", 3, ""), 0.7, 0.06);
}

TEST(WorldTest, SybilsJoinLaterInFewAddressBlocks) {
  const Scenario scenario = Parsed(
      SmallWorld("[[sybils]]\ncount = 40\nprefixes = 3\nregion = \"CN-SH\"\nsays = \"open\"\n"
                 "target = \"whatsapp\"\nfrom = \"6h\"\n"));
  const World world(scenario, 6);
  std::set<std::string> prefixes;
  int count = 0;
  for (const Resident& who : world.residents()) {
    if (who.sybils == nullptr) continue;
    ++count;
    prefixes.insert(who.prefix);
    EXPECT_EQ(who.enroll_time, scenario.start + absl::Hours(6));
    EXPECT_FALSE(world.Look(who, 5, 0).has_value());
    EXPECT_THAT(world.Look(who, 6, 0)->open, ElementsAre(true, false, false, true, true));
  }
  EXPECT_EQ(count, 40);
  EXPECT_EQ(prefixes.size(), 3U);
}

TEST(WorldTest, EachOutageTakesWhatItShould) {
  const auto outage = [](const char* kind) {
    return Parsed(SmallWorld(absl::StrCat("[[outage]]\nkind = \"", kind,
                                          "\"\nregions = \"CN-BJ\"\nfrom = \"2h\"\nuntil = "
                                          "\"4h\"\n")));
  };
  const auto look = [](const Scenario& scenario, const char* region) {
    const World world(scenario, 7);
    for (const Resident& who : world.residents()) {
      if (who.region == region) return world.Look(who, 2, 0);
    }
    return std::optional<RoundSeen>();
  };
  const std::vector<bool> nothing(5, false);
  EXPECT_THAT(look(outage("anchors"), "CN-BJ")->open, nothing);
  EXPECT_THAT(look(outage("anchors"), "CN-SH")->open, ElementsAre(false, false, false, true, true));
  const std::optional<RoundSeen> cut = look(outage("lines"), "CN-BJ");
  EXPECT_THAT(cut->open, nothing);
  EXPECT_GE(cut->receive_time - cut->round_time, absl::Minutes(60)) << "submitted afterwards";
  EXPECT_FALSE(look(outage("silence"), "CN-BJ").has_value());
  EXPECT_TRUE(look(outage("silence"), "CN-SH").has_value());
  EXPECT_FALSE(look(outage("controls"), "DE").has_value());
  EXPECT_TRUE(look(outage("controls"), "CN-BJ").has_value());
  const Scenario down = Parsed(SmallWorld("[[outage]]\nkind = \"service\"\ntarget = \"wechat\"\n"));
  EXPECT_FALSE(look(down, "DE")->open[3]);
  EXPECT_FALSE(look(down, "CN-SH")->open[3]);
  EXPECT_TRUE(look(down, "CN-SH")->open[4]);
}

TEST(WorldTest, LateBatchesArriveWhenTheirTimeIsOver) {
  const Scenario scenario = Large("[[late]]\nshare = 0.5\nfrom = \"2h\"\nuntil = \"8h\"\n");
  const World world(scenario, 8);
  int late = 0;
  for (const Resident& who : world.residents()) {
    const RoundSeen seen = *world.Look(who, 3, 0);
    const absl::Time end = scenario.start + absl::Hours(4);
    if (seen.receive_time < end) continue;
    ++late;
    EXPECT_FALSE(who.control);
    EXPECT_GE(seen.receive_time, scenario.start + absl::Hours(8));
    EXPECT_LT(seen.receive_time, scenario.start + absl::Hours(9));
    EXPECT_LT(world.Look(who, 8, 0)->receive_time, scenario.start + absl::Hours(9));
  }
  EXPECT_NEAR(late, 500, 60);
}

TEST(WorldTest, AVersionFailsOnItsTargetsAndNoOther) {
  const Scenario scenario =
      Large("[[version]]\nname = \"0.2.0\"\nshare = 0.25\nbroken = \"wechat\"\nfrom = \"5h\"\n");
  const World world(scenario, 9);
  int upgraded = 0;
  for (const Resident& who : world.residents()) {
    EXPECT_EQ(world.Look(who, 4, 0)->agent_version, "0.1.0");
    const RoundSeen seen = *world.Look(who, 5, 0);
    const bool has_it = seen.agent_version == "0.2.0";
    EXPECT_EQ(seen.open[3], !has_it);
    EXPECT_TRUE(seen.open[4]);
    if (has_it) ++upgraded;
  }
  EXPECT_NEAR(upgraded, 251, 55);
}

TEST(WorldTest, RoundsLieWithinTheirWindowAndArriveBeforeItsEnd) {
  Scenario scenario = Parsed(SmallWorld());
  scenario.rounds_per_window = 4;
  const World world(scenario, 10);
  for (const Resident& who : world.residents()) {
    absl::Time before = scenario.start;
    for (int window = 0; window < 5; ++window) {
      const absl::Time start = scenario.start + window * absl::Hours(1);
      for (int round = 0; round < 4; ++round) {
        const RoundSeen seen = *world.Look(who, window, round);
        EXPECT_GT(seen.round_time, before);
        EXPECT_GT(seen.round_time, start + world.grace());
        EXPECT_LT(seen.receive_time, start + absl::Hours(1));
        before = seen.round_time;
      }
    }
  }
}

}  // namespace
}  // namespace sightline
