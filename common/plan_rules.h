#ifndef SIGHTLINE_COMMON_PLAN_RULES_H_
#define SIGHTLINE_COMMON_PLAN_RULES_H_

// The rules of ValidatePlan by topic, for common/plan*.cc only; others include plan.h. Pure. Each
// rule returns INVALID_ARGUMENT: the field, what is wrong with it and what to do.

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::plan_rules {

using NameSet = absl::flat_hash_set<absl::string_view>;

// Names that a plan defines, gathered on the way. Point into the plan.
struct PlanNames {
  NameSet root_sets;
  NameSet noise_profiles;
  NameSet targets;
  NameSet checks;
};

// plan_rules.cc: words that the other rules are made of.
absl::Status Wrong(absl::string_view field, absl::string_view rule);
// Lower-case letters, digits, - and _; 1 to 64 of them.
bool IsName(absl::string_view name);
bool HoldsAny(absl::string_view text, absl::string_view characters);
// A DNS name, or an IPv4 address that probes may go to.
absl::Status CheckHost(absl::string_view field, absl::string_view host);
// A literal address that probes may go to.
absl::Status CheckAddress(absl::string_view field, absl::string_view address);
// "ADDRESS:PORT" that probes may go to.
absl::Status CheckAddressAndPort(absl::string_view field, absl::string_view text);

// plan_rules.cc: version, times, countries, root sets, Noise profiles, budget.
absl::Status CheckFrame(const v1::Plan& plan, PlanNames& names);
// plan_network_rules.cc: resolvers, injection control, forged ranges, contrasts, echo services.
absl::Status CheckNetwork(const v1::Plan& plan);
// plan_target_rules.cc: targets, features, checks, captive portal.
absl::Status CheckTargets(const v1::Plan& plan, PlanNames& names);
// All but what depends on where the check stands.
absl::Status CheckOneCheck(const v1::Check& check, PlanNames& names);
// plan_storefront_rules.cc: storefronts, and that no other check counts entries. After
// CheckTargets.
absl::Status CheckStorefronts(const v1::Plan& plan, PlanNames& names);

}  // namespace sightline::plan_rules

#endif  // SIGHTLINE_COMMON_PLAN_RULES_H_
