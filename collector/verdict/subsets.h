// Averages over the ways in which some of many places can have access. Pure function.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_SUBSETS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_SUBSETS_H_

#include "absl/types/span.h"

namespace sightline {

// A region, network or cell: natural logarithms of the probability of its votes.
struct Place {
  double blocked = 0;  // when nobody there has access
  double access = 0;   // when somebody has
};

// ln of the mean, over the proper, nonempty subsets of `places`, of the probability of all votes
// when the places of the subset have access and the others have none. Every place has access with
// the same unknown chance, of which Beta(1/2, 1/2) is the prior (Jeffreys): so few places, or all
// but few, are more likely than half of them, and the subsets of a size are alike. Minus infinity
// when there is no such subset. Exact, in time that grows with the square of the number of places.
double LogMeanOverSubsets(absl::Span<const Place> places);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_SUBSETS_H_
