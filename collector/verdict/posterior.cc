#include "collector/verdict/posterior.h"

#include <algorithm>
#include <array>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

namespace sightline {
namespace {

// A rounding error in the sum of shares must not turn two votes into 1.9999999.
constexpr double kEpsilon = 1e-9;

struct Hypothesis {
  double a;
  double b;
  double weight;
};

constexpr Hypothesis kBlockedPrior{1, 19, 0.47};
constexpr Hypothesis kOpenPrior{18, 2, 0.47};
constexpr Hypothesis kSomePrior{2, 2, 0.06};

using Mixture = std::array<Hypothesis, 3>;

double LogBeta(double a, double b) {
  return boost::math::lgamma(a) + boost::math::lgamma(b) - boost::math::lgamma(a + b);
}

// Each component updated with k votes for and m against, its weight by the Beta-binomial marginal
// ln B(a + k, b + m) - ln B(a, b).
Mixture Update(const Mixture& prior, double k, double m) {
  Mixture posterior = prior;
  double largest = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < prior.size(); ++i) {
    posterior[i].a += k;
    posterior[i].b += m;
    posterior[i].weight = std::log(prior[i].weight) + LogBeta(posterior[i].a, posterior[i].b) -
                          LogBeta(prior[i].a, prior[i].b);
    largest = std::max(largest, posterior[i].weight);
  }
  double sum = 0;
  for (Hypothesis& component : posterior) {
    component.weight = std::exp(component.weight - largest);
    sum += component.weight;
  }
  for (Hypothesis& component : posterior) component.weight /= sum;
  return posterior;
}

double Mean(const Mixture& mixture) {
  double mean = 0;
  for (const auto& [a, b, weight] : mixture) mean += weight * a / (a + b);
  return mean;
}

// The mixture's distribution function rises from 0 to 1, so the root is bracketed; 40 bits of it.
double Quantile(const Mixture& mixture, double probability) {
  const auto excess = [&](double x) {
    double cdf = 0;
    for (const auto& [a, b, weight] : mixture) cdf += weight * boost::math::ibeta(a, b, x);
    return cdf - probability;
  };
  std::uintmax_t steps = 100;
  const auto [low, high] =
      boost::math::tools::toms748_solve(excess, 0.0, 1.0, -probability, 1 - probability,
                                        boost::math::tools::eps_tolerance<double>(40), steps);
  return (low + high) / 2;
}

}  // namespace

double EffectiveVotes(const VoteSums& votes) {
  if (votes.weight_squared <= 0) return 0;
  return votes.weight * votes.weight / votes.weight_squared;
}

double Tau(double effective_votes) {
  if (effective_votes <= 1) return 1;
  return 1 / (1 + (effective_votes - 1) * kRho);
}

Posterior PosteriorOf(const VoteSums& votes) {
  const double tau = Tau(EffectiveVotes(votes));
  const double open = tau * votes.weight_open;
  const double against = tau * std::max(0.0, votes.weight - votes.weight_open);
  const Mixture mixture = Update({kBlockedPrior, kOpenPrior, kSomePrior}, open, against);
  Posterior posterior;
  posterior.mean = Mean(mixture);
  posterior.low = Quantile(mixture, 0.05);
  posterior.high = Quantile(mixture, 0.95);
  posterior.blocked = mixture[0].weight;
  posterior.open = mixture[1].weight;
  posterior.some = mixture[2].weight;
  return posterior;
}

v1::AccessState StateOf(const VoteSums& votes, const Posterior& posterior) {
  if (votes.buckets < kBucketsMin) return v1::ACCESS_STATE_UNKNOWN;
  if (posterior.low > kOpenAbove) return v1::ACCESS_STATE_OPEN;
  if (posterior.high < kBlockedBelow) return v1::ACCESS_STATE_BLOCKED;
  const double dissent = std::min(votes.weight_open, votes.weight - votes.weight_open);
  if (dissent >= kSplitVotes - kEpsilon) return v1::ACCESS_STATE_PARTIAL;
  if (posterior.open >= kSure) return v1::ACCESS_STATE_OPEN;
  if (posterior.blocked >= kSure) return v1::ACCESS_STATE_BLOCKED;
  return v1::ACCESS_STATE_UNKNOWN;
}

uint32_t FlipCost(const VoteSums& votes, const Posterior& posterior, v1::AccessState state) {
  if (state != v1::ACCESS_STATE_OPEN && state != v1::ACCESS_STATE_BLOCKED) return 0;
  const double margin = std::abs(1 - 2 * posterior.mean);
  return std::max(1U, static_cast<uint32_t>(std::ceil(votes.buckets * margin)));
}

}  // namespace sightline
