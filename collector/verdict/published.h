// What readers see of the votes on one target: regions and networks, none of them too small, and
// the cells that the scope rests on, which say no more than that. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_PUBLISHED_H_
#define SIGHTLINE_COLLECTOR_VERDICT_PUBLISHED_H_

#include <set>
#include <string>
#include <vector>

#include "collector/verdict/scope.h"
#include "collector/verdict/tally.h"
#include "common/regions.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Fills regions, networks, service_state, open_regions and blocked_regions of `verdict` from the
// votes, with every one of `regions` (ordered), and returns what the scope is told from: of each
// region that is listed with numbers, its listed networks, and the others together as one of asn 0.
// Where controls do not reach the target it returns no cells. `heard`: regions that anybody
// reported from.
ScopeInput Publish(const TargetTally& tally, const std::vector<std::string>& regions,
                   const std::set<std::string>& heard, const RegionNames& names,
                   v1::TargetVerdict& verdict);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_PUBLISHED_H_
