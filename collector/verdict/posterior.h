// From votes to a rate of access with its uncertainty, and from that to a state. Pure functions.
//
// Votes of one region are not independent, so a weight of W counts as tau W, tau = 1 / (1 + (W - 1)
// rho): the design effect of cluster sampling (Kish, Survey Sampling, 1965) with intra-class
// correlation rho. Kish's effective size of unequal weights is not used in it: with weights of at
// most 1, W is never more than that, and tau W grows with every vote, so that a vote that agrees
// never lowers what is believed.
//
// Three hypotheses compete, because no single Beta serves: a flat one leaves eight unanimous
// origins an interval down to 0.72, so nothing small could ever be called open; one that is sharp
// enough would deny that half of a city can have access.
//
//   blocked     0.85 Beta(1, 19) + 0.15 Beta(4, 12)   prior 0.42   a leak in twenty; where liars or
//                                                                  VPNs clump, a quarter
//   open        0.95 Beta(19, 1) + 0.05 Beta(12, 3)   prior 0.42   a flaky line in twenty; a fifth
//   some users  Beta(7, 4)                            prior 0.16   any rate in the middle
//
// The shapes put the border of blocked and some near 0.37 to 0.40 and that of some and open near
// 0.75 for 10 votes or more, so that a fifth of liars makes no opening and 60 % of users are no
// noise. The votes update each Beta and, by its Beta-binomial marginal, its weight; mean and
// interval are those of the whole mixture.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_POSTERIOR_H_
#define SIGHTLINE_COLLECTOR_VERDICT_POSTERIOR_H_

#include <cstdint>

#include "sightline/v1/summary.pb.h"

namespace sightline {

inline constexpr double kRho = 0.05;
inline constexpr double kOpenAbove = 0.8;      // lower end of the interval
inline constexpr double kBlockedBelow = 0.2;   // upper end of the interval
inline constexpr double kSplitVotes = 2;       // weighted votes each way that make PARTIAL
inline constexpr double kLikely = 0.75;        // posterior weight of a hypothesis
inline constexpr double kSuspectedMax = 0.15;  // share of origins
inline constexpr uint32_t kBucketsMin = 4;     // fewer say nothing and are not published

// Weighted votes of buckets, each with weight w in [0, 1] and share with access x in [0, 1].
struct VoteSums {
  uint32_t buckets = 0;
  double weight = 0;       // sum of w
  double weight_open = 0;  // sum of w x
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

// 1 / (1 + (W - 1) rho), at most 1.
double Tau(double weight);

// Votes for and against, times tau.
struct Counted {
  double open = 0;
  double against = 0;
};

Counted Count(const VoteSums& votes);

// A Beta distribution of the share with access.
struct Beta {
  double a;
  double b;
};

// ln of the probability of the votes, but for a constant that is the same for every shape:
// ln B(a + open, b + against) - ln B(a, b).
double LogMarginal(const Beta& shape, const Counted& votes);

// The same for many votes: what depends on the shape alone is computed once.
class Marginal {
 public:
  explicit Marginal(const Beta& shape);
  double LogOf(const Counted& votes) const;

 private:
  Beta shape_;
  double log_beta_;
};

// Without votes it is the prior.
Posterior PosteriorOf(const VoteSums& votes);

// UNKNOWN under kBucketsMin; OPEN or BLOCKED when the interval lies beyond its threshold; PARTIAL
// when that is the most probable hypothesis, with kSplitVotes each way; else OPEN or BLOCKED when
// that hypothesis has weight kLikely; else UNKNOWN.
v1::AccessState StateOf(const VoteSums& votes, const Posterior& posterior);

// Weight of the hypothesis that the state stands for; 0 for other states.
double ProbabilityOf(v1::AccessState state, const Posterior& posterior);

// Whether it is more probable than not that more than kSuspectedMax of the origins contradict the
// contrasts, when `suspected` of `buckets` do: the posterior of a Beta(1, 9) prior. One alone is
// never enough.
bool Disputed(uint32_t suspected, uint32_t buckets);

// New buckets against an OPEN or BLOCKED statement that would bring the share to one half:
// ceil(n |1 - 2 p|), at least 1. 0 for other states.
uint32_t FlipCost(const VoteSums& votes, const Posterior& posterior, v1::AccessState state);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_POSTERIOR_H_
