// The sentences under a verdict. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_REASONS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_REASONS_H_

#include "collector/verdict/scope.h"
#include "collector/verdict/tally.h"
#include "common/regions.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Appends to `verdict->reasons`, most important first, whole English sentences that follow from the
// rest of the verdict: for whom it is open, how many origins say so, what it would take to reverse
// it, at which layer it fails, what the controls say and whose observations did not count. Numbers
// of regions and networks that are not published do not appear, and numbers of agents under
// kBucketsMin only as "fewer than".
void AddReasons(const TargetTally& tally, const ScopeVerdict& scope, const RegionNames& names,
                v1::TargetVerdict& verdict);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_REASONS_H_
