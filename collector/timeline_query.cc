#include "collector/timeline_query.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/directory.h"
#include "collector/read_time.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr absl::Duration kSpanDefault = absl::Hours(24 * 30);
constexpr int64_t kDurationSecondsMax = 315'576'000'000;  // as google.protobuf.Duration has it

struct ColumnName {
  absl::string_view path;
  bool TimelineMask::*wanted;
};

constexpr std::array<ColumnName, 9> kColumns = {{
    {"window_counts", &TimelineMask::window_counts},
    {"scopes", &TimelineMask::scopes},
    {"service_states", &TimelineMask::service_states},
    {"regions.states", &TimelineMask::states},
    {"regions.rate_mean_percents", &TimelineMask::rate_means},
    {"regions.rate_low_percents", &TimelineMask::rate_lows},
    {"regions.rate_high_percents", &TimelineMask::rate_highs},
    {"regions.buckets_open", &TimelineMask::buckets_open},
    {"regions.buckets_blocked", &TimelineMask::buckets_blocked},
}};

// Paths that name what is always there.
constexpr std::array<absl::string_view, 8> kAlways = {
    "country",    "target_id",     "start_time",     "step",
    "step_count", "window_length", "regions.region", "regions.display_name"};

bool IsRegional(absl::string_view path) { return path.substr(0, 8) == "regions."; }

absl::StatusOr<TimelineMask> ReadMask(const v1::GetTimelineRequest& request) {
  TimelineMask mask;
  if (!request.has_read_mask()) return mask;
  for (const ColumnName& column : kColumns) mask.*column.wanted = false;
  mask.regions = false;
  for (const std::string& path : request.read_mask().paths()) {
    bool known = path == "*" || std::find(kAlways.begin(), kAlways.end(), path) != kAlways.end();
    for (const ColumnName& column : kColumns) {
      const bool regional = IsRegional(column.path);
      if (path != "*" && path != column.path && !(path == "regions" && regional)) continue;
      known = true;
      mask.*column.wanted = true;
      mask.regions |= regional;
    }
    mask.regions |= IsRegional(path) || path == "regions";
    if (known) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("read_mask: there is no column \"", absl::Utf8SafeCEscape(path), "\"; known: ",
                     absl::StrJoin(kColumns, ", ", [](std::string* out, const ColumnName& column) {
                       out->append(column.path.data(), column.path.size());
                     })));
  }
  return mask;
}

absl::StatusOr<int64_t> ReadStep(const v1::GetTimelineRequest& request,
                                 absl::Duration window_length) {
  if (!request.has_step()) return 1;
  const google::protobuf::Duration& step = request.step();
  const bool plain = step.nanos() >= 0 && step.nanos() <= 999'999'999 && step.seconds() >= 0 &&
                     step.seconds() <= kDurationSecondsMax;
  const absl::Duration length = plain ? FromProto(step) : absl::ZeroDuration();
  if (length < window_length || length % window_length != absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("step: must be a whole number of windows, which are ",
                     absl::FormatDuration(window_length), " long"));
  }
  if (length > kTimelineMax) {
    return absl::InvalidArgumentError("step: must not be longer than 400 days");
  }
  return length / window_length;
}

absl::Time Grid(absl::Time time, absl::Duration step) {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), step);
}

}  // namespace

absl::Status CheckTimelinePlaces(const v1::Plan& plan, const v1::GetTimelineRequest& request) {
  const auto country = FindCountry(plan, request.country());
  if (!country.ok()) return country.status();
  std::vector<std::string> targets;
  for (const v1::Target& target : plan.targets()) targets.push_back(target.target_id());
  if (std::find(targets.begin(), targets.end(), request.target_id()) == targets.end()) {
    return absl::NotFoundError(absl::StrCat("target_id: no target \"",
                                            absl::Utf8SafeCEscape(request.target_id()),
                                            "\"; known: ", absl::StrJoin(targets, ", ")));
  }
  const auto& known = (*country)->regions();
  for (const std::string& region : request.regions()) {
    if (std::find(known.begin(), known.end(), region) != known.end()) continue;
    return absl::NotFoundError(absl::StrCat("regions: \"", absl::Utf8SafeCEscape(region),
                                            "\" is not under observation in ", request.country(),
                                            "; ListRegions has those that are"));
  }
  return absl::OkStatus();
}

absl::Status CheckTimelineSize(const v1::Plan& plan, const v1::GetTimelineRequest& request,
                               const TimelineRange& range, int64_t values_max) {
  const auto country = FindCountry(plan, request.country());
  if (!country.ok()) return country.status();
  const int64_t regions = range.regions.empty() ? (*country)->regions_size()
                                                : static_cast<int64_t>(range.regions.size());
  const int64_t values = range.step_count * range.mask.Columns(regions);
  if (values <= values_max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "step: ", values, " values are more than the ", values_max,
      " that are sent at once here; give a longer step, fewer columns (read_mask) or regions"));
}

absl::StatusOr<TimelineRange> ReadTimelineRequest(const v1::GetTimelineRequest& request,
                                                  absl::Duration window_length, absl::Time newest) {
  TimelineRange range;
  const absl::StatusOr<int64_t> step_windows = ReadStep(request, window_length);
  if (!step_windows.ok()) return step_windows.status();
  range.step_windows = static_cast<int>(*step_windows);
  const absl::Duration step = window_length * *step_windows;
  const absl::StatusOr<TimeSpan> span = ReadTimeSpan(request);
  if (!span.ok()) return span.status();
  const absl::Time end =
      span->until == absl::InfiniteFuture() ? newest + window_length : span->until;
  const absl::Time start = span->from == absl::InfinitePast() ? end - kSpanDefault : span->from;
  if (end <= start) {
    return absl::InvalidArgumentError(absl::StrCat(
        "start_time: is not before the end of the newest complete window, ",
        absl::FormatTime(absl::RFC3339_sec, end, absl::UTCTimeZone()), "; give an earlier one"));
  }
  if (end - start > kTimelineMax) {
    return absl::InvalidArgumentError(
        "start_time: more than 400 days before end_time; ask for the rest in another call");
  }
  range.start = Grid(start, step);
  const int64_t steps = absl::Ceil(end - range.start, step) / step;
  if (steps > kTimelineStepsMax) {
    return absl::InvalidArgumentError(absl::StrCat("step: ", steps, " steps are more than ",
                                                   kTimelineStepsMax,
                                                   "; give a longer step or a shorter span"));
  }
  range.step_count = static_cast<int>(steps);
  absl::StatusOr<TimelineMask> mask = ReadMask(request);
  if (!mask.ok()) return mask.status();
  range.mask = *mask;
  range.regions.insert(request.regions().begin(), request.regions().end());
  return range;
}

}  // namespace sightline
