// Times on the command line.
#ifndef SIGHTLINE_COLLECTOR_CLI_MOMENT_H_
#define SIGHTLINE_COLLECTOR_CLI_MOMENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sightline::cli {

// "2024-04-08", "2024-04-08 13:00", "2024-04-08 13:00:05" (UTC), or RFC 3339 with a zone, as in
// "2024-04-08T13:00:00+08:00". INVALID_ARGUMENT names `flag` and shows a form that works.
absl::StatusOr<absl::Time> ParseMoment(absl::string_view flag, absl::string_view text);

// "2024-04-08 13:00", UTC; with seconds when the minute is not whole, as windows of a lab begin.
std::string MomentText(absl::Time time);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_MOMENT_H_
