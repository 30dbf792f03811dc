#include "collector/verdict/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "common/message.h"
#include "tests/collector/verdict/world.h"

namespace sightline {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

bool InTwoCities(const TestAgent& agent) {
  return agent.registry.region == "CN-BJ" || agent.registry.region == "CN-SH";
}

v1::GetSummaryResponse SixCities(const Sight& sight) {
  World world;
  world.JoinSixCities();
  world.Round(kTestNow + absl::Minutes(1), sight);
  return world.Summary();
}

TEST(VerdictTest, TheTwoCities) {
  const auto summary = SixCities(OpenWhere("whatsapp", InTwoCities));
  const v1::TargetVerdict& whatsapp = VerdictOn(summary, "whatsapp");
  EXPECT_EQ(whatsapp.scope(), v1::SCOPE_LOCAL);
  EXPECT_EQ(whatsapp.service_state(), v1::SERVICE_STATE_UP);
  EXPECT_THAT(whatsapp.open_regions(), ElementsAre("CN-BJ", "CN-SH"));
  EXPECT_THAT(whatsapp.open_networks(), IsEmpty());
  EXPECT_EQ(whatsapp.regions_size(), 6);
  EXPECT_THAT(
      whatsapp.reasons(),
      ElementsAre(
          "Open in 2 of 6 regions (Beijing Shi, Shanghai Shi) on both networks; blocked in 4.",
          "16 of 48 origins reach it.",
          "8 more origins would be needed to reverse this for Beijing Shi; no region takes "
          "fewer.",
          "instagram and signal are blocked on the same paths.",
          "Where blocked, it fails first at dns (dns_bogon_error).",
          "Controls outside reach it (3 of 3 controls)."));
  const v1::RegionAccess& beijing = RegionOf(whatsapp, "CN-BJ");
  EXPECT_EQ(beijing.access().state(), v1::ACCESS_STATE_OPEN);
  EXPECT_EQ(beijing.access().buckets_open(), 8U);
  EXPECT_EQ(beijing.networks_size(), 2);
  EXPECT_EQ(VerdictOn(summary, "signal").scope(), v1::SCOPE_NOWHERE);
  EXPECT_EQ(VerdictOn(summary, "instagram").scope(), v1::SCOPE_NOWHERE);
  EXPECT_EQ(VerdictOn(summary, "wechat").scope(), v1::SCOPE_WIDESPREAD);
  EXPECT_EQ(VerdictOn(summary, "weibo").scope(), v1::SCOPE_WIDESPREAD);
  EXPECT_EQ(summary.ruleset_version(), "2");
}

TEST(VerdictTest, OpenEverywhereAndOpenByNetwork) {
  const auto all = SixCities(OpenWhere("whatsapp", [](const TestAgent&) { return true; }));
  EXPECT_EQ(VerdictOn(all, "whatsapp").scope(), v1::SCOPE_WIDESPREAD);
  const auto one =
      SixCities(OpenWhere("whatsapp", [](const TestAgent& a) { return a.asn == 4134; }));
  const v1::TargetVerdict& whatsapp = VerdictOn(one, "whatsapp");
  EXPECT_EQ(whatsapp.scope(), v1::SCOPE_BY_NETWORK);
  EXPECT_THAT(whatsapp.open_networks(), ElementsAre(4134));
  EXPECT_EQ(whatsapp.networks_size(), 2);
  EXPECT_EQ(whatsapp.networks(0).access().state(), v1::ACCESS_STATE_OPEN);
  EXPECT_EQ(whatsapp.networks(1).access().state(), v1::ACCESS_STATE_BLOCKED);
  EXPECT_EQ(whatsapp.reasons(0),
            "Open by network, not by region: through AS4134; blocked through AS4837.");
}

TEST(VerdictTest, OneNetworkOfOneCityIsIsolated) {
  const auto summary = SixCities(OpenWhere("whatsapp", [](const TestAgent& agent) {
    return agent.asn == 4837 && agent.registry.region == "CN-SC";
  }));
  EXPECT_EQ(VerdictOn(summary, "whatsapp").scope(), v1::SCOPE_ISOLATED);
  EXPECT_EQ(VerdictOn(summary, "whatsapp").reasons(0),
            "Open only through AS4837 in Sichuan Sheng; blocked elsewhere.");
}

TEST(VerdictTest, ServiceDownIsNotBlocked) {
  const auto summary = SixCities([](const TestAgent& agent, const std::string& target) {
    return target == "whatsapp" ? Outcome::kBlocked : NormalSight(agent, target);
  });
  const v1::TargetVerdict& whatsapp = VerdictOn(summary, "whatsapp");
  EXPECT_EQ(whatsapp.service_state(), v1::SERVICE_STATE_DOWN);
  EXPECT_EQ(whatsapp.scope(), v1::SCOPE_UNDETERMINED);
  for (const v1::RegionAccess& region : whatsapp.regions()) {
    EXPECT_EQ(region.access().state(), v1::ACCESS_STATE_DOWN);
    EXPECT_EQ(region.access().buckets_blocked(), 0U);
  }
  EXPECT_THAT(whatsapp.reasons(), Contains(HasSubstr("The service itself seems to be down")));
  EXPECT_EQ(VerdictOn(summary, "signal").scope(), v1::SCOPE_NOWHERE);
}

TEST(VerdictTest, ACitysOwnOutageIsUnknownNotBlocked) {
  const auto summary = SixCities([](const TestAgent& agent, const std::string& target) {
    if (agent.registry.region == "CN-GD") return Outcome::kBlocked;
    return OpenWhere("whatsapp", InTwoCities)(agent, target);
  });
  const v1::TargetVerdict& whatsapp = VerdictOn(summary, "whatsapp");
  EXPECT_EQ(RegionOf(whatsapp, "CN-GD").access().state(), v1::ACCESS_STATE_UNKNOWN);
  EXPECT_EQ(whatsapp.scope(), v1::SCOPE_LOCAL);
  EXPECT_EQ(
      whatsapp.reasons(0),
      "Open in 2 of 6 regions (Beijing Shi, Shanghai Shi) on both networks; blocked in 3; not "
      "known in 1.");
  EXPECT_THAT(whatsapp.reasons(), Contains(HasSubstr("8 agents did not count, because their own")));
  EXPECT_EQ(VerdictOn(summary, "wechat").scope(), v1::SCOPE_WIDESPREAD);
}

TEST(VerdictTest, WithoutControlsNothingIsCalledBlocked) {
  World world;
  world.JoinSixCities();
  world.agents.resize(48);
  world.Round(kTestNow, OpenWhere("whatsapp", InTwoCities));
  const auto summary = world.Summary();
  EXPECT_EQ(VerdictOn(summary, "whatsapp").scope(), v1::SCOPE_UNDETERMINED);
  EXPECT_EQ(VerdictOn(summary, "whatsapp").service_state(), v1::SERVICE_STATE_UNKNOWN);
  EXPECT_EQ(RegionOf(VerdictOn(summary, "whatsapp"), "CN-GD").access().state(),
            v1::ACCESS_STATE_UNKNOWN);
  EXPECT_EQ(VerdictOn(summary, "wechat").scope(), v1::SCOPE_WIDESPREAD) << "success proves itself";
}

TEST(VerdictTest, ControlsThatAreContradictedInsideSayNothing) {
  const auto summary = SixCities([](const TestAgent& agent, const std::string& target) {
    if (target != "weibo") return NormalSight(agent, target);
    const bool outside = agent.registry.role == v1::AGENT_ROLE_CONTROL;
    return outside ? Outcome::kBlocked : Outcome::kOpen;
  });
  EXPECT_EQ(VerdictOn(summary, "weibo").scope(), v1::SCOPE_WIDESPREAD);
  EXPECT_EQ(VerdictOn(summary, "weibo").service_state(), v1::SERVICE_STATE_UNKNOWN);
}

TEST(VerdictTest, ACrowdSeenAbroadOrInOneBucketChangesNothing) {
  World world;
  world.JoinSixCities();
  const std::string bucket = world.agents.front().bucket;
  for (int i = 0; i < 300; ++i) {
    TestAgent& abroad = world.Join("CN-GD", 9009);
    abroad.country = "NL";
    TestAgent& crowd = world.Join("CN-BJ", 4134);
    crowd.bucket = bucket;
    crowd.registry.enroll_time = kTestNow;
  }
  world.Round(kTestNow, OpenWhere("whatsapp", [](const TestAgent& agent) {
                return agent.country == "NL" || agent.registry.enroll_time == kTestNow;
              }));
  const auto summary = world.Summary();
  const v1::TargetVerdict& whatsapp = VerdictOn(summary, "whatsapp");
  EXPECT_EQ(whatsapp.scope(), v1::SCOPE_NOWHERE);
  EXPECT_EQ(RegionOf(whatsapp, "CN-BJ").access().buckets_blocked(), 8U);
  EXPECT_THAT(whatsapp.reasons(), Contains(HasSubstr("300 agents did not count")));
}

TEST(VerdictTest, ASilentWindowIsUnknown) {
  const auto summary = World().Summary();
  EXPECT_EQ(summary.verdicts_size(), 6);
  for (const v1::TargetVerdict& verdict : summary.verdicts()) {
    EXPECT_EQ(verdict.scope(), v1::SCOPE_UNDETERMINED);
    EXPECT_EQ(verdict.regions_size(), 6);
    for (const v1::RegionAccess& region : verdict.regions()) {
      EXPECT_EQ(region.access().state(), v1::ACCESS_STATE_UNKNOWN);
    }
  }
}

TEST(VerdictTest, EverythingIsOrdered) {
  const auto summary = SixCities(NormalSight);
  const auto sorted = [](const auto& list, auto key) {
    return std::is_sorted(list.begin(), list.end(),
                          [&](const auto& a, const auto& b) { return key(a) < key(b); });
  };
  EXPECT_TRUE(sorted(summary.verdicts(), [](const auto& v) { return v.target_id(); }));
  for (const v1::TargetVerdict& verdict : summary.verdicts()) {
    EXPECT_TRUE(sorted(verdict.regions(), [](const auto& r) { return r.region(); }));
    EXPECT_TRUE(sorted(verdict.networks(), [](const auto& n) { return n.asn(); }));
  }
}

// Random worlds: the same records in any order give the same bytes, and no published number is
// under four, directly or by subtraction.
TEST(VerdictTest, IsPureAndNeverShowsFewerThanFourOrigins) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto small = [](uint64_t n) { return n > 0 && n < 4; };
  const auto count = [](const v1::Access& access) -> uint64_t {
    return access.buckets_open() + access.buckets_blocked();
  };
  for (int round = 0; round < 40; ++round) {
    World world;
    world.Join("DE", 3320, v1::AGENT_ROLE_CONTROL);
    const auto& regions = world.plan.countries(0).regions();
    for (uint32_t i = random() % 60; i > 0; --i) {
      world.Join(regions.Get(static_cast<int>(random() % 6)), random() % 4);
    }
    world.Round(kTestNow,
                OpenWhere("whatsapp", [&](const TestAgent&) { return random() % 3 == 0; }));
    const auto summary = world.Summary();
    std::shuffle(world.entries.begin(), world.entries.end(), random);
    ASSERT_EQ(world.Summary().SerializeAsString(), summary.SerializeAsString());
    for (const v1::TargetVerdict& verdict : summary.verdicts()) {
      std::map<uint32_t, uint64_t> listed;
      for (const v1::RegionAccess& region : verdict.regions()) {
        uint64_t rest = count(region.access());
        ASSERT_FALSE(small(rest));
        for (const v1::NetworkAccess& network : region.networks()) {
          ASSERT_FALSE(small(count(network.access())));
          rest -= count(network.access());
          listed[network.asn()] += count(network.access());
        }
        ASSERT_FALSE(region.networks_size() > 0 && small(rest)) << region.ShortDebugString();
      }
      for (const v1::NetworkAccess& network : verdict.networks()) {
        ASSERT_FALSE(small(count(network.access())));
        ASSERT_FALSE(small(count(network.access()) - listed[network.asn()]));
      }
    }
  }
}

}  // namespace
}  // namespace sightline
