// The sentences under a verdict. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_REASONS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_REASONS_H_

#include <optional>

#include "collector/verdict/scope.h"
#include "collector/verdict/tally.h"
#include "common/regions.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// What the sentences are made from, besides the verdict itself. Nothing is owned.
struct ReasonParts {
  const TargetTally& tally;
  const std::optional<ScopeOdds>& odds;
  const RegionNames& names;
  const v1::GetSummaryResponse& window;  // the verdicts on all targets, scopes included
};

// Appends to `verdict->reasons`, most important first, whole English sentences that follow from the
// rest of the verdict: for whom it is open, how many origins say so, what it would take to reverse
// it, which other services are blocked in the same places, at which layer it fails, what the
// controls say and whose observations did not count. Numbers of regions and networks that are not
// published do not appear, and numbers of agents under kBucketsMin only as "fewer than".
void AddReasons(const ReasonParts& parts, v1::TargetVerdict& verdict);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_REASONS_H_
