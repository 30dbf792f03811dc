// A scenario that takes a second: two regions, two networks, a day of whatever is wanted.
#ifndef SIGHTLINE_TESTS_SIM_SMALL_WORLD_H_
#define SIGHTLINE_TESTS_SIM_SMALL_WORLD_H_

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "collector/replay/scenario.h"

namespace sightline {

// 2 regions, 2 networks, 5 agents each, 24 windows, and what `more` says.
inline std::string SmallWorld(absl::string_view more = "") {
  return absl::StrCat(R"(name = "small"
start = 2024-04-01
days = 1
[country]
code = "CN"
regions = ["CN-BJ", "CN-SH"]
[[network]]
asn = 4134
share = 0.6
[[network]]
asn = 4837
share = 0.4
[agents]
per_cell = 5
[[target]]
id = "whatsapp"
[[target]]
id = "facebook"
kind = "canary"
[[target]]
id = "youtube"
kind = "canary"
[[target]]
id = "wechat"
kind = "domestic_anchor"
[[target]]
id = "weibo"
kind = "domestic_anchor"
)",
                      more);
}

inline Scenario Parsed(absl::string_view toml) {
  absl::StatusOr<Scenario> scenario = ParseScenario(toml, "test.toml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.ok() ? *std::move(scenario) : Scenario();
}

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_SIM_SMALL_WORLD_H_
