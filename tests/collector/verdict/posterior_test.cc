#include "collector/verdict/posterior.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "common/message.h"

namespace sightline {
namespace {

// `buckets` votes of full weight, `open` of them for access.
VoteSums Votes(double open, uint32_t buckets) {
  return {buckets, static_cast<double>(buckets), open};
}

struct StateCase {
  double open;
  uint32_t buckets;
  v1::AccessState state;
  const char* why;
};

TEST(PosteriorTest, StatesFollowTheVotes) {
  const StateCase cases[] = {
      {0, 0, v1::ACCESS_STATE_UNKNOWN, "silence says nothing"},
      {3, 3, v1::ACCESS_STATE_UNKNOWN, "three origins are too few, however sure"},
      {4, 4, v1::ACCESS_STATE_OPEN, "four unanimous origins are enough"},
      {3.5, 4, v1::ACCESS_STATE_OPEN, "one origin that failed half of the time"},
      {3, 4, v1::ACCESS_STATE_UNKNOWN, "one of four may be a liar or a local block"},
      {2, 4, v1::ACCESS_STATE_PARTIAL, "two each way"},
      {1, 4, v1::ACCESS_STATE_BLOCKED, "one of four is more likely a liar than an opening"},
      {0.5, 4, v1::ACCESS_STATE_BLOCKED, "one origin that got through half of the time"},
      {0, 4, v1::ACCESS_STATE_BLOCKED, "four unanimous origins are enough"},
      {8, 8, v1::ACCESS_STATE_OPEN, "unanimous"},
      {7.5, 8, v1::ACCESS_STATE_OPEN, "one flaky origin of eight"},
      {7, 8, v1::ACCESS_STATE_OPEN, "one dissenting origin of eight"},
      {6, 8, v1::ACCESS_STATE_UNKNOWN, "between open and open for some"},
      {4.8, 8, v1::ACCESS_STATE_PARTIAL, "60% open is partial and not noise"},
      {4, 8, v1::ACCESS_STATE_PARTIAL, "half"},
      {3, 8, v1::ACCESS_STATE_UNKNOWN, "between blocked and open for some"},
      {2, 8, v1::ACCESS_STATE_BLOCKED, "a quarter may be liars and VPNs that were not found"},
      {1, 8, v1::ACCESS_STATE_BLOCKED, "one dissenting origin of eight"},
      {0.5, 8, v1::ACCESS_STATE_BLOCKED, "one flaky origin of eight"},
      {0, 8, v1::ACCESS_STATE_BLOCKED, "unanimous"},
      {38, 40, v1::ACCESS_STATE_OPEN, "5% dissent among many is noise, though two origins"},
      {2, 40, v1::ACCESS_STATE_BLOCKED, "5% dissent among many is noise, though two origins"},
      {4, 19, v1::ACCESS_STATE_BLOCKED, "a fifth may be liars and VPNs that were not found"},
      {8, 19, v1::ACCESS_STATE_PARTIAL, "two fifths are no noise"},
      {11, 19, v1::ACCESS_STATE_PARTIAL, "60% open is partial"},
      {24, 40, v1::ACCESS_STATE_PARTIAL, "60% open is partial"},
      {500, 1000, v1::ACCESS_STATE_PARTIAL, "many do not overflow anything"},
      {1000, 1000, v1::ACCESS_STATE_OPEN, "many do not overflow anything"},
  };
  for (const StateCase& c : cases) {
    const VoteSums votes = Votes(c.open, c.buckets);
    EXPECT_EQ(StateOf(votes, PosteriorOf(votes)), c.state)
        << c.open << " of " << c.buckets << " is " << ShortName(StateOf(votes, PosteriorOf(votes)))
        << "; " << c.why;
  }
}

TEST(PosteriorTest, WithoutVotesItIsThePrior) {
  const Posterior prior = PosteriorOf({});
  EXPECT_NEAR(
      prior.mean,
      0.42 * (0.85 * 0.05 + 0.15 * 0.25) + 0.42 * (0.95 * 0.95 + 0.05 * 0.8) + 0.16 * 7 / 11,
      1e-12);
  EXPECT_NEAR(prior.blocked, 0.42, 1e-12);
  EXPECT_NEAR(prior.some, 0.16, 1e-12);
  EXPECT_LT(prior.low, 0.05);
  EXPECT_GT(prior.high, 0.95);
}

// Reference values by numerical integration of the mixture density in an independent program.
TEST(PosteriorTest, MeanAndIntervalAreThoseOfTheMixture) {
  const struct {
    double open;
    uint32_t buckets;
    double mean, low, high;
  } cases[] = {{8, 8, 0.94781, 0.81699, 0.99777},
               {0, 4, 0.06581, 0.00254, 0.23940},
               {4, 8, 0.53943, 0.18028, 0.83257}};
  for (const auto& c : cases) {
    const Posterior posterior = PosteriorOf(Votes(c.open, c.buckets));
    EXPECT_NEAR(posterior.mean, c.mean, 2e-5) << c.open << " of " << c.buckets;
    EXPECT_NEAR(posterior.low, c.low, 2e-5) << c.open << " of " << c.buckets;
    EXPECT_NEAR(posterior.high, c.high, 2e-5) << c.open << " of " << c.buckets;
  }
}

TEST(PosteriorTest, IntervalHoldsTheMeanAndNarrowsWithVotes) {
  double width = 1;
  for (uint32_t n = 4; n <= 64; n *= 2) {
    const Posterior posterior = PosteriorOf(Votes(n, n));
    EXPECT_LT(posterior.low, posterior.mean) << n;
    EXPECT_GT(posterior.high, posterior.mean) << n;
    EXPECT_LT(posterior.high - posterior.low, width) << n;
    width = posterior.high - posterior.low;
  }
}

TEST(PosteriorTest, VotesOfARegionAreNotIndependent) {
  EXPECT_DOUBLE_EQ(Tau(0), 1);
  EXPECT_DOUBLE_EQ(Tau(1), 1);
  EXPECT_NEAR(8 * Tau(8), 5.926, 0.001);
  EXPECT_LT(1e6 * Tau(1e6), 1 / kRho + 1);
}

TEST(PosteriorTest, LightVotesWeighLittle) {
  // Eight old origins say blocked, a hundred that enrolled minutes ago say open.
  const double w = 0.001;
  const VoteSums votes{108, 8 + 100 * w, 100 * w};
  EXPECT_EQ(StateOf(votes, PosteriorOf(votes)), v1::ACCESS_STATE_BLOCKED);
  const VoteSums only_light{100, 100 * w, 100 * w};
  EXPECT_EQ(StateOf(only_light, PosteriorOf(only_light)), v1::ACCESS_STATE_UNKNOWN);
  const VoteSums weightless{8, 0, 0};
  EXPECT_EQ(StateOf(weightless, PosteriorOf(weightless)), v1::ACCESS_STATE_UNKNOWN);
}

TEST(PosteriorTest, IntervalsAreFoundForAnyVotes) {
  for (const double weight : {0.0, 0.001, 0.3, 1.0, 2.5, 4.0, 7.9, 19.0, 60.0, 1e3, 1e7}) {
    Posterior before;
    for (int i = 0; i <= 200; ++i) {
      const VoteSums votes{8, weight, weight * i / 200};
      const Posterior posterior = PosteriorOf(votes);
      ASSERT_GT(posterior.low, 0) << weight << " " << i;
      ASSERT_LT(posterior.low, posterior.mean) << weight << " " << i;
      ASSERT_LT(posterior.mean, posterior.high) << weight << " " << i;
      ASSERT_LT(posterior.high, 1) << weight << " " << i;
      if (i > 0) {
        ASSERT_GE(posterior.low, before.low - 1e-4) << weight << " " << i;
        ASSERT_GE(posterior.high, before.high - 1e-4) << weight << " " << i;
      }
      before = posterior;
    }
  }
}

TEST(PosteriorTest, AgreeingVoteNeverLowersWhatIsBelieved) {
  std::mt19937 random(1);
  const auto unit = [&] { return std::uniform_real_distribution<double>(0, 1)(random); };
  for (int i = 0; i < 3000; ++i) {
    VoteSums votes;
    const double rate = unit();
    for (int n = std::uniform_int_distribution<int>(0, 60)(random); n > 0; --n) {
      const double weight = unit() < 0.5 ? 1 : unit();
      ++votes.buckets;
      votes.weight += weight;
      if (unit() < rate) votes.weight_open += weight;
    }
    const double weight = unit();
    VoteSums more = votes;
    ++more.buckets;
    more.weight += weight;
    const Posterior before = PosteriorOf(votes);
    const Posterior less_open = PosteriorOf(more);
    more.weight_open += weight;
    const Posterior more_open = PosteriorOf(more);
    EXPECT_GE(more_open.mean, before.mean - 1e-9);
    EXPECT_GE(more_open.open, before.open - 1e-9);
    EXPECT_LE(less_open.mean, before.mean + 1e-9);
    EXPECT_GE(less_open.blocked, before.blocked - 1e-9);
  }
}

TEST(PosteriorTest, MarginalsAreProbabilitiesOfTheVotes) {
  const Beta shape = {7, 4};
  EXPECT_DOUBLE_EQ(LogMarginal(shape, {0, 0}), 0);
  EXPECT_NEAR(std::exp(LogMarginal(shape, {1, 0})), 7.0 / 11, 1e-12);
  EXPECT_NEAR(std::exp(LogMarginal(shape, {0, 1})), 4.0 / 11, 1e-12);
  // One for and one against: in this order, and so in the other.
  EXPECT_NEAR(std::exp(LogMarginal(shape, {1, 1})), 7.0 / 11 * 4 / 12, 1e-12);
}

TEST(PosteriorTest, CountedVotesAreThoseTimesTau) {
  const Counted counted = Count(Votes(6, 8));
  EXPECT_NEAR(counted.open, 6 * Tau(8), 1e-12);
  EXPECT_NEAR(counted.against, 2 * Tau(8), 1e-12);
}

TEST(PosteriorTest, DisputedAboveAShareOfSuspects) {
  EXPECT_FALSE(Disputed(0, 4));
  EXPECT_FALSE(Disputed(1, 4)) << "one alone is never enough";
  EXPECT_FALSE(Disputed(1, 19));
  EXPECT_FALSE(Disputed(2, 19));
  EXPECT_TRUE(Disputed(2, 4));
  EXPECT_TRUE(Disputed(3, 10));
  EXPECT_TRUE(Disputed(5, 19));
  EXPECT_FALSE(Disputed(14, 100));
  EXPECT_TRUE(Disputed(17, 100));
}

TEST(PosteriorTest, FlipCostGrowsWithTheEvidenceAndIsZeroWithoutAStatement) {
  const auto cost = [](double open, uint32_t n) {
    const VoteSums votes = Votes(open, n);
    const Posterior posterior = PosteriorOf(votes);
    return FlipCost(votes, posterior, StateOf(votes, posterior));
  };
  EXPECT_EQ(cost(0, 8), 8U);
  EXPECT_EQ(cost(8, 8), 8U);
  EXPECT_EQ(cost(7, 8), 7U);
  EXPECT_GT(cost(0, 40), 30U);
  EXPECT_EQ(cost(4, 8), 0U);
  EXPECT_EQ(cost(2, 2), 0U);
}

}  // namespace
}  // namespace sightline
