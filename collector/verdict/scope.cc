#include "collector/verdict/scope.h"

#include <algorithm>
#include <map>

namespace sightline {
namespace {

bool SomeAccess(v1::AccessState state) {
  return state == v1::ACCESS_STATE_OPEN || state == v1::ACCESS_STATE_PARTIAL;
}

// In how many regions or cells something is in each state.
struct Tally {
  size_t open = 0;
  size_t partial = 0;
  size_t blocked = 0;

  void Add(v1::AccessState state) {
    open += state == v1::ACCESS_STATE_OPEN ? 1 : 0;
    partial += state == v1::ACCESS_STATE_PARTIAL ? 1 : 0;
    blocked += state == v1::ACCESS_STATE_BLOCKED ? 1 : 0;
  }
  size_t decided() const { return open + partial + blocked; }
};

bool EnoughDecided(absl::Span<const RegionState> regions, const Tally& tally, bool failures_count) {
  const auto heard = static_cast<size_t>(
      std::count_if(regions.begin(), regions.end(), [](const RegionState& r) { return r.heard; }));
  if (tally.decided() == 0 || 2 * tally.decided() < heard) return false;
  return failures_count || tally.open == heard;
}

bool Contains(const std::vector<uint32_t>& sorted, uint32_t asn) {
  return std::binary_search(sorted.begin(), sorted.end(), asn);
}

bool HoldsBothKinds(const RegionState& region, const ScopeVerdict& split) {
  bool open = false;
  bool blocked = false;
  for (const NetworkState& network : region.networks) {
    open |= network.state == v1::ACCESS_STATE_OPEN && Contains(split.open_networks, network.asn);
    blocked |=
        network.state == v1::ACCESS_STATE_BLOCKED && Contains(split.blocked_networks, network.asn);
  }
  return open && blocked;
}

bool IsByNetwork(absl::Span<const RegionState> regions, ScopeVerdict& verdict) {
  std::map<uint32_t, Tally> networks;
  for (const RegionState& region : regions) {
    for (const NetworkState& network : region.networks) networks[network.asn].Add(network.state);
  }
  ScopeVerdict split;
  for (const auto& [asn, tally] : networks) {
    if (tally.decided() < 2) continue;  // cannot tell the network from the region
    if (tally.open == tally.decided()) {
      split.open_networks.push_back(asn);
    } else if (tally.blocked == tally.decided()) {
      split.blocked_networks.push_back(asn);
    } else {
      return false;
    }
  }
  const auto both = std::count_if(regions.begin(), regions.end(), [&](const RegionState& region) {
    return HoldsBothKinds(region, split);
  });
  if (both < 2) return false;
  verdict.open_networks = split.open_networks;
  verdict.blocked_networks = split.blocked_networks;
  return true;
}

bool IsIsolated(absl::Span<const RegionState> regions, ScopeVerdict& verdict) {
  const RegionState* home = nullptr;
  uint32_t network_with_access = 0;
  for (const RegionState& region : regions) {
    bool access_by_network = false;
    for (const NetworkState& network : region.networks) {
      if (!SomeAccess(network.state)) continue;
      if (home != nullptr) return false;
      home = &region;
      network_with_access = network.asn;
      access_by_network = true;
    }
    if (SomeAccess(region.state) && !access_by_network) return false;
  }
  if (home == nullptr) return false;
  const bool contrast = std::any_of(
      home->networks.begin(), home->networks.end(),
      [](const NetworkState& network) { return network.state == v1::ACCESS_STATE_BLOCKED; });
  const bool blocked_elsewhere =
      std::any_of(regions.begin(), regions.end(), [&](const RegionState& region) {
        return &region != home && region.state == v1::ACCESS_STATE_BLOCKED;
      });
  if (!contrast || !blocked_elsewhere) return false;
  verdict.isolated_region = home->region;
  verdict.isolated_network = network_with_access;
  return true;
}

// Whether any network of a region is in one of the states that `wanted` accepts.
bool AnyNetwork(absl::Span<const RegionState> regions, bool (*wanted)(v1::AccessState)) {
  return std::any_of(regions.begin(), regions.end(), [&](const RegionState& region) {
    return std::any_of(region.networks.begin(), region.networks.end(),
                       [&](const NetworkState& network) { return wanted(network.state); });
  });
}

}  // namespace

ScopeVerdict ScopeOf(absl::Span<const RegionState> regions, bool failures_count) {
  Tally tally;
  for (const RegionState& region : regions) tally.Add(region.state);
  ScopeVerdict verdict;
  if (!EnoughDecided(regions, tally, failures_count)) return verdict;
  if (IsByNetwork(regions, verdict)) {
    verdict.scope = v1::SCOPE_BY_NETWORK;
  } else if (IsIsolated(regions, verdict)) {
    verdict.scope = v1::SCOPE_ISOLATED;
  } else if (tally.blocked == tally.decided() && !AnyNetwork(regions, SomeAccess)) {
    verdict.scope = v1::SCOPE_NOWHERE;
  } else if (tally.blocked > 0 && tally.blocked < tally.decided()) {
    verdict.scope = v1::SCOPE_LOCAL;
  } else if (tally.blocked == 0 && 2 * tally.open > tally.decided() &&
             !AnyNetwork(regions,
                         [](v1::AccessState s) { return s == v1::ACCESS_STATE_BLOCKED; })) {
    verdict.scope = v1::SCOPE_WIDESPREAD;
  } else {
    verdict.scope = v1::SCOPE_MIXED;
  }
  return verdict;
}

}  // namespace sightline
