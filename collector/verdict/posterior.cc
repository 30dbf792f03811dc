#include "collector/verdict/posterior.h"

#include <algorithm>
#include <array>
#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cstdint>
#include <utility>

namespace sightline {
namespace {

// A rounding error in the sum of shares must not turn two votes into 1.9999999.
constexpr double kEpsilon = 1e-9;

// Shapes with less weight are left out of the interval: its ends are then the quantiles to within
// a few times this share.
constexpr double kNegligible = 1e-5;
// Bits of the last step of Newton's method, of which it doubles the number.
constexpr int kQuantileBits = 11;

struct Component {
  double a;
  double b;
  double weight;
};

// Blocked, blocked; open, open; some: the parts of a hypothesis lie side by side.
using Mixture = std::array<Component, 5>;
constexpr size_t kOpenFrom = 2;
constexpr size_t kSomeFrom = 4;

// Within each hypothesis the weights sum to 1.
constexpr Mixture kShapes = {
    {{1, 19, 0.85}, {4, 12, 0.15}, {19, 1, 0.95}, {12, 3, 0.05}, {7, 4, 1}}};
constexpr double kBlockedPrior = 0.42;
constexpr double kOpenPrior = 0.42;
constexpr double kSomePrior = 0.16;

double PriorOf(size_t component) {
  if (component >= kSomeFrom) return kSomePrior;
  return component >= kOpenFrom ? kOpenPrior : kBlockedPrior;
}

// Without promotion to long double, which costs three times as much and says nothing more here.
using Fast = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

double LogBeta(double a, double b) {
  const auto log_gamma = [](double x) { return boost::math::lgamma(x, Fast()); };
  return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
}

// Each shape updated with the votes, its weight by the marginal; the weights sum to 1.
Mixture Update(const Counted& counted) {
  std::array<double, kShapes.size()> parts{};
  for (size_t i = 0; i < parts.size(); ++i) {
    const Component& shape = kShapes[i];
    parts[i] = std::log(PriorOf(i) * shape.weight) + LogMarginal({shape.a, shape.b}, counted);
  }
  const double largest = *std::max_element(parts.begin(), parts.end());
  Mixture posterior = kShapes;
  double sum = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    posterior[i].a += counted.open;
    posterior[i].b += counted.against;
    posterior[i].weight = std::exp(parts[i] - largest);
    sum += posterior[i].weight;
  }
  for (Component& component : posterior) component.weight /= sum;
  return posterior;
}

double Mean(const Mixture& mixture) {
  double mean = 0;
  for (const auto& [a, b, weight] : mixture) mean += weight * a / (a + b);
  return mean;
}

// The distribution function of a mixture, less `probability`.
class Excess {
 public:
  Excess(const Mixture& mixture, double probability) : missing_(probability) {
    for (const Component& component : mixture) {
      if (component.weight < kNegligible) continue;
      parts_[count_++] = {component.a, component.b, component.weight,
                          std::log(component.weight) - LogBeta(component.a, component.b)};
    }
  }

  // With its derivative, the density; 0 < x < 1.
  std::pair<double, double> operator()(double x) const {
    const double log_x = std::log(x);
    const double log_rest = std::log1p(-x);
    double cdf = 0;
    double density = 0;
    for (size_t i = 0; i < count_; ++i) {
      const Part& part = parts_[i];
      cdf += part.weight * boost::math::ibeta(part.a, part.b, x, Fast());
      density += std::exp(part.log_scale + (part.a - 1) * log_x + (part.b - 1) * log_rest);
    }
    return {cdf - missing_, density};
  }

 private:
  struct Part {
    double a;
    double b;
    double weight;
    double log_scale;  // ln of the weight over the beta function
  };
  std::array<Part, kShapes.size()> parts_{};
  size_t count_ = 0;
  double missing_;
};

// The distribution function rises from 0 to 1, so the root is bracketed.
double Quantile(const Mixture& mixture, double probability) {
  const double mean = Mean(mixture);
  const double guess = probability < mean ? mean * probability / (1 - mean) : mean;
  std::uintmax_t steps = 100;
  return boost::math::tools::newton_raphson_iterate(
      Excess(mixture, probability), std::clamp(guess, 0.01, 0.99), 0.0, 1.0, kQuantileBits, steps);
}

}  // namespace

double Tau(double weight) {
  if (weight <= 1) return 1;
  return 1 / (1 + (weight - 1) * kRho);
}

Counted Count(const VoteSums& votes) {
  const double tau = Tau(votes.weight);
  return {tau * votes.weight_open, tau * std::max(0.0, votes.weight - votes.weight_open)};
}

double LogMarginal(const Beta& shape, const Counted& votes) { return Marginal(shape).LogOf(votes); }

Marginal::Marginal(const Beta& shape) : shape_(shape), log_beta_(LogBeta(shape.a, shape.b)) {}

double Marginal::LogOf(const Counted& votes) const {
  return LogBeta(shape_.a + votes.open, shape_.b + votes.against) - log_beta_;
}

Posterior PosteriorOf(const VoteSums& votes) {
  const Mixture mixture = Update(Count(votes));
  Posterior posterior;
  posterior.mean = Mean(mixture);
  posterior.low = Quantile(mixture, 0.05);
  posterior.high = Quantile(mixture, 0.95);
  posterior.blocked = mixture[0].weight + mixture[1].weight;
  posterior.open = mixture[kOpenFrom].weight + mixture[kOpenFrom + 1].weight;
  posterior.some = mixture[kSomeFrom].weight;
  return posterior;
}

v1::AccessState StateOf(const VoteSums& votes, const Posterior& posterior) {
  if (votes.buckets < kBucketsMin) return v1::ACCESS_STATE_UNKNOWN;
  if (posterior.low > kOpenAbove) return v1::ACCESS_STATE_OPEN;
  if (posterior.high < kBlockedBelow) return v1::ACCESS_STATE_BLOCKED;
  const double dissent = std::min(votes.weight_open, votes.weight - votes.weight_open);
  const bool split = dissent >= kSplitVotes - kEpsilon;
  if (split && posterior.some > std::max(posterior.open, posterior.blocked)) {
    return v1::ACCESS_STATE_PARTIAL;
  }
  if (posterior.open >= kLikely) return v1::ACCESS_STATE_OPEN;
  if (posterior.blocked >= kLikely) return v1::ACCESS_STATE_BLOCKED;
  return v1::ACCESS_STATE_UNKNOWN;
}

double ProbabilityOf(v1::AccessState state, const Posterior& posterior) {
  if (state == v1::ACCESS_STATE_OPEN) return posterior.open;
  if (state == v1::ACCESS_STATE_BLOCKED) return posterior.blocked;
  return state == v1::ACCESS_STATE_PARTIAL ? posterior.some : 0;
}

bool Disputed(uint32_t suspected, uint32_t buckets) {
  if (suspected < 2) return false;
  const double within =
      boost::math::ibeta(1.0 + suspected, 9.0 + buckets - suspected, kSuspectedMax);
  return within < 0.5;
}

uint32_t FlipCost(const VoteSums& votes, const Posterior& posterior, v1::AccessState state) {
  if (state != v1::ACCESS_STATE_OPEN && state != v1::ACCESS_STATE_BLOCKED) return 0;
  const double margin = std::abs(1 - 2 * posterior.mean);
  return std::max(1U, static_cast<uint32_t>(std::ceil(votes.buckets * margin)));
}

}  // namespace sightline
