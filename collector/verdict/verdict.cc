#include "collector/verdict/verdict.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "collector/verdict/access.h"
#include "collector/verdict/privacy.h"
#include "collector/verdict/reasons.h"
#include "collector/verdict/scope.h"
#include "collector/verdict/tally.h"
#include "common/message.h"

namespace sightline {
namespace {

using ByNetwork = std::map<uint32_t, Evidence>;  // by asn; 0 is unknown and never listed

std::vector<std::string> RegionsOf(const v1::Plan& plan, absl::string_view country) {
  std::vector<std::string> regions;
  for (const v1::CountryRegions& entry : plan.countries()) {
    if (absl::string_view(entry.country()) != country) continue;
    regions.insert(regions.end(), entry.regions().begin(), entry.regions().end());
  }
  std::sort(regions.begin(), regions.end());
  return regions;
}

// The networks of `cells` that may be listed beside their sum.
std::vector<uint32_t> ListedNetworks(const ByNetwork& cells) {
  std::vector<uint32_t> asns;
  std::vector<uint32_t> sizes;
  uint32_t unlisted = 0;
  for (const auto& [asn, evidence] : cells) {
    if (asn == 0) {
      unlisted += evidence.votes.buckets;
      continue;
    }
    asns.push_back(asn);
    sizes.push_back(evidence.votes.buckets);
  }
  const std::vector<bool> listed = Publishable(sizes, unlisted);
  std::vector<uint32_t> result;
  for (size_t i = 0; i < asns.size(); ++i) {
    if (listed[i]) result.push_back(asns[i]);
  }
  return result;
}

// Cells that readers see one by one, and those that they see only merged into something larger.
struct Published {
  ByNetwork listed;
  ByNetwork merged;
  uint32_t hidden_region_buckets = 0;
};

v1::RegionAccess MakeRegion(const std::string& region, const ByNetwork& cells, bool heard,
                            const TargetTally& tally, const RegionNames& names,
                            Published& published) {
  v1::RegionAccess result;
  result.set_region(region);
  result.set_display_name(names.NameOf(region));
  Evidence sum;
  for (const auto& [asn, evidence] : cells) sum.Add(evidence);
  *result.mutable_access() = AccessOf(sum, tally.outside);
  const bool visible = sum.votes.buckets >= kBucketsMin;
  if (!visible) {
    published.hidden_region_buckets += sum.votes.buckets;
    if (heard && tally.outside == Contrast::kNotReached) {
      result.mutable_access()->set_state(v1::ACCESS_STATE_DOWN);
    }
  }
  const std::vector<uint32_t> listed = visible ? ListedNetworks(cells) : std::vector<uint32_t>();
  for (const auto& [asn, evidence] : cells) {
    if (!std::binary_search(listed.begin(), listed.end(), asn)) {
      published.merged[asn].Add(evidence);
      continue;
    }
    published.listed[asn].Add(evidence);
    v1::NetworkAccess& network = *result.add_networks();
    network.set_asn(asn);
    *network.mutable_access() = AccessOf(evidence, tally.outside);
  }
  return result;
}

// Networks across regions: the cells listed under regions, and the merged ones where there are
// enough of them that nobody can subtract his way to a small one.
void AddNetworks(const Published& published, Contrast outside, v1::TargetVerdict& verdict) {
  ByNetwork networks = published.listed;
  for (const uint32_t asn : ListedNetworks(published.merged)) {
    networks[asn].Add(published.merged.at(asn));
  }
  for (const auto& [asn, evidence] : networks) {
    v1::NetworkAccess& network = *verdict.add_networks();
    network.set_asn(asn);
    *network.mutable_access() = AccessOf(evidence, outside);
  }
}

bool AnyOpen(const v1::TargetVerdict& verdict) {
  return std::any_of(verdict.regions().begin(), verdict.regions().end(), [](const auto& region) {
    return region.access().state() == v1::ACCESS_STATE_OPEN;
  });
}

// Where origins inside reach a service that controls outside do not, the controls are wrong about
// it: then neither word is used, and what is not open is not known.
v1::ServiceState JudgeService(Contrast outside, v1::TargetVerdict& verdict) {
  if (outside == Contrast::kReached) return v1::SERVICE_STATE_UP;
  if (outside == Contrast::kUnknown) return v1::SERVICE_STATE_UNKNOWN;
  if (!AnyOpen(verdict)) return v1::SERVICE_STATE_DOWN;
  const auto unknown = [](v1::Access& access) {
    if (access.state() == v1::ACCESS_STATE_DOWN) access.set_state(v1::ACCESS_STATE_UNKNOWN);
  };
  for (v1::RegionAccess& region : *verdict.mutable_regions()) {
    unknown(*region.mutable_access());
    for (v1::NetworkAccess& network : *region.mutable_networks()) {
      unknown(*network.mutable_access());
    }
  }
  for (v1::NetworkAccess& network : *verdict.mutable_networks()) {
    unknown(*network.mutable_access());
  }
  return v1::SERVICE_STATE_UNKNOWN;
}

std::vector<RegionState> StatesOf(const v1::TargetVerdict& verdict,
                                  const std::set<std::string>& heard) {
  std::vector<RegionState> states;
  for (const v1::RegionAccess& region : verdict.regions()) {
    RegionState state;
    state.region = region.region();
    state.heard = heard.contains(region.region());
    state.state = region.access().state();
    for (const v1::NetworkAccess& network : region.networks()) {
      state.networks.push_back({network.asn(), network.access().state()});
    }
    states.push_back(std::move(state));
  }
  return states;
}

v1::TargetVerdict JudgeTarget(const v1::Target& target, const std::vector<std::string>& regions,
                              const Roster& roster, const TargetTally& tally,
                              const RegionNames& names) {
  std::map<std::string, ByNetwork> cells;
  for (const auto& [key, evidence] : tally.cells) cells[key.first].emplace(key.second, evidence);
  v1::TargetVerdict verdict;
  verdict.set_target_id(target.target_id());
  verdict.set_display_name(target.display_name());
  verdict.set_kind(target.kind());
  Published published;
  for (const std::string& region : regions) {
    *verdict.add_regions() = MakeRegion(
        region, cells[region], roster.regions_heard.contains(region), tally, names, published);
  }
  AddNetworks(published, tally.outside, verdict);
  verdict.set_service_state(JudgeService(tally.outside, verdict));
  const ScopeVerdict scope =
      ScopeOf(StatesOf(verdict, roster.regions_heard), tally.outside == Contrast::kReached);
  verdict.set_scope(scope.scope);
  verdict.mutable_open_networks()->Add(scope.open_networks.begin(), scope.open_networks.end());
  for (const v1::RegionAccess& region : verdict.regions()) {
    const v1::AccessState state = region.access().state();
    if (state == v1::ACCESS_STATE_OPEN || state == v1::ACCESS_STATE_PARTIAL) {
      verdict.add_open_regions(region.region());
    }
  }
  AddReasons(tally, scope, names, verdict);
  return verdict;
}

}  // namespace

Judgement JudgeWithTallies(const Window& window, const v1::Plan& plan, absl::string_view country,
                           const RegionNames& names) {
  Judgement judgement;
  v1::GetSummaryResponse& response = judgement.summary;
  response.set_country(std::string(country));
  *response.mutable_window_start_time() = ToProto(window.start);
  *response.mutable_window_length() = ToProto(window.length);
  response.set_ruleset_version(std::string(kRulesetVersion));
  const std::vector<std::string> regions = RegionsOf(plan, country);
  const Roster roster = MakeRoster(window, plan, country);
  std::map<std::string, const v1::Target*> targets;
  for (const v1::Target& target : plan.targets()) targets.emplace(target.target_id(), &target);
  for (const auto& [target_id, target] : targets) {
    judgement.tallies.push_back(TallyTarget(roster, target_id));
    *response.add_verdicts() =
        JudgeTarget(*target, regions, roster, judgement.tallies.back(), names);
  }
  return judgement;
}

v1::GetSummaryResponse Judge(const Window& window, const v1::Plan& plan, absl::string_view country,
                             const RegionNames& names) {
  return JudgeWithTallies(window, plan, country, names).summary;
}

}  // namespace sightline
