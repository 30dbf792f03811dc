// From votes to a rate of access with its uncertainty, and from that to a state. Pure functions.
//
// Votes of one region are not independent, so n of them count as tau n, tau = 1 / (1 + (n_eff - 1)
// rho): the design effect of cluster sampling (Kish, Survey Sampling, 1965) with intra-class
// correlation rho; n_eff is Kish's effective sample size of weighted votes.
//
// The prior is a mixture of three hypotheses, because no single Beta serves: a flat one leaves
// eight unanimous origins (5.9 votes after tau) an interval down to 0.72, so nothing small could
// ever be called open; one that is sharp enough would deny that half of a city can have access.
//
//   blocked     Beta(1, 19)  weight 0.47   a leak or a liar in twenty
//   open        Beta(18, 2)  weight 0.47   a flaky line in ten
//   some users  Beta(2, 2)   weight 0.06   any rate, a little more likely near the middle
//
// Weights and the last shape are such that one dissenting origin of eight changes no state and that
// two of four leave it open. The votes update each Beta and, by its Beta-binomial marginal, its
// weight; mean and interval are those of the mixture.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_POSTERIOR_H_
#define SIGHTLINE_COLLECTOR_VERDICT_POSTERIOR_H_

#include <cstdint>

#include "sightline/v1/summary.pb.h"

namespace sightline {

inline constexpr double kRho = 0.05;
inline constexpr double kOpenAbove = 0.8;     // lower end of the interval
inline constexpr double kBlockedBelow = 0.2;  // upper end of the interval
inline constexpr double kSplitVotes = 2;      // weighted votes each way that make PARTIAL
inline constexpr double kSure = 0.9;          // posterior weight of a hypothesis
inline constexpr uint32_t kBucketsMin = 4;    // fewer say nothing and are not published

// Weighted votes of buckets, each with weight w in [0, 1] and share with access x in [0, 1].
struct VoteSums {
  uint32_t buckets = 0;
  double weight = 0;          // sum of w
  double weight_squared = 0;  // sum of w^2
  double weight_open = 0;     // sum of w x
};

struct Posterior {
  double mean = 0;
  double low = 0;   // 5% quantile
  double high = 1;  // 95% quantile
  // Posterior weights of the hypotheses; they sum to 1.
  double blocked = 0;
  double open = 0;
  double some = 0;
};

// (sum w)^2 / sum w^2; 0 without votes.
double EffectiveVotes(const VoteSums& votes);

// 1 / (1 + (n_eff - 1) rho), at most 1.
double Tau(double effective_votes);

// Without votes it is the prior.
Posterior PosteriorOf(const VoteSums& votes);

// UNKNOWN under kBucketsMin; OPEN or BLOCKED when the interval lies beyond its threshold; PARTIAL
// with kSplitVotes each way; else OPEN or BLOCKED when that hypothesis has weight kSure; else
// UNKNOWN.
v1::AccessState StateOf(const VoteSums& votes, const Posterior& posterior);

// New buckets against an OPEN or BLOCKED statement that would bring the share to one half:
// ceil(n |1 - 2 p|), at least 1. 0 for other states.
uint32_t FlipCost(const VoteSums& votes, const Posterior& posterior, v1::AccessState state);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_POSTERIOR_H_
