// For whom a target is reachable: clear rules over the states of regions and of networks in them.
// Pure functions.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_SCOPE_H_
#define SIGHTLINE_COLLECTOR_VERDICT_SCOPE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

struct NetworkState {
  uint32_t asn = 0;
  v1::AccessState state = v1::ACCESS_STATE_UNKNOWN;
};

struct RegionState {
  std::string region;
  // Whether any agent of the region took part in the window.
  bool heard = false;
  v1::AccessState state = v1::ACCESS_STATE_UNKNOWN;
  std::vector<NetworkState> networks;  // those with enough buckets, by asn
};

struct ScopeVerdict {
  v1::Scope scope = v1::SCOPE_UNDETERMINED;
  // For BY_NETWORK, by asn.
  std::vector<uint32_t> open_networks;
  std::vector<uint32_t> blocked_networks;
  // For ISOLATED.
  std::string isolated_region;
  uint32_t isolated_network = 0;
};

// `failures_count`: whether a failure can be called blocking, that is, whether controls outside
// reach the target. A region is decided when it is OPEN, BLOCKED or PARTIAL; what is not decided
// decides nothing. The first rule that fits:
//
//  UNDETERMINED  no region decided, or fewer than half of the regions that were heard; when
//  failures
//                do not count, unless every region that was heard is OPEN.
//  BY_NETWORK    every network that is decided in two regions or more is OPEN in all of them or
//                BLOCKED in all of them, there are both kinds, and at least two regions hold both
//                kinds side by side.
//  ISOLATED      exactly one network of one region is OPEN or PARTIAL, another network of that
//  region
//                is BLOCKED, and so is every other decided region.
//  NOWHERE       every decided region is BLOCKED, and no network in one is OPEN or PARTIAL.
//  LOCAL         some decided regions are OPEN or PARTIAL, others BLOCKED.
//  WIDESPREAD    more than half of the decided regions are OPEN, the others PARTIAL, and no network
//                in them is BLOCKED.
//  MIXED         anything else.
ScopeVerdict ScopeOf(absl::Span<const RegionState> regions, bool failures_count);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_SCOPE_H_
