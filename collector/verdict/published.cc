#include "collector/verdict/published.h"

#include <algorithm>
#include <map>

#include "collector/verdict/access.h"
#include "collector/verdict/privacy.h"

namespace sightline {
namespace {

using ByNetwork = std::map<uint32_t, Evidence>;  // by asn; 0 is unknown and never listed

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
};

Evidence SumOf(const ByNetwork& cells) {
  Evidence sum;
  for (const auto& [asn, evidence] : cells) sum.Add(evidence);
  return sum;
}

// Origins that bypass or are suspected are counted by region only: of networks their number in what
// is not listed would follow by subtraction.
v1::NetworkAccess MakeNetwork(uint32_t asn, const Evidence& evidence, const Contrasts& contrasts) {
  v1::NetworkAccess network;
  network.set_asn(asn);
  *network.mutable_access() = AccessOf(evidence, contrasts);
  network.mutable_access()->clear_buckets_bypassing();
  network.mutable_access()->clear_buckets_suspected();
  return network;
}

v1::RegionAccess MakeRegion(const std::string& region, const ByNetwork& cells, bool heard,
                            const Contrasts& contrasts, const RegionNames& names,
                            Published& published) {
  v1::RegionAccess result;
  result.set_region(region);
  result.set_display_name(names.NameOf(region));
  const Evidence sum = SumOf(cells);
  *result.mutable_access() = AccessOf(sum, contrasts);
  const bool visible = sum.votes.buckets >= kBucketsMin;
  if (!visible && heard && contrasts.outside == Contrast::kNotReached) {
    result.mutable_access()->set_state(v1::ACCESS_STATE_DOWN);
  }
  const bool disputed = result.access().state() == v1::ACCESS_STATE_DISPUTED;
  const std::vector<uint32_t> listed =
      visible && !disputed ? ListedNetworks(cells) : std::vector<uint32_t>();
  for (const auto& [asn, evidence] : cells) {
    if (!std::binary_search(listed.begin(), listed.end(), asn)) {
      published.merged[asn].Add(evidence);
      continue;
    }
    published.listed[asn].Add(evidence);
    *result.add_networks() = MakeNetwork(asn, evidence, contrasts);
  }
  return result;
}

// The networks that `region` lists, and the others of it together.
void AddScopeCells(size_t index, const v1::RegionAccess& region, const ByNetwork& cells,
                   ScopeInput& input) {
  const v1::AccessState state = region.access().state();
  const uint32_t voted = region.access().buckets_open() + region.access().buckets_blocked();
  if (voted == 0 || state == v1::ACCESS_STATE_DISPUTED) return;
  Evidence others;
  auto listed = region.networks().begin();
  for (const auto& [asn, evidence] : cells) {
    if (listed != region.networks().end() && listed->asn() == asn) {
      input.cells.push_back({index, asn, evidence.votes});
      ++listed;
    } else {
      others.Add(evidence);
    }
  }
  if (others.votes.buckets > 0) input.cells.push_back({index, 0, others.votes});
}

// Networks across regions: the cells listed under regions, and the merged ones where there are
// enough of them that nobody can subtract his way to a small one.
void AddNetworks(const Published& published, const Contrasts& contrasts,
                 v1::TargetVerdict& verdict) {
  ByNetwork networks = published.listed;
  for (const uint32_t asn : ListedNetworks(published.merged)) {
    networks[asn].Add(published.merged.at(asn));
  }
  for (const auto& [asn, evidence] : networks) {
    *verdict.add_networks() = MakeNetwork(asn, evidence, contrasts);
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

void NameRegions(v1::TargetVerdict& verdict) {
  for (const v1::RegionAccess& region : verdict.regions()) {
    const v1::AccessState state = region.access().state();
    if (state == v1::ACCESS_STATE_OPEN || state == v1::ACCESS_STATE_PARTIAL) {
      verdict.add_open_regions(region.region());
    } else if (state == v1::ACCESS_STATE_BLOCKED) {
      verdict.add_blocked_regions(region.region());
    }
  }
}

}  // namespace

ScopeInput Publish(const TargetTally& tally, const std::vector<std::string>& regions,
                   const std::set<std::string>& heard, const RegionNames& names,
                   v1::TargetVerdict& verdict) {
  Contrasts contrasts;
  contrasts.outside = tally.outside;
  for (const InstrumentBug& bug : tally.instrument_bugs) contrasts.disputed |= bug.disputed;
  std::map<std::string, ByNetwork> cells;
  for (const auto& [key, evidence] : tally.cells) cells[key.first].emplace(key.second, evidence);
  Published published;
  ScopeInput input;
  input.regions = regions.size();
  for (size_t i = 0; i < regions.size(); ++i) {
    const ByNetwork& own = cells[regions[i]];
    v1::RegionAccess& region = *verdict.add_regions();
    region = MakeRegion(regions[i], own, heard.contains(regions[i]), contrasts, names, published);
    if (tally.outside == Contrast::kReached) AddScopeCells(i, region, own, input);
  }
  AddNetworks(published, contrasts, verdict);
  verdict.set_service_state(JudgeService(tally.outside, verdict));
  NameRegions(verdict);
  return input;
}

}  // namespace sightline
