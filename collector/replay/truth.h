// What is the case in a scenario, whatever anybody reports.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_TRUTH_H_
#define SIGHTLINE_COLLECTOR_REPLAY_TRUTH_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/replay/scenario.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// What is the case in a window, by the scenario's policies.
struct Truth {
  v1::Scope scope = v1::SCOPE_UNSPECIFIED;
  std::set<std::string> open_regions;  // where a share of kOpenShare or more reaches the target
  std::set<uint32_t> open_networks;    // likewise; filled when scope is BY_NETWORK
  std::map<std::string, double> rate;  // region -> share of users who reach it
  bool service_down = false;           // nobody does; scope is UNDETERMINED
};

// Below this share a few users reach a target, and nobody would call it open: the break-even of
// the change detector (statistics.md, c).
inline constexpr double kOpenShare = 0.4;

// Share of the users of one region and network who reach the target at that time: that of the last
// policy that applies, else the normal one. An outage of the service is not looked at.
double ShareOpen(const Scenario& scenario, const ScenarioTarget& target, absl::string_view region,
                 uint32_t asn, absl::Time time);

// Whether an outage makes the target unreachable everywhere.
bool ServiceIsDown(const Scenario& scenario, absl::string_view target_id, absl::Time time);

// A policy says what is the case; an expectation that covers the window and names a scope (the only
// one, or one that the policies do not give) overrides it.
Truth TruthAt(const Scenario& scenario, const std::string& target_id, absl::Time window_start);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_TRUTH_H_
