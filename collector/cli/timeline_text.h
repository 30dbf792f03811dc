// The history of a target for a person at a terminal and for spreadsheets. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_TIMELINE_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_TIMELINE_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "sightline/v1/timeline.pb.h"

namespace sightline::cli {

struct TimelineLook {
  // Name of the country for people; empty means the code of the response.
  std::string country_name;
  // Columns of the terminal; 0 when there is none.
  size_t width = 0;
  bool colour = false;
  // Signs beyond ASCII. They tell the same with and without.
  bool unicode = true;
};

// "CN-BJ Beijing Shi", free of what controls a terminal.
std::string RegionLabel(absl::string_view code, absl::string_view name);

// Steps that have room beside labels of `label` columns: 72 when `width` is 0, 10 at least.
size_t StripColumns(size_t label, size_t width);

// A strip of one sign a step for the scope and for every region, under a line of dates; in several
// parts, one below the other, when a line does not have room for all steps. Regions without any
// evidence are named in a line at the end, above the legend. Text from the response cannot control
// the terminal; columns that it lacks count as unknown.
std::string RenderTimeline(const v1::GetTimelineResponse& timeline, const TimelineLook& look);

// RFC 4180, one line a step and region, the oldest first, with a head; times as in RFC 3339, enum
// values as in the .proto files without the prefix. What was not said is empty.
std::string TimelineCsv(const v1::GetTimelineResponse& timeline);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_TIMELINE_TEXT_H_
