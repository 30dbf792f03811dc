#include "collector/verdict/reasons.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/verdict/posterior.h"

namespace sightline {
namespace {

std::vector<std::string> NamesIn(const v1::TargetVerdict& verdict, v1::AccessState state) {
  std::vector<std::string> names;
  for (const v1::RegionAccess& region : verdict.regions()) {
    if (region.access().state() == state) names.push_back(region.display_name());
  }
  return names;
}

// "1 region", "2 regions".
std::string Counted(size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

std::string Networks(const std::vector<uint32_t>& asns) {
  return absl::StrJoin(asns, ", ",
                       [](std::string* out, uint32_t asn) { absl::StrAppend(out, "AS", asn); });
}

// "Open in 2 of 6 regions (Beijing Shi, Shanghai Shi); blocked in 4."
std::string RegionsSentence(const v1::TargetVerdict& verdict) {
  const auto open = NamesIn(verdict, v1::ACCESS_STATE_OPEN);
  const auto partial = NamesIn(verdict, v1::ACCESS_STATE_PARTIAL);
  const size_t blocked = NamesIn(verdict, v1::ACCESS_STATE_BLOCKED).size();
  const size_t unknown = NamesIn(verdict, v1::ACCESS_STATE_UNKNOWN).size();
  const auto all = static_cast<size_t>(verdict.regions_size());
  std::string of_all = absl::StrCat(" of ", Counted(all, "region"));
  std::vector<std::string> parts;
  const auto add = [&](absl::string_view words, size_t count, const std::string& list) {
    if (count == 0) return;
    const std::string number = count == all && all > 1
                                   ? absl::StrCat("all ", Counted(all, "region"))
                                   : absl::StrCat(count, of_all);
    parts.push_back(absl::StrCat(words, " ", number, list));
    of_all.clear();  // said once
  };
  const auto listed = [&](const std::vector<std::string>& names) {
    if (names.size() == all) return std::string();
    return absl::StrCat(" (", absl::StrJoin(names, ", "), ")");
  };
  add("open in", open.size(), listed(open));
  add("open for some in", partial.size(), listed(partial));
  add("blocked in", blocked, "");
  add("not known in", unknown, "");
  if (parts.empty()) return "";
  std::string sentence = absl::StrCat(absl::StrJoin(parts, "; "), ".");
  sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  return sentence;
}

std::string ScopeSentence(const ScopeVerdict& scope, const RegionNames& names) {
  switch (scope.scope) {
    case v1::SCOPE_BY_NETWORK:
      return absl::StrCat("Open by network, not by region: through ", Networks(scope.open_networks),
                          "; blocked through ", Networks(scope.blocked_networks), ".");
    case v1::SCOPE_ISOLATED:
      return absl::StrCat("Open only through AS", scope.isolated_network, " in ",
                          names.NameOf(scope.isolated_region), ".");
    case v1::SCOPE_UNDETERMINED:
      return "The evidence of this window does not carry a statement on the whole country.";
    default:
      return "";
  }
}

// "16 of 48 origins reach it." Regions that are too small to be listed are left out: their number
// would otherwise follow by subtraction.
std::string OriginsSentence(const v1::TargetVerdict& verdict) {
  size_t open = 0;
  size_t all = 0;
  for (const v1::RegionAccess& region : verdict.regions()) {
    open += region.access().buckets_open();
    all += region.access().buckets_open() + region.access().buckets_blocked();
  }
  if (all == 0) return "";
  return absl::StrCat(open, " of ", Counted(all, "origin"),
                      open == 1 ? " reaches it." : " reach it.");
}

// Of the region whose statement is the easiest to reverse.
std::string FlipSentence(const v1::TargetVerdict& verdict) {
  const v1::RegionAccess* weakest = nullptr;
  for (const v1::RegionAccess& region : verdict.regions()) {
    const uint32_t cost = region.access().flip_cost();
    if (cost == 0) continue;
    if (weakest == nullptr || cost < weakest->access().flip_cost()) weakest = &region;
  }
  if (weakest == nullptr) return "";
  return absl::StrCat("It would take ", Counted(weakest->access().flip_cost(), "more origin"),
                      " to reverse this for ", weakest->display_name(),
                      verdict.regions_size() > 1 ? "; no region takes fewer." : ".");
}

std::string CauseSentence(const v1::TargetVerdict& verdict) {
  std::map<Cause, size_t> causes;
  for (const v1::RegionAccess& region : verdict.regions()) {
    const v1::Access& access = region.access();
    if (access.blocked_layer().empty()) continue;
    causes[{access.blocked_layer(), access.blocked_failure()}] += access.buckets_blocked();
  }
  const auto most =
      std::max_element(causes.begin(), causes.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == causes.end()) return "";
  const auto& [layer, failure] = most->first;
  return absl::StrCat("Where blocked, it fails first at ", layer,
                      failure.empty() ? "" : absl::StrCat(" (", failure, ")"), ".");
}

std::string ControlsSentence(const TargetTally& tally, const v1::TargetVerdict& verdict) {
  const std::string count =
      absl::StrCat(tally.controls_reached, " of ", Counted(tally.controls_decided, "control"));
  switch (tally.outside) {
    case Contrast::kReached:
      return absl::StrCat("Controls outside reach it (", count, ").");
    case Contrast::kUnknown:
      return "No control outside reported on it, so a failure is not called blocking.";
    case Contrast::kNotReached:
      break;
  }
  if (verdict.service_state() == v1::SERVICE_STATE_DOWN) {
    return absl::StrCat(
        "The service itself seems to be down: most controls outside do not reach it"
        " (",
        count, " do), so nothing is said about blocking.");
  }
  return absl::StrCat("Most controls outside do not reach it (", count,
                      " do) although origins inside do, so a failure is not called blocking.");
}

absl::string_view Why(Ruling ruling) {
  switch (ruling) {
    case Ruling::kOwnOutage:
      return "their own line was out: no domestic service answered either";
    case Ruling::kNoAnchor:
      return "they tried no other domestic service to compare with";
    case Ruling::kServiceDown:
      return "the service itself did not work";
    case Ruling::kNoControl:
      return "no control outside reported on the service";
    case Ruling::kUndecided:
      return "their checks came to no result";
    case Ruling::kCountryMismatch:
      return "they were seen in another country than they declared";
    case Ruling::kRegionConflict:
      return "they share an origin with an earlier agent of another region";
    case Ruling::kRegionNotListed:
      return "the plan no longer lists their region";
    case Ruling::kBypassing:
      return "they report from behind a VPN or proxy";
    case Ruling::kInstrumentBug:
      return "their version of the program fails where other versions do not";
    case Ruling::kOpen:
    case Ruling::kBlocked:
      break;
  }
  return "they were counted elsewhere";
}

std::string WithoutVoteSentence(Ruling ruling, uint32_t agents) {
  const std::string count =
      agents < kBucketsMin ? absl::StrCat("Fewer than ", kBucketsMin) : absl::StrCat(agents);
  return absl::StrCat(count, " agents did not count, because ", Why(ruling), ".");
}

}  // namespace

void AddReasons(const TargetTally& tally, const ScopeVerdict& scope, const RegionNames& names,
                v1::TargetVerdict& verdict) {
  std::vector<std::string> sentences = {
      ScopeSentence(scope, names), RegionsSentence(verdict), OriginsSentence(verdict),
      FlipSentence(verdict),       CauseSentence(verdict),   ControlsSentence(tally, verdict)};
  for (const auto& [ruling, agents] : tally.without_vote) {
    sentences.push_back(WithoutVoteSentence(ruling, agents));
  }
  for (std::string& sentence : sentences) {
    if (!sentence.empty()) verdict.add_reasons(std::move(sentence));
  }
}

}  // namespace sightline
