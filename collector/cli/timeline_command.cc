#include "collector/cli/timeline_command.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/cli/client.h"
#include "collector/cli/reader.h"
#include "collector/cli/table.h"
#include "collector/cli/timeline_step.h"
#include "collector/cli/timeline_text.h"
#include "common/message.h"
#include "common/regions.h"

namespace sightline::cli {
namespace {

constexpr absl::Duration kSpanDefault = absl::Hours(24 * 30);
constexpr int kStepsMax = 10'000;
// From 30 days to the shortest history, each time to less than half.
constexpr int kCloserMax = 4;

std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  const bool good = absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration() &&
                    duration <= absl::Hours(24 * 400);
  return good ? "" : absl::StrCat("\"", text, "\" is no duration of up to 400 days; write 4h");
}

absl::StatusOr<v1::GetTimelineResponse> Ask(const Collector& collector,
                                            const v1::GetTimelineRequest& request) {
  absl::StatusOr<v1::GetTimelineResponse> timeline = GetTimeline(collector, request);
  if (!timeline.ok()) return timeline;
  const bool sound = timeline->step_count() >= 0 && timeline->step_count() <= kStepsMax &&
                     FromProto(timeline->step()) > absl::ZeroDuration();
  if (sound) return timeline;
  return absl::InternalError(absl::StrCat(
      "the collector at ", collector.address,
      " gives a timeline of impossible length; its version may differ from this one's"));
}

size_t LabelWidth(const v1::GetSummaryResponse& summary) {
  size_t width = 0;
  for (const v1::TargetVerdict& verdict : summary.verdicts()) {
    for (const v1::RegionAccess& region : verdict.regions()) {
      width = std::max(width, DisplayWidth(RegionLabel(region.region(), region.display_name())));
    }
  }
  return width;
}

// Steps between the start and the first verdict: count.
int64_t EmptySteps(const v1::GetTimelineResponse& timeline) {
  const auto& counts = timeline.window_counts();
  return std::find_if(counts.begin(), counts.end(), [](uint32_t count) { return count > 0; }) -
         counts.begin();
}

// With the step that fits the terminal. When no start was asked for, it is not long before the
// first verdict.
absl::StatusOr<v1::GetTimelineResponse> AskFitting(const Collector& collector,
                                                   v1::GetTimelineRequest request,
                                                   const Terminal& terminal) {
  v1::GetSummaryRequest question;
  question.set_country(request.country());
  question.add_target_ids(request.target_id());
  const absl::StatusOr<v1::GetSummaryResponse> summary = GetSummary(collector, question);
  if (!summary.ok()) return summary.status();
  const absl::Duration window = FromProto(summary->window_length());
  const size_t columns = StripColumns(LabelWidth(*summary), terminal.width);
  const bool from_first = !request.has_start_time();
  if (!request.has_end_time()) {
    *request.mutable_end_time() = ToProto(FromProto(summary->window_start_time()) + window);
  }
  const absl::Time end = FromProto(request.end_time());
  absl::Time start = from_first ? end - kSpanDefault : FromProto(request.start_time());
  // The collector has the words for such a time.
  if (start >= end || window <= absl::ZeroDuration()) return Ask(collector, request);
  absl::StatusOr<v1::GetTimelineResponse> timeline;
  for (int i = 0; i < kCloserMax; ++i) {
    *request.mutable_start_time() = ToProto(start);
    *request.mutable_step() = ToProto(FittingStep(start, end, window, columns));
    timeline = Ask(collector, request);
    if (!timeline.ok() || !from_first) break;
    const int64_t empty = EmptySteps(*timeline);
    if (empty <= timeline->step_count() / 2 || empty == timeline->step_count()) break;
    start = FromProto(timeline->start_time()) + empty * FromProto(timeline->step());
  }
  return timeline;
}

void Print(const v1::GetTimelineResponse& timeline, Format format, const Terminal& terminal) {
  if (format == Format::kJson) {
    *terminal.out << ToJson(timeline, /*indent=*/false) << "\n";
    return;
  }
  if (format == Format::kCsv) {
    *terminal.out << TimelineCsv(timeline);
    return;
  }
  TimelineLook look;
  look.width = terminal.width;
  look.colour = terminal.colour;
  look.unicode = terminal.unicode;
  // Without iso-codes the code alone is shown.
  if (const auto names = RegionNames::Load(); names.ok()) {
    look.country_name = names->NameOf(timeline.country());
  }
  *terminal.out << RenderTimeline(timeline, look);
}

}  // namespace

void AddTimelineFlags(CLI::App& app, TimelineFlags& flags, std::function<void()> chosen) {
  CLI::App* command = app.add_subcommand(
      "timeline", "The history of a service: for whom it was reachable, and how each region was");
  command->add_option("TARGET", flags.target_id, "Such as whatsapp")->required()->type_name("");
  AddCollector(command, flags.reader);
  command
      ->add_option("--since", flags.since,
                   "Begin at this time (UTC): 2024-04-08, \"2024-04-08 13:00\" or "
                   "2024-04-08T13:00:00+08:00. Without it: 30 days before the end, or the first "
                   "verdict when a table is asked for")
      ->type_name("TIME");
  command->add_option("--until", flags.until, "End at this time. Without it: the newest window")
      ->type_name("TIME");
  command
      ->add_option("--step", flags.step,
                   "Length of a step, a whole number of windows. Without it: what fits a line; "
                   "one window for json and csv")
      ->check(CheckDuration)
      ->type_name("DURATION");
  command->add_option("--region", flags.regions, "Only this region; repeat for more")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->type_name("CODE");
  AddFormat(command, flags.reader.format, /*csv=*/true);
  command->callback(std::move(chosen));
  command->footer(
      "Examples:\n"
      "  sightline timeline whatsapp --collector sightline.example:7443\n"
      "  sightline timeline whatsapp --collector localhost:7443 --since 2024-04-01 --step 4h "
      "--region CN-BJ --region CN-SH\n"
      "  sightline timeline signal --collector localhost:7443 --format csv");
}

absl::Status ShowTimeline(const TimelineFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<Collector> collector = CollectorOf(flags.reader);
  if (!collector.ok()) return collector.status();
  v1::GetTimelineRequest request;
  request.set_country(flags.reader.country);
  request.set_target_id(flags.target_id);
  for (const std::string& region : flags.regions) request.add_regions(region);
  absl::Status times =
      SetMoment("--since", flags.since, [&request] { return request.mutable_start_time(); });
  times.Update(
      SetMoment("--until", flags.until, [&request] { return request.mutable_end_time(); }));
  if (!times.ok()) return times;
  const bool fitting = flags.step.empty() && flags.reader.format == Format::kTable;
  if (!flags.step.empty()) {
    absl::Duration step;
    absl::ParseDuration(flags.step, &step);  // CheckDuration has looked at it
    *request.mutable_step() = ToProto(step);
  }
  const absl::StatusOr<v1::GetTimelineResponse> timeline =
      fitting ? AskFitting(*collector, std::move(request), terminal) : Ask(*collector, request);
  if (!timeline.ok()) return timeline.status();
  Print(*timeline, flags.reader.format, terminal);
  return absl::OkStatus();
}

}  // namespace sightline::cli
