#include "collector/replay/truth.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sightline {
namespace {

using Place = std::pair<std::string, uint32_t>;  // region, ASN

bool Holds(const std::vector<std::string>& all, absl::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// The word for the open places among all of `scenario`, as the verdict uses it.
v1::Scope ScopeOf(const Scenario& scenario, const std::set<Place>& open,
                  std::set<uint32_t>& open_networks) {
  const size_t networks = scenario.networks.size();
  if (open.empty()) return v1::SCOPE_NOWHERE;
  if (open.size() == scenario.regions.size() * networks) return v1::SCOPE_WIDESPREAD;
  if (open.size() == 1) return v1::SCOPE_ISOLATED;
  std::map<std::string, size_t> by_region;
  std::map<uint32_t, size_t> by_network;
  for (const auto& [region, asn] : open) {
    ++by_region[region];
    ++by_network[asn];
  }
  const auto all = [](const auto& counts, size_t whole) {
    return std::all_of(counts.begin(), counts.end(),
                       [&](const auto& entry) { return entry.second == whole; });
  };
  if (all(by_region, networks)) return v1::SCOPE_LOCAL;
  if (!all(by_network, scenario.regions.size())) return v1::SCOPE_MIXED;
  for (const auto& [asn, count] : by_network) open_networks.insert(asn);
  return v1::SCOPE_BY_NETWORK;
}

void Override(const Scenario& scenario, const std::string& target_id, absl::Time window_start,
              Truth& truth) {
  for (const Expectation& expectation : scenario.expectations) {
    if (expectation.target_id != target_id || expectation.scopes.empty() ||
        !expectation.period.Contains(window_start)) {
      continue;
    }
    const auto& scopes = expectation.scopes;
    if (std::find(scopes.begin(), scopes.end(), truth.scope) == scopes.end()) {
      truth.scope = scopes.front();
    }
    if (expectation.regions) {
      truth.open_regions = {expectation.regions->begin(), expectation.regions->end()};
    }
    if (expectation.networks) {
      truth.open_networks = {expectation.networks->begin(), expectation.networks->end()};
    }
  }
}

}  // namespace

double ShareOpen(const Scenario& scenario, const ScenarioTarget& target, absl::string_view region,
                 uint32_t asn, absl::Time time) {
  double share = target.open;
  for (const Policy& policy : scenario.policies) {
    if (!policy.period.Contains(time) || !Holds(policy.target_ids, target.target_id) ||
        !policy.area.Contains(region, asn)) {
      continue;
    }
    const double done = policy.ramp > absl::ZeroDuration()
                            ? absl::FDivDuration(time - policy.period.from, policy.ramp)
                            : 1;
    share = target.open + (policy.open - target.open) * std::min(1.0, done);
  }
  return share;
}

bool ServiceIsDown(const Scenario& scenario, absl::string_view target_id, absl::Time time) {
  return std::any_of(scenario.outages.begin(), scenario.outages.end(), [&](const Outage& outage) {
    return outage.kind == OutageKind::kService && outage.period.Contains(time) &&
           Holds(outage.target_ids, target_id);
  });
}

Truth TruthAt(const Scenario& scenario, const std::string& target_id, absl::Time window_start) {
  Truth truth;
  const ScenarioTarget* target = scenario.FindTarget(target_id);
  if (target == nullptr) return truth;
  const absl::Time middle = window_start + scenario.window_length / 2;
  truth.service_down = ServiceIsDown(scenario, target_id, middle);
  std::set<Place> open;
  for (const std::string& region : scenario.regions) {
    double& rate = truth.rate[region];
    for (const ScenarioNetwork& network : scenario.networks) {
      const double share =
          truth.service_down ? 0 : ShareOpen(scenario, *target, region, network.asn, middle);
      rate += network.share * share;
      if (share >= kOpenShare) open.insert({region, network.asn});
    }
    // Open in a region is open for a part of its networks, however small.
    if (open.lower_bound({region, 0}) != open.lower_bound({region, UINT32_MAX})) {
      truth.open_regions.insert(region);
    }
  }
  truth.scope =
      truth.service_down ? v1::SCOPE_UNDETERMINED : ScopeOf(scenario, open, truth.open_networks);
  Override(scenario, target_id, window_start, truth);
  return truth;
}

}  // namespace sightline
