#include "collector/replay/truth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/small_world.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// What is true of WhatsApp in hour 5, when `policy` holds from then on.
Truth After(absl::string_view policy) {
  const Scenario scenario = Parsed(
      SmallWorld(absl::StrCat("[[policy]]\ntarget = \"whatsapp\"\nfrom = \"5h\"\n", policy, "\n")));
  const Truth before = TruthAt(scenario, "whatsapp", scenario.start + absl::Hours(4));
  EXPECT_EQ(before.scope, v1::SCOPE_NOWHERE);
  return TruthAt(scenario, "whatsapp", scenario.start + absl::Hours(5));
}

TEST(TruthTest, AnOpenRegionIsLocal) {
  const Truth truth = After("open = 0.6\nregions = \"CN-BJ\"");
  EXPECT_EQ(truth.scope, v1::SCOPE_LOCAL);
  EXPECT_THAT(truth.open_regions, ElementsAre("CN-BJ"));
  EXPECT_DOUBLE_EQ(truth.rate.at("CN-BJ"), 0.6);
  EXPECT_DOUBLE_EQ(truth.rate.at("CN-SH"), 0);
}

TEST(TruthTest, AnOpenNetworkIsByNetwork) {
  const Truth truth = After("open = 1\nnetworks = 4837");
  EXPECT_EQ(truth.scope, v1::SCOPE_BY_NETWORK);
  EXPECT_THAT(truth.open_networks, ElementsAre(4837));
  EXPECT_DOUBLE_EQ(truth.rate.at("CN-BJ"), 0.4);
}

TEST(TruthTest, OneCellIsIsolatedAndAllAreWidespread) {
  EXPECT_EQ(After("open = 1\nnetworks = 4837\nregions = \"CN-BJ\"").scope, v1::SCOPE_ISOLATED);
  const Truth everywhere = After("open = 0.5");
  EXPECT_EQ(everywhere.scope, v1::SCOPE_WIDESPREAD);
  EXPECT_THAT(everywhere.open_networks, IsEmpty());
}

TEST(TruthTest, CellsThatAreNoRowAndNoColumnAreMixed) {
  const Truth truth = After(
      "open = 1\nregions = \"CN-BJ\"\nnetworks = 4837\n[[policy]]\ntarget = \"whatsapp\"\n"
      "from = \"5h\"\nopen = 1\nregions = \"CN-SH\"\nnetworks = 4134");
  EXPECT_EQ(truth.scope, v1::SCOPE_MIXED);
  EXPECT_THAT(truth.open_regions, ElementsAre("CN-BJ", "CN-SH"));
}

TEST(TruthTest, AFewUsersAreNotCalledOpen) {
  EXPECT_EQ(After("open = 0.39").scope, v1::SCOPE_NOWHERE);
  EXPECT_EQ(After("open = 0.4").scope, v1::SCOPE_WIDESPREAD);
}

TEST(TruthTest, ARampGoesInAStraightLineAndTheLastPolicyCounts) {
  const Scenario scenario = Parsed(SmallWorld(R"(
[[policy]]
target = "whatsapp"
from = "4h"
open = 0.8
ramp = "8h"
[[policy]]
target = "whatsapp"
from = "20h"
open = 0.1
)"));
  const auto share = [&](int hours) {
    return ShareOpen(scenario, scenario.targets[0], "CN-BJ", 4134,
                     scenario.start + absl::Hours(hours));
  };
  EXPECT_DOUBLE_EQ(share(3), 0);
  EXPECT_DOUBLE_EQ(share(8), 0.4);
  EXPECT_DOUBLE_EQ(share(13), 0.8);
  EXPECT_DOUBLE_EQ(share(20), 0.1);
}

TEST(TruthTest, AServiceThatIsDownIsUndetermined) {
  const Scenario scenario = Parsed(SmallWorld(
      "[[outage]]\nkind = \"service\"\ntarget = \"wechat\"\nfrom = \"2h\"\nuntil = \"3h\"\n"));
  EXPECT_EQ(TruthAt(scenario, "wechat", scenario.start).scope, v1::SCOPE_WIDESPREAD);
  const Truth down = TruthAt(scenario, "wechat", scenario.start + absl::Hours(2));
  EXPECT_TRUE(down.service_down);
  EXPECT_EQ(down.scope, v1::SCOPE_UNDETERMINED);
}

TEST(TruthTest, AnExpectationOverridesThePolicies) {
  const Scenario scenario = Parsed(SmallWorld(R"(
[[expect]]
target = "whatsapp"
from = "2h"
until = "4h"
scope = "LOCAL"
regions = "CN-SH"
[[expect]]
target = "whatsapp"
from = "4h"
scope = ["UNDETERMINED", "NOWHERE"]
)"));
  const auto at = [&](int hours) {
    return TruthAt(scenario, "whatsapp", scenario.start + absl::Hours(hours));
  };
  EXPECT_EQ(at(1).scope, v1::SCOPE_NOWHERE);
  EXPECT_EQ(at(2).scope, v1::SCOPE_LOCAL);
  EXPECT_THAT(at(2).open_regions, ElementsAre("CN-SH"));
  EXPECT_EQ(at(5).scope, v1::SCOPE_NOWHERE) << "it is one of those expected";
}

}  // namespace
}  // namespace sightline
