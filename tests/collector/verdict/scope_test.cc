#include "collector/verdict/scope.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/message.h"

namespace sightline {
namespace {

VoteSums Votes(double open, uint32_t n) { return {n, 1.0 * n, open}; }

// One word for a region, a letter for each network from AS1 on, each of `n` votes: O all open, B
// all blocked, P 60 % open, l blocked with a quarter of liars, '-' nobody. "_": a silent region.
ScopeInput Cells(const std::vector<std::string>& words, uint32_t n = 8) {
  const std::map<char, double> shares = {{'O', 1}, {'B', 0}, {'P', 0.6}, {'l', 0.25}};
  ScopeInput input;
  input.regions = words.size();
  for (size_t region = 0; region < words.size(); ++region) {
    for (uint32_t i = 0; i < words[region].size(); ++i) {
      const auto share = shares.find(words[region][i]);
      if (share == shares.end()) continue;
      input.cells.push_back({region, i + 1, Votes(std::round(share->second * n), n)});
    }
  }
  return input;
}

struct ScopeCase {
  std::vector<std::string> regions;
  v1::Scope scope;
  const char* why;
};

TEST(ScopeTest, ClassesOverRegionsAndNetworks) {
  const ScopeCase cases[] = {
      {{"BBB", "BBB", "BBB"}, v1::SCOPE_NOWHERE, "blocked everywhere"},
      {{"lBB", "BBl", "BBB", "BBB"}, v1::SCOPE_NOWHERE, "a clump of liars in two cells"},
      {{"BB", "BB", "BB", "BB", "_", "_"}, v1::SCOPE_NOWHERE, "two regions silent"},
      {{"OOO", "OOO", "OOO"}, v1::SCOPE_WIDESPREAD, "open everywhere"},
      {{"PPP", "PPP", "PPP"}, v1::SCOPE_WIDESPREAD, "for some everywhere"},
      {{"OOO", "OOO", "BBB", "BBB", "BBB", "BBB"}, v1::SCOPE_LOCAL, "the two cities"},
      {{"PPP", "PPP", "BBB", "BBB", "BBB", "BBB"}, v1::SCOPE_LOCAL, "the two cities, for some"},
      {{"OOO", "OOO", "___", "BBB", "BBB", "BBB"}, v1::SCOPE_LOCAL, "one unknown region"},
      {{"OOO", "BBB", "OOO", "OOO", "OOO", "BBB"}, v1::SCOPE_LOCAL, "the mirror story"},
      {{"OBB", "BBB", "BBB", "BBB"}, v1::SCOPE_ISOLATED, "one network of one region"},
      {{"BPB", "BBB", "BBB", "BBB", "BBB"}, v1::SCOPE_ISOLATED, "for some in one network"},
      {{"OBB", "OBB", "OBB"}, v1::SCOPE_BY_NETWORK, "one network nationwide"},
      {{"OBO", "OBO", "OBO"}, v1::SCOPE_BY_NETWORK, "two of three"},
      {{"OBB", "OBB", "O-B", "__"}, v1::SCOPE_BY_NETWORK, "networks missing in some regions"},
      {{"OBB", "BOB", "BBB", "BBO", "OOB"}, v1::SCOPE_MIXED, "no pattern"},
  };
  for (const ScopeCase& c : cases) {
    const auto odds = OddsOf(Cells(c.regions));
    ASSERT_TRUE(odds.has_value());
    EXPECT_EQ(odds->best, c.scope) << ShortName(odds->best) << "; " << c.why;
    EXPECT_GE(odds->best_posterior, c.scope == v1::SCOPE_ISOLATED ? 0.8 : kScopeSure) << c.why;
    EXPECT_NEAR(std::accumulate(odds->posterior.begin(), odds->posterior.end(), 0.0), 1, 1e-12);
  }
}

TEST(ScopeTest, WhatCannotBeToldApartIsNotStated) {
  const ScopeCase cases[] = {
      {{"O", "B", "_", "_", "_", "_", "_", "_"}, v1::SCOPE_UNSPECIFIED, "two of eight"},
      {{"OB", "__"}, v1::SCOPE_UNSPECIFIED, "network or place"},
  };
  for (const ScopeCase& c : cases) {
    const auto odds = OddsOf(Cells(c.regions, 4));
    ASSERT_TRUE(odds.has_value());
    EXPECT_LT(odds->best_posterior, kScopeSure) << ShortName(odds->best) << "; " << c.why;
  }
  EXPECT_FALSE(OddsOf(Cells({"__", "__"})).has_value());
  EXPECT_FALSE(OddsOf({}).has_value());
}

// `heard` of `regions` regions, each like `word`.
ScopeOdds Heard(size_t heard, size_t regions, const std::string& word) {
  std::vector<std::string> words(regions, "_");
  std::fill_n(words.begin(), heard, word);
  return *OddsOf(Cells(words));
}

TEST(ScopeTest, FewRegionsAreNotTheCountry) {
  EXPECT_LT(Heard(1, 6, "OO").best_posterior, 0.7);
  EXPECT_LT(Heard(1, 6, "BB").best_posterior, kScopeSure);
  EXPECT_LT(Heard(1, 31, "BB").best_posterior, kScopeSure);
  EXPECT_LT(Heard(6, 31, "OO").best_posterior, kScopeSure);
  const ScopeOdds blocked = Heard(4, 31, "BB");
  EXPECT_EQ(blocked.best, v1::SCOPE_NOWHERE);
  EXPECT_GE(blocked.best_posterior, kScopeSure);
  const ScopeOdds open = Heard(16, 31, "OO");
  EXPECT_EQ(open.best, v1::SCOPE_WIDESPREAD);
  EXPECT_GE(open.best_posterior, kScopeSure);
  for (size_t heard = 2; heard <= 31; ++heard) {
    for (const char* word : {"OO", "BB"}) {
      EXPECT_GT(Heard(heard, 31, word).best_posterior, Heard(heard - 1, 31, word).best_posterior)
          << heard << " " << word;
    }
  }
}

TEST(ScopeTest, NetworksThatAreMergedMayHideAnOpenOne) {
  ScopeInput input = Cells({"B", "BBB", "BBB", "BBB", "BBB", "BBB"}, 6);
  EXPECT_GE(OddsOf(input)->posterior[0], 0.95);
  // Three of the seven others in the first region: nobody can say whose they are.
  input.cells.push_back({0, 0, Votes(3, 7)});
  EXPECT_LT(OddsOf(input)->best_posterior, kScopeSure);
  EXPECT_GT(OddsOf(input)->posterior[1], 0.1) << "ISOLATED";
  // A single origin that reaches it proves nothing.
  input.cells.back().votes = Votes(1, 7);
  EXPECT_EQ(OddsOf(input)->best, v1::SCOPE_NOWHERE);
  EXPECT_GE(OddsOf(input)->best_posterior, kScopeSure);
}

TEST(ScopeTest, NamesNetworksAndPlaces) {
  const auto split = OddsOf(Cells({"OBO", "OBO", "OBO"}));
  EXPECT_EQ(split->open_networks, std::vector<uint32_t>({1, 3}));
  EXPECT_EQ(split->blocked_networks, std::vector<uint32_t>({2}));
  const auto isolated = OddsOf(Cells({"BBB", "BOB", "BBB", "BBB"}));
  ASSERT_TRUE(isolated->isolated.has_value());
  EXPECT_EQ(isolated->isolated->region, 1U);
  EXPECT_EQ(isolated->isolated->asn, 2U);
}

TEST(ScopeTest, OrderOfCellsAndManyRegionsMakeNoDifferenceToTheClass) {
  std::vector<std::string> words(34, "BBBB");
  words[3] = "PPPP";
  words[20] = "OOOO";
  ScopeInput input = Cells(words, 5);
  const auto odds = OddsOf(input);
  EXPECT_EQ(odds->best, v1::SCOPE_LOCAL);
  EXPECT_GT(odds->best_posterior, 0.99);
  std::vector<std::string> mirror(34, "OOOO");
  mirror[7] = "BBBB";
  EXPECT_EQ(OddsOf(Cells(mirror, 5))->best, v1::SCOPE_LOCAL);
  EXPECT_EQ(OddsOf(Cells(std::vector<std::string>(34, "BBBB"), 5))->best, v1::SCOPE_NOWHERE);
  EXPECT_EQ(OddsOf(Cells(std::vector<std::string>(34, "OOOO"), 1000))->best, v1::SCOPE_WIDESPREAD)
      << "many votes do not overflow";
}

TEST(ScopeTest, StatementsOfAWindowKeepTheirShareOfErrors) {
  EXPECT_EQ(Stateable({}), std::vector<bool>());
  EXPECT_EQ(Stateable({0.96}), std::vector<bool>({true}));
  EXPECT_EQ(Stateable({0.93}), std::vector<bool>({false})) << "alone it may be wrong too often";
  EXPECT_EQ(Stateable({0.93, 1, 0.5}), std::vector<bool>({true, true, false}));
  EXPECT_EQ(Stateable({0.89, 1, 1}), std::vector<bool>({false, true, true})) << "never below 0.9";
  EXPECT_EQ(Stateable({0.91, 0.91, 0.91, 0.97}), std::vector<bool>({false, false, false, true}));
}

}  // namespace
}  // namespace sightline
