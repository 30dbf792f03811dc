#include "collector/verdict/subsets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sightline {

// "Even over sizes, then over the subsets of a size" is Polya's urn: when j of the first i places
// have access, the next one has with probability (j + 1) / (i + 2). So one pass suffices that keeps
// the probability of every j. The larger probability of each place is taken out first: what
// underflows then is nothing beside the rest.
double LogMeanOverSubsets(absl::Span<const Place> places) {
  const double never = -std::numeric_limits<double>::infinity();
  const size_t n = places.size();
  if (n < 2) return never;
  double taken_out = 0;
  std::vector<double> by_size(n + 1);
  by_size[0] = 1;
  for (size_t i = 0; i < n; ++i) {
    const double larger = std::max(places[i].blocked, places[i].access);
    const double each = 1 / static_cast<double>(i + 2);
    const double blocked = std::exp(places[i].blocked - larger) * each;
    const double access = std::exp(places[i].access - larger) * each;
    taken_out += larger;
    for (size_t j = i + 1; j > 0; --j) {
      by_size[j] = by_size[j] * static_cast<double>(i + 1 - j) * blocked +
                   by_size[j - 1] * static_cast<double>(j) * access;
    }
    by_size[0] *= static_cast<double>(i + 1) * blocked;
  }
  // Without the empty subset and the whole, which are two of n + 1 sizes.
  double sum = 0;
  for (size_t j = 1; j < n; ++j) sum += by_size[j];
  if (sum <= 0) return never;
  const double others = static_cast<double>(n + 1) / static_cast<double>(n - 1);
  return taken_out + std::log(sum * others);
}

}  // namespace sightline
