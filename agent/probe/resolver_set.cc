#include "agent/probe/resolver_set.h"

#include <utility>

#include "absl/status/status.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

absl::StatusOr<ResolverSet> MakeResolverSet(const v1::Plan& plan, const DestinationPolicy& policy,
                                            absl::string_view resolv_conf) {
  ResolverSet set;
  absl::Status refusal = absl::InvalidArgumentError("the plan names no resolver");
  for (const std::string& text : plan.resolvers()) {
    const absl::StatusOr<ResolverAddress> address = ParseResolver(text, policy);
    if (!address.ok()) {
      refusal = address.status();
    } else if (set.plan.size() < kPlanResolversMax) {
      set.plan.push_back({*address, text});
    }
  }
  if (set.plan.empty()) return refusal;
  if (plan.ask_system_resolver()) set.system = SystemResolver(resolv_conf);
  const absl::StatusOr<ResolverAddress> control = ParseResolver(plan.injection_control(), policy);
  if (control.ok()) set.injection_control = NamedResolver{*control, plan.injection_control()};
  for (const std::string& text : plan.forged_ranges()) {
    std::optional<AddressRange> range = ParseAddressRange(text);
    if (range.has_value()) set.forged_ranges.push_back(*std::move(range));
  }
  return set;
}

}  // namespace sightline::probe
