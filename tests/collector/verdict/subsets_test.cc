#include "collector/verdict/subsets.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace sightline {
namespace {

// Every proper, nonempty subset one by one; its prior is that of `size` of n in a given order under
// Beta(1/2, 1/2), without the empty one and the whole.
double ByEnumeration(const std::vector<Place>& places) {
  const size_t n = places.size();
  double mean = 0;
  double priors = 0;
  for (size_t subset = 1; subset + 1 < (size_t{1} << n); ++subset) {
    double product = 1;
    double size = 0;
    for (size_t i = 0; i < n; ++i) {
      const bool has_access = ((subset >> i) & 1) != 0;
      size += has_access ? 1 : 0;
      product *= std::exp(has_access ? places[i].access : places[i].blocked);
    }
    const double prior = std::tgamma(size + 0.5) * std::tgamma(static_cast<double>(n) - size + 0.5);
    mean += prior * product;
    priors += prior;
  }
  return mean / priors;
}

TEST(SubsetsTest, MeanIsExact) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> logs(-12, 0);
  for (size_t n = 2; n <= 12; ++n) {
    for (int i = 0; i < 5; ++i) {
      std::vector<Place> places(n);
      for (Place& place : places) place = {logs(random), logs(random)};
      EXPECT_NEAR(LogMeanOverSubsets(places), std::log(ByEnumeration(places)), 1e-9) << n;
    }
  }
}

TEST(SubsetsTest, OfEqualPlacesEverySubsetIsAlike) {
  EXPECT_NEAR(LogMeanOverSubsets(std::vector<Place>(7, {-3, -3})), -21, 1e-9);
}

TEST(SubsetsTest, NothingIsBetweenNoneAndOne) {
  EXPECT_TRUE(std::isinf(LogMeanOverSubsets({})));
  EXPECT_TRUE(std::isinf(LogMeanOverSubsets({{-1, -2}})));
}

TEST(SubsetsTest, ManyPlacesNeitherOverflowNorVanish) {
  // Half of a thousand, each 400 nats surer than a double can hold as a ratio of all.
  std::vector<Place> places(1000, {-400, 0});
  for (size_t i = 0; i < 500; ++i) places[i] = {0, -400};
  const double log_prior = std::lgamma(500.5) * 2 - std::lgamma(1001) - 2 * std::lgamma(0.5);
  EXPECT_NEAR(LogMeanOverSubsets(places), log_prior - std::log1p(-0.0357), 0.01);
  // All but one sure: the odd one decides, not the rest.
  std::vector<Place> one(31, {0, -300});
  one[30] = {-5, 0};
  const double prior_of_one =
      std::lgamma(1.5) + std::lgamma(30.5) - std::lgamma(32) - 2 * std::lgamma(0.5);
  const double prior_of_none = std::lgamma(31.5) - std::lgamma(32) - std::lgamma(0.5);
  EXPECT_NEAR(LogMeanOverSubsets(one), prior_of_one - std::log1p(-2 * std::exp(prior_of_none)),
              1e-9);
}

}  // namespace
}  // namespace sightline
