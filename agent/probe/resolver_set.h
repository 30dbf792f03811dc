#ifndef SIGHTLINE_AGENT_PROBE_RESOLVER_SET_H_
#define SIGHTLINE_AGENT_PROBE_RESOLVER_SET_H_

// Whom to ask about names. Pure; thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/probe/destination.h"

namespace sightline::v1 {
class Plan;
}  // namespace sightline::v1

namespace sightline::probe {

// The first, and those asked when its answer is missing or suspicious.
inline constexpr size_t kPlanResolversMax = 4;

// A resolver and how the evidence names it.
struct NamedResolver {
  ResolverAddress address;
  // "ADDRESS:PORT" of the plan, or "system".
  std::string name;
};

// Whom to ask, the same for every name of a round.
struct ResolverSet {
  // Of the plan, in its order, at least one and at most kPlanResolversMax; the first is asked about
  // every name.
  std::vector<NamedResolver> plan;
  // As the machine is configured, whatever its address; absent when the plan does not want it.
  std::optional<NamedResolver> system;
  // Where no resolver lives; absent when the plan names none.
  std::optional<NamedResolver> injection_control;
  // Ranges that forged answers are known to hold, in the plan's order.
  std::vector<AddressRange> forged_ranges;
};

// Of a plan and a resolv.conf(5) text, which counts only when the plan asks the system resolver.
// Every address but the system resolver's must pass the policy. An entry that is not usable is left
// out; INVALID_ARGUMENT when no resolver of the plan is left.
absl::StatusOr<ResolverSet> MakeResolverSet(const v1::Plan& plan, const DestinationPolicy& policy,
                                            absl::string_view resolv_conf);

// The first "nameserver" of a resolv.conf(5) text that is an address without a zone, at port 53;
// nullopt when there is none. Options do not count.
std::optional<NamedResolver> SystemResolver(absl::string_view resolv_conf);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_RESOLVER_SET_H_
