#include "collector/verdict/subsets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sightline {
namespace {

constexpr double kHalf = 0.5;  // both parameters of the prior

}  // namespace

// The prior is Polya's urn: when j of the first i places have access, the next one has with
// probability (j + 1/2) / (i + 1). So one pass suffices that keeps the probability of every j. The
// larger probability of each place is taken out first: what underflows then is nothing beside the
// rest.
double LogMeanOverSubsets(absl::Span<const Place> places) {
  const double never = -std::numeric_limits<double>::infinity();
  const size_t n = places.size();
  if (n < 2) return never;
  double taken_out = 0;
  double none = 1;  // prior probability of the empty subset, and of the whole
  std::vector<double> by_size(n + 1);
  by_size[0] = 1;
  for (size_t i = 0; i < n; ++i) {
    const double larger = std::max(places[i].blocked, places[i].access);
    const double all = static_cast<double>(i) + 2 * kHalf;
    const bool open = places[i].access > places[i].blocked;
    const double lesser = std::exp(std::min(places[i].blocked, places[i].access) - larger) / all;
    const double blocked = open ? lesser : 1 / all;
    const double access = open ? 1 / all : lesser;
    taken_out += larger;
    none *= (static_cast<double>(i) + kHalf) / all;
    for (size_t j = i + 1; j > 0; --j) {
      const double stays = j > i ? 0 : (static_cast<double>(i - j) + kHalf) * blocked;
      const double joins = (static_cast<double>(j - 1) + kHalf) * access;
      by_size[j] = by_size[j] * stays + by_size[j - 1] * joins;
    }
    by_size[0] *= (static_cast<double>(i) + kHalf) * blocked;
  }
  double sum = 0;
  for (size_t j = 1; j < n; ++j) sum += by_size[j];
  if (sum <= 0) return never;
  return taken_out + std::log(sum / (1 - 2 * none));
}

}  // namespace sightline
