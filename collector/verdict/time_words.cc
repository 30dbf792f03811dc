#include "collector/verdict/time_words.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "collector/verdict/posterior.h"
#include "collector/verdict/words.h"
#include "common/message.h"

namespace sightline {
namespace {

// Onsets of one sentence lie within this.
constexpr absl::Duration kTogether = absl::Hours(6);
// More places than this are counted and not named.
constexpr size_t kNamesMax = 6;
constexpr size_t kAmendmentsMax = 3;

struct WindowSpan {
  absl::Time start;
  absl::Time end;
};

absl::Time OnsetOf(const v1::Event& event) { return FromProto(event.onset_time()); }

bool Over(const v1::Event& event) { return event.has_end_time(); }

bool GoesOnIn(const v1::Event& event, const WindowSpan& window) {
  if (event.end() == v1::EVENT_END_WITHDRAWN) return false;
  if (FromProto(event.detect_time()) > window.end) return false;
  return !Over(event) || FromProto(event.end_time()) > window.start;
}

// "8 April 2024, 00:00 UTC", with seconds when there are any.
std::string Moment(absl::Time time) {
  const bool whole = absl::ToUnixSeconds(time) % 60 == 0;
  return absl::FormatTime(whole ? "%-d %B %Y, %H:%M UTC" : "%-d %B %Y, %H:%M:%S UTC", time,
                          absl::UTCTimeZone());
}

// "16 days", "1 hour": whole units of the largest that it has two of.
std::string Length(absl::Duration length) {
  const struct {
    absl::Duration unit;
    const char* name;
  } units[] = {{absl::Hours(24), "day"}, {absl::Hours(1), "hour"}, {absl::Minutes(1), "minute"}};
  for (const auto& [unit, name] : units) {
    const int64_t count = length / unit;
    if (count >= 2) return absl::StrCat(count, " ", name, "s");
  }
  const int64_t seconds = absl::ToInt64Seconds(length);
  return absl::StrCat(seconds, seconds == 1 ? " second" : " seconds");
}

const v1::RegionAccess* RegionOf(const v1::Event& event, const v1::TargetVerdict& verdict) {
  for (const v1::RegionAccess& region : verdict.regions()) {
    if (region.region() == event.region()) return &region;
  }
  return nullptr;
}

std::string PlaceOf(const v1::Event& event, const v1::TargetVerdict& verdict) {
  if (event.region().empty()) return absl::StrCat("AS", event.asn());
  const v1::RegionAccess* region = RegionOf(event, verdict);
  return region == nullptr ? event.region() : region->display_name();
}

// "Open for some in", "Blocked through".
std::string StateWords(const v1::Event& event) {
  const bool opening = event.kind() == v1::EVENT_KIND_OPENING;
  const bool all = opening ? event.rate_mean() >= kOpenAbove : event.rate_mean() <= kBlockedBelow;
  return absl::StrCat(opening ? "Open" : "Blocked", all ? "" : " for some",
                      event.region().empty() ? " through" : " in");
}

// Whether that is long. Of what was over later the end is known, of what goes on that it did.
std::string DurationWords(const v1::Event& event, const WindowSpan& window) {
  const auto by_then = [&](const google::protobuf::Timestamp& time) {
    return Over(event) || FromProto(time) <= window.end;
  };
  if (event.has_long_run_time() && by_then(event.long_run_time())) return "long-running";
  if (event.has_sustained_time() && by_then(event.sustained_time())) return "sustained";
  const absl::Time end = Over(event) ? FromProto(event.end_time()) : window.end;
  const bool brief = end - OnsetOf(event) < absl::Hours(6);
  if (Over(event)) return brief ? "a glitch" : "temporary";
  return brief ? "too new to be told from a glitch" : "not yet lasting";
}

// What of it is not seen in the very window.
std::string DoubtWords(const v1::Event& event, const v1::TargetVerdict& verdict) {
  const v1::RegionAccess* region = RegionOf(event, verdict);
  if (region == nullptr || Over(event)) return "";
  const v1::AccessState state = region->access().state();
  const v1::AccessState base =
      event.kind() == v1::EVENT_KIND_OPENING ? v1::ACCESS_STATE_BLOCKED : v1::ACCESS_STATE_OPEN;
  if (state == base) return ", but not in this window";
  const bool seen = state == v1::ACCESS_STATE_OPEN || state == v1::ACCESS_STATE_BLOCKED ||
                    state == v1::ACCESS_STATE_PARTIAL;
  return seen ? "" : "; in this window it cannot be told";
}

// Events that one sentence tells.
struct Group {
  std::vector<const v1::Event*> events;  // by onset
  std::string state;
  std::string duration;
  std::string doubt;
};

std::string PlacesOf(const Group& group, const v1::TargetVerdict& verdict) {
  if (group.events.size() > kNamesMax) {
    return absl::StrCat(group.events.size(),
                        group.events.front()->region().empty() ? " networks" : " regions");
  }
  std::vector<std::string> names;
  for (const v1::Event* event : group.events) names.push_back(PlaceOf(*event, verdict));
  std::sort(names.begin(), names.end());
  return Listed(names);
}

// "since 8 April 2024, 00:00 UTC (16 days)".
std::string TimeOf(const Group& group, const WindowSpan& window) {
  const v1::Event& first = *group.events.front();
  const absl::Time onset = OnsetOf(first);
  const absl::Time last = OnsetOf(*group.events.back());
  const std::string from = onset == last
                               ? Moment(onset)
                               : absl::StrCat("between ", Moment(onset), " and ", Moment(last));
  if (!Over(first)) return absl::StrCat("since ", from, " (", Length(window.end - onset), ")");
  const absl::Time end = FromProto(first.end_time());
  const std::string lasted = absl::StrCat(" (", Length(end - onset), ")");
  if (first.end() == v1::EVENT_END_LOST_SIGHT) {
    return absl::StrCat("from ", from, " until ", Moment(end), " at least", lasted,
                        ", when the last report came in");
  }
  return absl::StrCat("from ", from, " until ", Moment(end), lasted);
}

// "80% likely to last 3 days": the lowest of the group.
std::string OddsOf(const Group& group) {
  double lowest = 1;
  for (const v1::Event* event : group.events) {
    lowest = std::min(lowest, event->lasts_probability());
  }
  const v1::Event& first = *group.events.front();
  if (Over(first) || first.has_long_run_time() || lowest <= 0) return "";
  return absl::StrCat(", ", static_cast<int>(lowest * 100 + 0.5), "% likely to last ",
                      first.has_sustained_time() ? "14 days" : "3 days");
}

std::vector<Group> GroupsOf(const v1::TargetVerdict& verdict, const WindowSpan& window) {
  std::vector<Group> groups;
  for (const v1::Event& event : verdict.events()) {
    Group own{
        {&event}, StateWords(event), DurationWords(event, window), DoubtWords(event, verdict)};
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      const v1::Event& first = *group.events.front();
      return group.state == own.state && group.duration == own.duration &&
             group.doubt == own.doubt && first.end() == event.end() &&
             FromProto(first.end_time()) == FromProto(event.end_time()) &&
             OnsetOf(event) - OnsetOf(first) <= kTogether;
    });
    if (same == groups.end()) {
      groups.push_back(std::move(own));
    } else {
      same->events.push_back(&event);
    }
  }
  return groups;
}

std::string SentenceOf(const Group& group, const v1::TargetVerdict& verdict,
                       const WindowSpan& window) {
  return absl::StrCat(group.state, " ", PlacesOf(group, verdict), " ", TimeOf(group, window), ": ",
                      group.duration, OddsOf(group), group.doubt, ".");
}

// The newest amendment of each event, newest first.
std::vector<std::string> AmendmentSentences(const v1::TargetVerdict& verdict) {
  std::vector<std::pair<absl::Time, std::string>> newest;
  for (const v1::Event& event : verdict.events()) {
    if (event.amendments().empty()) continue;
    const v1::EventAmendment& last = *event.amendments().rbegin();
    const absl::Time time = FromProto(last.amend_time());
    newest.emplace_back(time, absl::StrCat("Amended on ", Moment(time), ": ", last.text()));
  }
  std::stable_sort(newest.begin(), newest.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (newest.size() > kAmendmentsMax) newest.resize(kAmendmentsMax);
  std::vector<std::string> sentences;
  for (auto& [time, sentence] : newest) sentences.push_back(std::move(sentence));
  return sentences;
}

void AddReasons(const WindowSpan& window, v1::TargetVerdict& verdict) {
  std::vector<std::string> added;
  for (const Group& group : GroupsOf(verdict, window)) {
    added.push_back(SentenceOf(group, verdict, window));
  }
  for (std::string& sentence : AmendmentSentences(verdict)) added.push_back(std::move(sentence));
  auto& reasons = *verdict.mutable_reasons();
  std::vector<std::string> all(reasons.begin(), reasons.end());
  all.insert(all.begin() + std::min<ptrdiff_t>(1, static_cast<ptrdiff_t>(all.size())),
             added.begin(), added.end());
  reasons.Assign(all.begin(), all.end());
}

}  // namespace

void AddTime(absl::Span<const v1::Event> events, v1::GetSummaryResponse& summary) {
  const absl::Time start = FromProto(summary.window_start_time());
  const WindowSpan window{start, start + FromProto(summary.window_length())};
  for (v1::TargetVerdict& verdict : *summary.mutable_verdicts()) {
    std::vector<const v1::Event*> own;
    for (const v1::Event& event : events) {
      if (event.target_id() == verdict.target_id() && GoesOnIn(event, window)) {
        own.push_back(&event);
      }
    }
    const auto order = [](const v1::Event* event) {
      return std::make_tuple(OnsetOf(*event), event->region(), event->asn(), event->event_id());
    };
    std::sort(own.begin(), own.end(),
              [&](const v1::Event* a, const v1::Event* b) { return order(a) < order(b); });
    verdict.clear_events();
    for (const v1::Event* event : own) *verdict.add_events() = *event;
    AddReasons(window, verdict);
  }
}

}  // namespace sightline
