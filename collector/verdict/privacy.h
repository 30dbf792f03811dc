// Which cells may be listed beside their total without giving away a small one. Pure function.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_PRIVACY_H_
#define SIGHTLINE_COLLECTOR_VERDICT_PRIVACY_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace sightline {

// True for each of `sizes` that may be listed when the sum of them all and of `unlisted` is public
// too. A cell under kBucketsMin is not listed. Nor is the smallest of the others (of equal ones the
// last) as long as subtraction would leave a rest above 0 and under kBucketsMin.
std::vector<bool> Publishable(absl::Span<const uint32_t> sizes, uint32_t unlisted);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_PRIVACY_H_
