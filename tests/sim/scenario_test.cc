#include "collector/replay/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_replace.h"
#include "common/files.h"
#include "tests/sim/small_world.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const absl::Time kStart = absl::FromUnixSeconds(1'711'929'600);  // 2024-04-01 00:00 UTC

// The first example of the format's document.
std::string Example() {
  const std::string page = *SystemFiles().Read(SIGHTLINE_SIM "/README.md");
  const std::string begin = "```toml\n";
  const size_t from = page.find(begin) + begin.size();
  return page.substr(from, page.find("```", from) - from);
}

TEST(ScenarioTest, TheExampleOfTheDocumentHasEveryKindOfTable) {
  const Scenario scenario = Parsed(Example());
  EXPECT_EQ(scenario.start, kStart);
  EXPECT_EQ(scenario.windows, 96);
  EXPECT_EQ(scenario.targets.size(), 6U);
  EXPECT_EQ(scenario.policies.size(), 1U);
  EXPECT_EQ(scenario.policies[0].period.from, kStart + absl::Hours(24));
  EXPECT_EQ(scenario.policies[0].ramp, absl::Hours(6));
  EXPECT_THAT(scenario.policies[0].area.networks, ElementsAre(4134, 4837));
  EXPECT_EQ(scenario.vpn.size(), 1U);
  EXPECT_EQ(scenario.liars.size(), 1U);
  EXPECT_EQ(scenario.sybils.size(), 1U);
  EXPECT_EQ(scenario.outages.size(), 1U);
  EXPECT_EQ(scenario.late.size(), 1U);
  EXPECT_EQ(scenario.versions.size(), 1U);
  EXPECT_EQ(scenario.expectations.size(), 4U);
  EXPECT_EQ(scenario.expectations[3].service, v1::SERVICE_STATE_UP);
  EXPECT_THAT(scenario.expectations[3].states.at("*"),
              ElementsAre(v1::ACCESS_STATE_OPEN, v1::ACCESS_STATE_PARTIAL));
}

TEST(ScenarioTest, EveryFileOfTheFolderIsOne) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SIGHTLINE_SIM)) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    const absl::StatusOr<Scenario> scenario = ReadScenario(entry.path().string());
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    EXPECT_EQ(scenario->name, entry.path().stem().string());
    EXPECT_FALSE(scenario->expectations.empty()) << scenario->name;
  }
  EXPECT_GE(files, 19);
}

TEST(ScenarioTest, TimesAreLengthsSinceTheStartOrDates) {
  const Scenario scenario = Parsed(SmallWorld(R"(
[[policy]]
target = "whatsapp"
open = 1
from = "1h 30m"
until = 2024-04-01T12:00:00+02:00
)"));
  EXPECT_EQ(scenario.policies[0].period.from, kStart + absl::Minutes(90));
  EXPECT_EQ(scenario.policies[0].period.until, kStart + absl::Hours(10));
}

TEST(ScenarioTest, AnExpectationOnSeveralTargetsIsOneOnEach) {
  const Scenario scenario = Parsed(SmallWorld(R"(
[[expect]]
target = ["whatsapp", "wechat"]
scope = ["NOWHERE", "UNDETERMINED"]
regions = ["CN-SH", "CN-BJ"]
)"));
  ASSERT_EQ(scenario.expectations.size(), 2U);
  EXPECT_EQ(scenario.expectations[1].target_id, "wechat");
  EXPECT_EQ(scenario.expectations[1].line, 28);
  EXPECT_THAT(scenario.expectations[1].scopes,
              ElementsAre(v1::SCOPE_NOWHERE, v1::SCOPE_UNDETERMINED));
  EXPECT_THAT(*scenario.expectations[1].regions, ElementsAre("CN-BJ", "CN-SH"));
}

// Lines are counted from the start of SmallWorld(); what is added begins in line 27.
struct Refusal {
  const char* name;
  const char* from;  // replaced in the small world; empty: `to` is added
  const char* to;
  const char* message;
};

class ScenarioRefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(ScenarioRefusalTest, NamesFileLineAndWhatToWrite) {
  const Refusal& refusal = GetParam();
  std::string toml = SmallWorld();
  if (*refusal.from == '\0') {
    toml += refusal.to;
  } else {
    ASSERT_THAT(toml, HasSubstr(refusal.from));
    toml = absl::StrReplaceAll(toml, {{refusal.from, refusal.to}});
  }
  const absl::StatusOr<Scenario> scenario = ParseScenario(toml, "test.toml");
  ASSERT_TRUE(absl::IsInvalidArgument(scenario.status())) << scenario.status();
  EXPECT_THAT(std::string(scenario.status().message()), HasSubstr(refusal.message));
}

INSTANTIATE_TEST_SUITE_P(
    Each, ScenarioRefusalTest,
    testing::Values(
        Refusal{"NoToml", "days = 1", "days =", "test.toml:3: no TOML"},
        Refusal{"NoName", "name = \"small\"\n", "", "name: is missing; write a name"},
        Refusal{"UnknownKey", "days = 1", "days = 1\nhours = 3",
                "test.toml:4: hours: is no key of this table; known are"},
        Refusal{"UnknownKeyOfATable", "", "[[vpn]]\nshare = 0.1\nvisibel = 1\n",
                "test.toml:29: [[vpn]] visibel: is no key of this table; known are networks, "
                "regions, share, visible"},
        Refusal{"ShareAboveOne", "", "[[vpn]]\nshare = 1.5\n",
                "test.toml:28: [[vpn]] share: must be a share, a number from 0 to 1"},
        Refusal{"SharesDoNotSumToOne", "share = 0.4", "share = 0.5", "these sum to 1.1"},
        Refusal{"StrangeRegion", "", "[[late]]\nregions = \"CN-XX\"\nfrom = \"1h\"\nuntil = \"2h\"",
                "test.toml:28: [[late]] regions: \"CN-XX\" is no region of [country]; those are "
                "CN-BJ, CN-SH"},
        Refusal{"StrangeNetwork", "", "[[policy]]\ntarget = \"whatsapp\"\nopen = 1\nnetworks = 7\n",
                "test.toml:30: [[policy]] networks: 7 is no asn of a [[network]]"},
        Refusal{"StrangeTarget", "", "[[policy]]\ntarget = \"telegram\"\nopen = 1\n",
                "\"telegram\" is no id of a [[target]]"},
        Refusal{"RegionOfAnotherCountry", "\"CN-SH\"]", "\"IR-07\"]",
                "\"IR-07\" must begin with the country's code"},
        Refusal{"EmptyPeriod", "",
                "[[policy]]\ntarget = \"whatsapp\"\nopen = 1\nfrom = \"5h\"\nuntil = \"5h\"\n",
                "test.toml:31: [[policy]] until: the period is empty"},
        Refusal{"NoLength", "", "[[policy]]\ntarget = \"whatsapp\"\nopen = 1\nramp = \"soon\"\n",
                "must be a length of time such as \"4h\""},
        Refusal{"NoWord", "", "[[liars]]\nshare = 0.1\nsays = \"maybe\"\n",
                "\"maybe\" is not known; write one of random, open, blocked, opposite"},
        Refusal{"NoScope", "", "[[expect]]\ntarget = \"whatsapp\"\nscope = \"EVERYWHERE\"\n",
                "\"EVERYWHERE\" is not known; write one of NOWHERE, ISOLATED"},
        Refusal{"NoTargetOfAnOutage", "", "[[outage]]\nkind = \"service\"\n",
                "belongs to an outage of kind \"service\", and only to that"},
        Refusal{"TwoPopulations", "per_cell = 5", "per_cell = 5\ntotal = 9",
                "write either per_cell or per_region or total"},
        Refusal{"TargetTwice", "id = \"youtube\"", "id = \"facebook\"", "id: is there twice"},
        Refusal{"WindowThatDividesNoDay", "days = 1", "days = 1\nwindow = \"7h\"",
                "test.toml:4: window: must be at least 1m and divide a day evenly"},
        Refusal{"StartWithinAWindow", "start = 2024-04-01", "start = 2024-04-01T00:30:00Z",
                "must be the start of a window"},
        Refusal{"TooMuch", "days = 1", "days = 1000\nwindow = \"1m\"\nrounds_per_window = 60",
                "test.toml:3: days: this makes 2074 million batches"}),
    [](const testing::TestParamInfo<Refusal>& param) { return param.param.name; });

}  // namespace
}  // namespace sightline
