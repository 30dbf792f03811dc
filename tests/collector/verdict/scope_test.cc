#include "collector/verdict/scope.h"

#include <gtest/gtest.h>

#include <string>

#include "common/message.h"

namespace sightline {
namespace {

v1::AccessState StateOfLetter(char letter) {
  switch (letter) {
    case 'O':
      return v1::ACCESS_STATE_OPEN;
    case 'B':
      return v1::ACCESS_STATE_BLOCKED;
    case 'P':
      return v1::ACCESS_STATE_PARTIAL;
    default:
      return v1::ACCESS_STATE_UNKNOWN;
  }
}

// One word for a region: its state, then a state for each network from AS1 on; '-' is a network
// without a cell. "POB": partial, open through AS1, blocked through AS2. A silent region is "_".
std::vector<RegionState> Regions(const std::vector<std::string>& words) {
  std::vector<RegionState> regions;
  for (const std::string& word : words) {
    RegionState region;
    region.region = "R" + std::to_string(regions.size() + 1);
    region.heard = word[0] != '_';
    region.state = StateOfLetter(word[0]);
    for (uint32_t i = 1; i < word.size(); ++i) {
      if (word[i] != '-') region.networks.push_back({i, StateOfLetter(word[i])});
    }
    regions.push_back(region);
  }
  return regions;
}

struct ScopeCase {
  std::vector<std::string> regions;
  v1::Scope scope;
  const char* why;
};

TEST(ScopeTest, RulesOverRegionsAndNetworks) {
  const ScopeCase cases[] = {
      {{}, v1::SCOPE_UNDETERMINED, "no region at all"},
      {{"_", "_"}, v1::SCOPE_UNDETERMINED, "all silent"},
      {{"U", "U", "B"}, v1::SCOPE_UNDETERMINED, "one of three decided is not half"},
      {{"U", "B"}, v1::SCOPE_NOWHERE, "half is enough"},
      {{"B", "B", "_", "_", "_", "_"}, v1::SCOPE_NOWHERE, "silent regions decide nothing"},
      {{"BBB", "BBB", "BBB"}, v1::SCOPE_NOWHERE, "blocked everywhere"},
      {{"OOO", "OOO", "OOO"}, v1::SCOPE_WIDESPREAD, "open everywhere"},
      {{"O"}, v1::SCOPE_WIDESPREAD, "open wherever there is evidence"},
      {{"OOO", "OOO", "BBB", "BBB", "BBB", "BBB"}, v1::SCOPE_LOCAL, "the two cities"},
      {{"PPP", "PPP", "BBB", "BBB", "BBB", "BBB"}, v1::SCOPE_LOCAL, "the two cities, for some"},
      {{"OOO", "OOO", "U", "BBB", "BBB", "BBB"}, v1::SCOPE_LOCAL, "one unknown region"},
      {{"OOO", "U", "BBB", "BBB", "BBB", "BBB"}, v1::SCOPE_LOCAL, "one of the two unknown"},
      {{"OO-", "OOO", "BBB", "BBB"}, v1::SCOPE_LOCAL, "a network missing in an open region"},
      {{"OOU", "BBB", "BBB"}, v1::SCOPE_LOCAL, "an unknown network is no contrast"},
      {{"O", "B", "B"}, v1::SCOPE_LOCAL, "without networks"},
      {{"OO-", "B-B", "OO-", "B-B"}, v1::SCOPE_LOCAL, "network and region cannot be told apart"},
      {{"BBB", "BBB", "OOO", "OOO"}, v1::SCOPE_LOCAL, "the mirror story"},
      {{"POB", "POB", "BBB", "BBB"}, v1::SCOPE_LOCAL, "one network in two of four regions"},
      {{"POB", "PBO", "BBB", "BBB"}, v1::SCOPE_LOCAL, "another network in each region"},
      {{"POB", "BBB", "BBB"}, v1::SCOPE_ISOLATED, "one network of one region"},
      {{"PPB", "BBB", "BBB"}, v1::SCOPE_ISOLATED, "for some in one network of one region"},
      {{"POB", "BBB", "U"}, v1::SCOPE_ISOLATED, "an unknown region changes nothing"},
      {{"POB", "POB", "POB"}, v1::SCOPE_BY_NETWORK, "one network nationwide"},
      {{"POB", "POB", "U", "_"}, v1::SCOPE_BY_NETWORK, "in whatever is known"},
      {{"POB", "POB", "OO-", "B-B"}, v1::SCOPE_BY_NETWORK, "networks missing in some regions"},
      {{"BOB", "BOB", "BOB"}, v1::SCOPE_BY_NETWORK, "a small network hides in a blocked region"},
      {{"OOB", "OOB", "OOB"}, v1::SCOPE_BY_NETWORK, "a small network hides in an open region"},
      {{"POB", "POB", "POBB"}, v1::SCOPE_BY_NETWORK, "a third one in a single region"},
      {{"POB", "OO-", "OO-"}, v1::SCOPE_MIXED, "a single region holds both kinds"},
      {{"P", "P", "P"}, v1::SCOPE_MIXED, "for some everywhere"},
      {{"O", "O", "P"}, v1::SCOPE_WIDESPREAD, "mostly open, nowhere blocked"},
      {{"OOO", "OOO", "POB"}, v1::SCOPE_MIXED, "but for one network of one region"},
      {{"BBO", "BBB", "BBB"}, v1::SCOPE_ISOLATED, "hidden in a region that counts as blocked"},
  };
  for (const ScopeCase& c : cases) {
    const ScopeVerdict verdict = ScopeOf(Regions(c.regions), true);
    EXPECT_EQ(verdict.scope, c.scope) << ShortName(verdict.scope) << "; " << c.why;
  }
}

TEST(ScopeTest, NamesTheNetworks) {
  const ScopeVerdict split = ScopeOf(Regions({"POBO", "POBO", "POBO"}), true);
  EXPECT_EQ(split.open_networks, std::vector<uint32_t>({1, 3}));
  EXPECT_EQ(split.blocked_networks, std::vector<uint32_t>({2}));
  const ScopeVerdict isolated = ScopeOf(Regions({"BBB", "PBO", "BBB"}), true);
  EXPECT_EQ(isolated.isolated_region, "R2");
  EXPECT_EQ(isolated.isolated_network, 2U);
}

TEST(ScopeTest, WithoutControlsOnlyOpenEverywhereIsAStatement) {
  EXPECT_EQ(ScopeOf(Regions({"O", "O", "_"}), false).scope, v1::SCOPE_WIDESPREAD);
  EXPECT_EQ(ScopeOf(Regions({"O", "O", "U"}), false).scope, v1::SCOPE_UNDETERMINED);
  EXPECT_EQ(ScopeOf(Regions({"U", "U"}), false).scope, v1::SCOPE_UNDETERMINED);
}

}  // namespace
}  // namespace sightline
