#include "collector/cli/headline.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

constexpr size_t kNamesMax = 6;
constexpr double kWorthSaying = 0.01;

const std::string& NameOf(const v1::RegionAccess& region) {
  return region.display_name().empty() ? region.region() : region.display_name();
}

std::vector<std::string> RegionsIn(const v1::TargetVerdict& verdict, v1::AccessState state) {
  std::vector<std::string> names;
  for (const v1::RegionAccess& region : verdict.regions()) {
    if (region.access().state() == state) names.push_back(NameOf(region));
  }
  return names;
}

// At most kNamesMax names, then how many more there are.
std::string List(std::vector<std::string> names) {
  if (names.size() <= kNamesMax) return absl::StrJoin(names, ", ");
  const size_t more = names.size() - (kNamesMax - 1);
  names.resize(kNamesMax - 1);
  return absl::StrCat(absl::StrJoin(names, ", "), " and ", more, " more");
}

std::string CountOf(size_t count, int all) {
  if (count == static_cast<size_t>(all)) {
    return all == 1 ? "the only region" : absl::StrCat("all ", all, " regions");
  }
  return absl::StrCat(count, " of ", all, all == 1 ? " region" : " regions");
}

// "; 2 without enough evidence, 1 disputed", or nothing.
std::string Silent(const v1::TargetVerdict& verdict) {
  const size_t unknown = RegionsIn(verdict, v1::ACCESS_STATE_UNKNOWN).size();
  const size_t disputed = RegionsIn(verdict, v1::ACCESS_STATE_DISPUTED).size();
  std::vector<std::string> parts;
  if (unknown > 0) parts.push_back(absl::StrCat(unknown, " without enough evidence"));
  if (disputed > 0) parts.push_back(absl::StrCat(disputed, " disputed"));
  return parts.empty() ? "" : absl::StrCat("; ", absl::StrJoin(parts, ", "));
}

std::string SomeRegions(const v1::TargetVerdict& verdict) {
  const std::vector<std::string> open = RegionsIn(verdict, v1::ACCESS_STATE_OPEN);
  const std::vector<std::string> partial = RegionsIn(verdict, v1::ACCESS_STATE_PARTIAL);
  std::string text;
  if (!open.empty()) text = absl::StrCat("open in ", List(open));
  if (!partial.empty()) {
    absl::StrAppend(&text, open.empty() ? "open for some in " : ", for some in ", List(partial));
  }
  return absl::StrCat(text, " (", open.size() + partial.size(), " of ", verdict.regions_size(),
                      " regions)", Silent(verdict));
}

std::string EveryRegion(const v1::TargetVerdict& verdict, v1::AccessState state,
                        absl::string_view word) {
  return absl::StrCat(word, " in ",
                      CountOf(RegionsIn(verdict, state).size(), verdict.regions_size()),
                      Silent(verdict));
}

// The one network of the one region that is open.
std::string OneNetwork(const v1::TargetVerdict& verdict) {
  for (const v1::RegionAccess& region : verdict.regions()) {
    for (const v1::NetworkAccess& network : region.networks()) {
      if (network.access().state() == v1::ACCESS_STATE_OPEN) {
        return absl::StrCat("open through AS", network.asn(), " in ", NameOf(region), " only",
                            Silent(verdict));
      }
    }
  }
  return absl::StrCat("open through a single network in ",
                      absl::StrJoin(verdict.open_regions(), ", "), Silent(verdict));
}

std::string SomeNetworks(const v1::TargetVerdict& verdict) {
  std::vector<std::string> open;
  std::vector<std::string> blocked;
  for (const uint32_t asn : verdict.open_networks()) open.push_back(absl::StrCat("AS", asn));
  for (const v1::NetworkAccess& network : verdict.networks()) {
    if (network.access().state() == v1::ACCESS_STATE_BLOCKED) {
      blocked.push_back(absl::StrCat("AS", network.asn()));
    }
  }
  std::string text = absl::StrCat("open through ", List(open));
  if (!blocked.empty()) absl::StrAppend(&text, ", blocked through ", List(blocked));
  return absl::StrCat(text, ", across regions", Silent(verdict));
}

std::string Undetermined(const v1::TargetVerdict& verdict) {
  switch (verdict.service_state()) {
    case v1::SERVICE_STATE_DOWN:
      return "the service itself is down: nothing can be said about blocking";
    case v1::SERVICE_STATE_UNKNOWN:
      return "no control tells whether the service is up: nothing can be said about blocking";
    default:
      return absl::StrCat("the evidence does not carry a statement", Silent(verdict));
  }
}

}  // namespace

std::string Headline(const v1::TargetVerdict& verdict) {
  switch (verdict.scope()) {
    case v1::SCOPE_NOWHERE:
      return EveryRegion(verdict, v1::ACCESS_STATE_BLOCKED, "blocked");
    case v1::SCOPE_WIDESPREAD:
      return EveryRegion(verdict, v1::ACCESS_STATE_OPEN, "open");
    case v1::SCOPE_ISOLATED:
      return OneNetwork(verdict);
    case v1::SCOPE_BY_NETWORK:
      return SomeNetworks(verdict);
    case v1::SCOPE_LOCAL:
      return SomeRegions(verdict);
    case v1::SCOPE_MIXED:
      return absl::StrCat(SomeRegions(verdict), ", without a clear pattern");
    default:
      return Undetermined(verdict);
  }
}

std::string Certainty(const v1::TargetVerdict& verdict) {
  std::vector<v1::ScopePosterior> scopes(verdict.scope_posteriors().begin(),
                                         verdict.scope_posteriors().end());
  std::stable_sort(scopes.begin(), scopes.end(), [](const auto& one, const auto& other) {
    return one.posterior() > other.posterior();
  });
  std::vector<std::string> parts;
  for (const v1::ScopePosterior& each : scopes) {
    if (each.posterior() < kWorthSaying) break;
    // Never rounded up to a certainty that nobody has.
    parts.push_back(
        absl::StrFormat("%s %.2f", ShortName(each.scope()), std::min(each.posterior(), 0.99)));
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace sightline::cli
