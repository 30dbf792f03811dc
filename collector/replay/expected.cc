// Compares what was said with one expectation.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/replay/report.h"
#include "common/message.h"

namespace sightline {
namespace {

// Shares of windows are ratios of counts.
constexpr double kRounding = 1e-9;

template <typename Enum>
std::string Names(const std::vector<Enum>& values) {
  return absl::StrJoin(
      values, "|", [](std::string* out, Enum value) { absl::StrAppend(out, ShortName(value)); });
}

template <typename List>
std::string Braces(const List& list) {
  return absl::StrCat("{", absl::StrJoin(list, ", "), "}");
}

template <typename One, typename Other>
bool Same(const One& one, const Other& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end());
}

template <typename T>
bool Holds(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::string Expected(const Expectation& expectation) {
  std::vector<std::string> parts;
  if (!expectation.scopes.empty()) parts.push_back(Names(expectation.scopes));
  if (expectation.regions) parts.push_back(Braces(*expectation.regions));
  if (expectation.networks) parts.push_back(Braces(*expectation.networks));
  for (const auto& [region, states] : expectation.states) {
    parts.push_back(absl::StrCat(region == "*" ? "others" : region, " ", Names(states)));
  }
  if (expectation.service != v1::SERVICE_STATE_UNSPECIFIED) {
    parts.push_back(absl::StrCat("service ", ShortName(expectation.service)));
  }
  if (expectation.duration != v1::EVENT_DURATION_UNSPECIFIED) {
    parts.push_back(ShortName(expectation.duration));
  }
  if (expectation.events) parts.push_back(absl::StrCat(*expectation.events, " events"));
  if (expectation.onset) {
    parts.push_back(absl::StrCat(
        "onset ", absl::FormatTime("%Y-%m-%d %H:%M", *expectation.onset, absl::UTCTimeZone()),
        " within ", expectation.onset_tolerance));
  }
  if (expectation.windows < 1) {
    parts.push_back(absl::StrCat("in ", 100 * expectation.windows, " % of windows"));
  }
  return absl::StrJoin(parts, " ");
}

const v1::TargetVerdict* VerdictOn(const v1::GetSummaryResponse& summary,
                                   const std::string& target_id) {
  for (const v1::TargetVerdict& verdict : summary.verdicts()) {
    if (verdict.target_id() == target_id) return &verdict;
  }
  return nullptr;
}

// The following return what is said instead, and nothing when it is what is expected.
using Complaint = std::optional<std::string>;

Complaint CompareScope(const v1::TargetVerdict& verdict, const Expectation& expectation) {
  const bool fits = (expectation.scopes.empty() || Holds(expectation.scopes, verdict.scope())) &&
                    (!expectation.regions || Same(*expectation.regions, verdict.open_regions())) &&
                    (!expectation.networks || Same(*expectation.networks, verdict.open_networks()));
  if (fits) return std::nullopt;
  std::string said = absl::StrCat(ShortName(verdict.scope()), " ", Braces(verdict.open_regions()));
  if (verdict.open_networks_size() > 0) {
    absl::StrAppend(&said, " ", Braces(verdict.open_networks()));
  }
  return said;
}

Complaint CompareStates(const v1::TargetVerdict& verdict, const Expectation& expectation) {
  std::vector<std::string> others;
  for (const v1::RegionAccess& region : verdict.regions()) {
    auto expected = expectation.states.find(region.region());
    if (expected == expectation.states.end()) expected = expectation.states.find("*");
    if (expected == expectation.states.end()) continue;
    if (Holds(expected->second, region.access().state())) continue;
    others.push_back(absl::StrCat(region.region(), " ", ShortName(region.access().state()), " (",
                                  region.access().buckets_open(), " open, ",
                                  region.access().buckets_blocked(), " not)"));
  }
  return others.empty() ? std::nullopt : Complaint(absl::StrJoin(others, ", "));
}

Complaint CompareDuration(const v1::TargetVerdict& verdict, const Expectation& expectation) {
  if (expectation.duration == v1::EVENT_DURATION_UNSPECIFIED) return std::nullopt;
  std::set<std::string> regions;
  std::vector<std::string> others;
  for (const v1::Event& event : verdict.events()) {
    regions.insert(event.region());
    if (event.duration() == expectation.duration) continue;
    others.push_back(
        absl::StrCat(event.region().empty() ? absl::StrCat(event.asn()) : event.region(), " ",
                     ShortName(event.duration())));
  }
  if (expectation.regions) {
    for (const std::string& region : *expectation.regions) {
      if (!regions.contains(region)) others.push_back(absl::StrCat("no event in ", region));
    }
  } else if (regions.empty()) {
    others.push_back("no event");
  }
  return others.empty() ? std::nullopt : Complaint(absl::StrJoin(others, ", "));
}

Complaint CompareWindow(const ReplayWindow& window, const Expectation& expectation) {
  const v1::TargetVerdict* verdict = VerdictOn(window.summary, expectation.target_id);
  if (verdict == nullptr) return "no verdict";
  if (Complaint scope = CompareScope(*verdict, expectation)) return scope;
  if (Complaint states = CompareStates(*verdict, expectation)) return states;
  if (expectation.service != v1::SERVICE_STATE_UNSPECIFIED &&
      verdict->service_state() != expectation.service) {
    return absl::StrCat("service ", ShortName(verdict->service_state()));
  }
  return CompareDuration(*verdict, expectation);
}

bool LooksAtWindows(const Expectation& expectation) {
  return !expectation.scopes.empty() || expectation.regions || expectation.networks ||
         !expectation.states.empty() || expectation.service != v1::SERVICE_STATE_UNSPECIFIED ||
         expectation.duration != v1::EVENT_DURATION_UNSPECIFIED;
}

std::string Area(const v1::Event& event) {
  return event.region().empty() ? absl::StrCat("AS", event.asn()) : event.region();
}

Complaint CompareEvents(const Replay& replay, const Expectation& expectation) {
  std::vector<std::string> found;
  Complaint wrong_onset;
  for (const v1::Event& event : replay.events) {
    const absl::Time onset = FromProto(event.onset_time());
    const bool over =
        event.has_end_time() && FromProto(event.end_time()) <= expectation.period.from;
    if (event.target_id() != expectation.target_id || over || onset >= expectation.period.until ||
        event.end() == v1::EVENT_END_WITHDRAWN) {
      continue;
    }
    const std::string when = absl::FormatTime("%Y-%m-%d %H:%M", onset, absl::UTCTimeZone());
    found.push_back(absl::StrCat(Area(event), " ", ShortName(event.kind()), " ", when));
    if (!expectation.onset) continue;
    const absl::Duration off = absl::AbsDuration(onset - *expectation.onset);
    if (off > expectation.onset_tolerance * replay.scenario.window_length) {
      wrong_onset = found.back();
    }
  }
  if (expectation.events && found.size() != *expectation.events) {
    return found.empty() ? "no events"
                         : absl::StrCat(found.size(), " events: ", absl::StrJoin(found, ", "));
  }
  if (expectation.onset && found.empty()) return "no event";
  return wrong_onset;
}

}  // namespace

internal::v1::ReplayExpectation Compare(const Replay& replay, const Expectation& expectation) {
  internal::v1::ReplayExpectation result;
  result.set_line(static_cast<uint32_t>(expectation.line));
  result.set_target_id(expectation.target_id);
  result.set_expected(Expected(expectation));
  uint32_t broken = 0;
  uint32_t windows = 0;
  if (LooksAtWindows(expectation)) {
    for (const ReplayWindow& window : replay.windows) {
      if (!expectation.period.Contains(window.start)) continue;
      ++windows;
      const Complaint complaint = CompareWindow(window, expectation);
      if (!complaint) continue;
      if (++broken > 1) continue;
      *result.mutable_first_broken_time() = ToProto(window.start);
      result.set_said(*complaint);
    }
  }
  result.set_windows(windows);
  result.set_windows_broken(broken);
  bool held = windows - broken >= expectation.windows * windows - kRounding;
  if (LooksAtWindows(expectation) && windows == 0) {
    held = false;
    result.set_said("no window in this period");
  }
  if (const Complaint events = CompareEvents(replay, expectation)) {
    held = false;
    result.set_said(result.said().empty() ? *events : absl::StrCat(result.said(), "; ", *events));
  }
  result.set_held(held);
  return result;
}

}  // namespace sightline
