// What readers ask a collector.
#include <utility>

#include "collector/cli/client.h"
#include "collector/cli/commands.h"
#include "collector/cli/event_text.h"
#include "collector/cli/reader.h"
#include "collector/cli/summary_csv.h"
#include "collector/cli/summary_text.h"
#include "common/message.h"
#include "common/regions.h"

namespace sightline::cli {
namespace {

template <typename Request>
Request RequestOf(const ReaderOptions& options) {
  Request request;
  request.set_country(options.country);
  for (const std::string& id : options.target_ids) request.add_target_ids(id);
  return request;
}

SummaryOptions LookOf(const SummaryRequestOptions& options, const Terminal& terminal) {
  SummaryOptions look;
  look.now = terminal.clock->Now();
  look.width = terminal.width;
  look.colour = terminal.colour;
  look.unicode = terminal.unicode;
  look.brief = options.brief;
  look.anchors = !options.reader.target_ids.empty();
  return look;
}

}  // namespace

absl::Status ShowSummary(const SummaryRequestOptions& options, const Terminal& terminal) {
  const absl::StatusOr<Collector> collector = CollectorOf(options.reader);
  if (!collector.ok()) return collector.status();
  auto request = RequestOf<v1::GetSummaryRequest>(options.reader);
  const absl::Status time =
      SetMoment("--time", options.time, [&request] { return request.mutable_time(); });
  if (!time.ok()) return time;
  const absl::StatusOr<v1::GetSummaryResponse> summary = GetSummary(*collector, request);
  if (!summary.ok()) return summary.status();
  if (options.reader.format == Format::kJson) {
    *terminal.out << ToJson(*summary, /*indent=*/true) << "\n";
    return absl::OkStatus();
  }
  if (options.reader.format == Format::kCsv) {
    *terminal.out << SummaryCsv(*summary);
    return absl::OkStatus();
  }
  SummaryOptions look = LookOf(options, terminal);
  // Without iso-codes the code alone is shown.
  if (const auto names = RegionNames::Load(); names.ok()) {
    look.country_name = names->NameOf(summary->country());
  }
  *terminal.out << RenderSummary(*summary, look);
  return absl::OkStatus();
}

absl::Status ShowEvents(const EventsOptions& options, const Terminal& terminal) {
  const absl::StatusOr<Collector> collector = CollectorOf(options.reader);
  if (!collector.ok()) return collector.status();
  auto request = RequestOf<v1::ListEventsRequest>(options.reader);
  absl::Status times =
      SetMoment("--since", options.since, [&request] { return request.mutable_start_time(); });
  times.Update(
      SetMoment("--until", options.until, [&request] { return request.mutable_end_time(); }));
  if (!times.ok()) return times;
  const absl::StatusOr<v1::ListEventsResponse> events = ListEvents(*collector, request);
  if (!events.ok()) return events.status();
  switch (options.reader.format) {
    case Format::kJson:
      *terminal.out << ToJson(*events, /*indent=*/true) << "\n";
      break;
    case Format::kCsv:
      *terminal.out << EventCsv(events->events());
      break;
    case Format::kTable:
      *terminal.out << (events->events().empty() ? "No openings or closings.\n"
                                                 : EventTable(events->events(), terminal.colour));
      break;
  }
  return absl::OkStatus();
}

}  // namespace sightline::cli
