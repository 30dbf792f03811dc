#include "collector/verdict/reasons.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "collector/verdict/posterior.h"
#include "collector/verdict/words.h"
#include "common/message.h"

namespace sightline {
namespace {

// More regions than this are counted and not named.
constexpr size_t kNamesMax = 12;

std::vector<std::string> NamesIn(const v1::TargetVerdict& verdict, v1::AccessState state) {
  std::vector<std::string> names;
  for (const v1::RegionAccess& region : verdict.regions()) {
    if (region.access().state() == state) names.push_back(region.display_name());
  }
  return names;
}

std::string Networks(const std::vector<uint32_t>& asns) {
  return absl::StrJoin(asns, ", ",
                       [](std::string* out, uint32_t asn) { absl::StrAppend(out, "AS", asn); });
}

bool HasAccess(v1::AccessState state) {
  return state == v1::ACCESS_STATE_OPEN || state == v1::ACCESS_STATE_PARTIAL;
}

// " on both networks", when every region with access lists as many networks, all with access.
std::string OnNetworks(const v1::TargetVerdict& verdict) {
  int networks = 0;
  for (const v1::RegionAccess& region : verdict.regions()) {
    if (!HasAccess(region.access().state())) continue;
    if (networks != 0 && region.networks_size() != networks) return "";
    networks = region.networks_size();
    const bool all = std::all_of(region.networks().begin(), region.networks().end(),
                                 [](const auto& n) { return HasAccess(n.access().state()); });
    if (!all || networks < 2) return "";
  }
  if (networks == 0) return "";
  return networks == 2 ? " on both networks" : absl::StrCat(" on all ", networks, " networks");
}

// "Open in 2 of 6 regions (Beijing Shi, Shanghai Shi) on both networks; blocked in 4."
std::string RegionsSentence(const v1::TargetVerdict& verdict) {
  const auto all = static_cast<size_t>(verdict.regions_size());
  std::string of_all = absl::StrCat(" of ", NumberOf(all, "region"));
  std::vector<std::string> parts;
  const auto add = [&](absl::string_view words, v1::AccessState state, bool named) {
    const std::vector<std::string> names = NamesIn(verdict, state);
    if (names.empty()) return;
    const std::string number = names.size() == all && all > 1
                                   ? absl::StrCat("all ", NumberOf(all, "region"))
                                   : absl::StrCat(names.size(), of_all);
    of_all.clear();  // said once
    const bool list = named && names.size() < all && names.size() <= kNamesMax;
    parts.push_back(absl::StrCat(words, " ", number,
                                 list ? absl::StrCat(" (", absl::StrJoin(names, ", "), ")") : ""));
  };
  add("open in", v1::ACCESS_STATE_OPEN, true);
  add("open for some in", v1::ACCESS_STATE_PARTIAL, true);
  if (!parts.empty()) parts.back() += OnNetworks(verdict);
  // Where most is open, the exceptions are what a reader wants to know.
  // A region of which one network is open is blocked as a whole; that would be no news.
  if (verdict.scope() != v1::SCOPE_ISOLATED) {
    add("blocked in", v1::ACCESS_STATE_BLOCKED,
        2 * verdict.blocked_regions_size() < verdict.regions_size());
  }
  add("disputed in", v1::ACCESS_STATE_DISPUTED, true);
  add("not known in", v1::ACCESS_STATE_UNKNOWN, false);
  if (parts.empty()) return "";
  std::string sentence = absl::StrCat(absl::StrJoin(parts, "; "), ".");
  sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  return sentence;
}

std::string ScopeSentence(const ReasonParts& parts, const v1::TargetVerdict& verdict) {
  switch (verdict.scope()) {
    case v1::SCOPE_BY_NETWORK: {
      const std::string blocked = Networks(parts.odds->blocked_networks);
      return absl::StrCat("Open by network, not by region: through ",
                          Networks(parts.odds->open_networks),
                          blocked.empty() ? "" : absl::StrCat("; blocked through ", blocked), ".");
    }
    case v1::SCOPE_ISOLATED: {
      const IsolatedPlace& place = *parts.odds->isolated;
      const std::string& region = verdict.regions(static_cast<int>(place.region)).display_name();
      if (place.asn == 0) {
        return absl::StrCat(
            "Open only in ", region,
            ", through a network that too few report from to name it; blocked elsewhere.");
      }
      return absl::StrCat("Open only through AS", place.asn, " in ", region,
                          "; blocked elsewhere.");
    }
    case v1::SCOPE_UNDETERMINED:
      return absl::StrCat(
          "The evidence of this window does not carry a statement on the whole country",
          parts.odds.has_value()
              ? absl::StrFormat("; %s is the most probable (%.0f%%).", ShortName(parts.odds->best),
                                100 * parts.odds->best_posterior)
              : ".");
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
  return absl::StrCat(open, " of ", NumberOf(all, "origin"),
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
  const uint32_t cost = weakest->access().flip_cost();
  return absl::StrCat(NumberOf(cost, "more origin"), " would be needed to reverse this for ",
                      weakest->display_name(),
                      verdict.regions_size() > 1 ? "; no region takes fewer." : ".");
}

// State of a verdict in a region; UNKNOWN when it has no such region.
v1::AccessState StateIn(const v1::TargetVerdict& verdict, const std::string& region) {
  for (const v1::RegionAccess& each : verdict.regions()) {
    if (each.region() == region) return each.access().state();
  }
  return v1::ACCESS_STATE_UNKNOWN;
}

// "Instagram and Signal are blocked on the same paths.": the services that are blocked wherever
// this one has access.
std::string PeersSentence(const ReasonParts& parts, const v1::TargetVerdict& verdict) {
  if (verdict.kind() != v1::TARGET_KIND_SERVICE || verdict.open_regions().empty()) return "";
  std::vector<std::string> peers;
  for (const v1::TargetVerdict& peer : parts.window.verdicts()) {
    if (peer.kind() != v1::TARGET_KIND_SERVICE || peer.target_id() == verdict.target_id()) continue;
    const bool blocked = std::all_of(
        verdict.open_regions().begin(), verdict.open_regions().end(),
        [&](const std::string& r) { return StateIn(peer, r) == v1::ACCESS_STATE_BLOCKED; });
    if (blocked) peers.push_back(peer.display_name());
  }
  if (peers.empty()) return "";
  return absl::StrCat(Listed(peers), peers.size() == 1 ? " is" : " are",
                      " blocked on the same paths.");
}

// Of regions that tell their number.
std::string SuspectsSentence(const v1::TargetVerdict& verdict) {
  size_t suspected = 0;
  for (const v1::RegionAccess& region : verdict.regions()) {
    suspected += region.access().buckets_suspected();
  }
  if (suspected == 0) return "";
  return absl::StrCat(NumberOf(suspected, "origin"),
                      " contradict what is known to work and not to, so they hardly count.");
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
      absl::StrCat(tally.controls_reached, " of ", NumberOf(tally.controls_decided, "control"));
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

void AddReasons(const ReasonParts& parts, v1::TargetVerdict& verdict) {
  std::vector<std::string> sentences = {ScopeSentence(parts, verdict),
                                        RegionsSentence(verdict),
                                        OriginsSentence(verdict),
                                        FlipSentence(verdict),
                                        PeersSentence(parts, verdict),
                                        CauseSentence(verdict),
                                        ControlsSentence(parts.tally, verdict),
                                        SuspectsSentence(verdict)};
  for (const auto& [ruling, agents] : parts.tally.without_vote) {
    sentences.push_back(WithoutVoteSentence(ruling, agents));
  }
  for (std::string& sentence : sentences) {
    if (!sentence.empty()) verdict.add_reasons(std::move(sentence));
  }
}

}  // namespace sightline
