// Scopes of made-up countries whose truth is known. The numbers of scope_classes.cc were chosen on
// seeds 1 to 9; scope_report prints more of this.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/message.h"
#include "tests/collector/verdict/country.h"

namespace sightline {
namespace {

struct Kind {
  v1::Scope scope;
  double rate;
  bool mirror;
};

constexpr Kind kKinds[] = {
    {v1::SCOPE_NOWHERE, 1, false},    {v1::SCOPE_ISOLATED, 1, false},
    {v1::SCOPE_LOCAL, 1, false},      {v1::SCOPE_LOCAL, 0.6, false},
    {v1::SCOPE_LOCAL, 1, true},       {v1::SCOPE_BY_NETWORK, 1, false},
    {v1::SCOPE_WIDESPREAD, 1, false}, {v1::SCOPE_WIDESPREAD, 0.6, false},
};

struct Score {
  double all = 0;
  double right = 0;
  double stated = 0;
  double stated_right = 0;
  double probability = 0;
};

Score ScoreOf(size_t regions, int agents, double contamination, uint64_t countries) {
  Score score;
  for (const Kind& kind : kKinds) {
    CountryOptions options;
    options.regions = regions;
    options.agents = agents;
    options.contamination = contamination;
    options.scope = kind.scope;
    options.rate = kind.rate;
    options.mirror = kind.mirror;
    for (uint64_t i = 0; i < countries; ++i) {
      const ScopeOdds odds = OddsOf(MakeCountry(options, 101'000 + i).input).value();
      const bool right = odds.best == kind.scope;
      const bool stated = odds.best_posterior >= kScopeSure;
      score.all += 1;
      score.right += right ? 1 : 0;
      score.stated += stated ? 1 : 0;
      score.stated_right += stated && right ? 1 : 0;
      score.probability += odds.best_posterior;
    }
  }
  return score;
}

TEST(ScopeSimulationTest, FourOriginsOfACellSuffice) {
  for (const size_t regions : {6, 31}) {
    for (const double contamination : {0.0, 0.05}) {
      const Score score = ScoreOf(regions, 4, contamination, regions == 6 ? 25 : 10);
      const std::string world = absl::StrCat(regions, " regions, ", contamination);
      EXPECT_GE(score.right / score.all, 0.97) << world;
      EXPECT_GE(score.stated_right / score.stated, 0.99) << world;
      EXPECT_GE(score.stated / score.all, 0.8) << world << ": silence is no merit";
      EXPECT_LE(std::abs(score.probability - score.right) / score.all, 0.05) << world;
    }
  }
}

TEST(ScopeSimulationTest, LiarsCostStatementsAndNotTheirTruth) {
  for (const double contamination : {0.1, 0.2}) {
    const Score score = ScoreOf(6, 4, contamination, 25);
    EXPECT_GE(score.right / score.all, 0.9) << contamination;
    EXPECT_GE(score.stated_right / score.stated, 0.99) << contamination;
  }
}

// A vote that is what the most probable class says of its place never makes it less probable.
TEST(ScopeSimulationTest, AgreeingVoteNeverLowersTheScope) {
  for (const Kind& kind : kKinds) {
    CountryOptions options;
    options.scope = kind.scope;
    options.rate = 1;
    options.mirror = kind.mirror;
    options.contamination = 0.05;
    for (uint64_t seed = 101; seed < 104; ++seed) {
      const Country country = MakeCountry(options, seed);
      const ScopeOdds before = OddsOf(country.input).value();
      if (before.best != kind.scope) continue;
      const auto index = static_cast<size_t>(kind.scope - v1::SCOPE_NOWHERE);
      for (size_t i = 0; i < country.input.cells.size(); ++i) {
        const ScopeCell& cell = country.input.cells[i];
        ScopeInput more = country.input;
        VoteSums& votes = more.cells[i].votes;
        votes.buckets += 1;
        votes.weight += 1;
        votes.weight_open += country.HasAccess(cell.region, cell.asn) ? 1 : 0;
        const ScopeOdds after = OddsOf(more).value();
        EXPECT_GE(after.posterior[index], before.posterior[index] - 1e-3)
            << ShortName(kind.scope) << ", cell " << i << ", seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace sightline
