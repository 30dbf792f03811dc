// For whom a target is reachable: the posterior of every class of places, given the votes of all
// cells. Pure functions.
//
// Classes and their prior probabilities, over the regions of a country and the networks in them:
//
//   NOWHERE     .40  every cell is blocked
//   ISOLATED    .15  one network of one region has access, another one there has not, and all else
//                    is blocked
//   LOCAL       .15  some regions have access, at least one, and the others are blocked
//   BY_NETWORK  .15  some networks have access wherever they are, and the others are blocked
//   WIDESPREAD  .10  every region has access
//   MIXED       .05  some cells have access, and the others are blocked
//
// "Has access" means that it is open for all, or that one middle rate holds in all cells of the
// region (of the network, for BY_NETWORK); of the regions of LOCAL, also that only some of their
// networks have access. Cells count by their Beta-binomial marginals. What the whole country shares
// is not known, and every combination of it is weighed by how well it explains all cells: how many
// reach the target although it is blocked (1, 5, 10 or 20%), how many fail although it is open (2
// or 15%), and whether access is for all or for some. So a country with a fifth of liars is not
// taken for one with openings, and one without liars shows an opening of four origins. LOCAL,
// BY_NETWORK and MIXED average over all their subsets, exactly, in time that grows with the square
// of the number of places (subsets.h). Regions without votes may be either in LOCAL: so NOWHERE and
// WIDESPREAD are statements on the country only when enough of its regions are heard.
//
// After the spatial scan of Kulldorff (Communications in Statistics 26, 1997), with a sum over the
// subsets in place of the largest one.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_SCOPE_H_
#define SIGHTLINE_COLLECTOR_VERDICT_SCOPE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "collector/verdict/posterior.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

inline constexpr double kScopeSure = 0.9;  // posterior of a scope that is stated
// Expected share of wrong scopes among all that are stated in a window.
inline constexpr double kFalseScopes = 0.05;

// Votes of one network in one region.
struct ScopeCell {
  size_t region = 0;  // below ScopeInput::regions
  uint32_t asn = 0;   // 0: several networks, or unknown ones
  VoteSums votes;
};

struct ScopeInput {
  size_t regions = 0;  // of the country, with votes or without
  std::vector<ScopeCell> cells;
};

// The one cell that is open.
struct IsolatedPlace {
  size_t region = 0;
  uint32_t asn = 0;  // 0: one of those that few report from
};

inline constexpr size_t kScopes = 6;  // those that have a posterior

struct ScopeOdds {
  // By v1::Scope, from SCOPE_NOWHERE on; they sum to 1.
  std::array<double, kScopes> posterior{};
  // Of the most probable one, the first of equal ones.
  v1::Scope best = v1::SCOPE_UNDETERMINED;
  double best_posterior = 0;
  // If it is ISOLATED: the most probable cell.
  std::optional<IsolatedPlace> isolated;
  // If it is BY_NETWORK: those that have access, or have none, with kScopeSure; ordered.
  std::vector<uint32_t> open_networks;
  std::vector<uint32_t> blocked_networks;
};

// Nothing when there is no cell.
std::optional<ScopeOdds> OddsOf(const ScopeInput& input);

// Which of several statements on the same window may be made, given the posterior of each: at least
// kScopeSure, and of these, the surest first, as many as keep the mean of 1 - posterior at or below
// kFalseScopes. That mean is the expected share of wrong ones (Benjamini and Hochberg, JRSS B 57,
// 1995, in the Bayesian form of Mueller et al., JASA 99, 2004).
std::vector<bool> Stateable(absl::Span<const double> posteriors);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_SCOPE_H_
