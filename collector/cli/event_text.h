// Openings and closings in a few words. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_EVENT_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_EVENT_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "sightline/v1/summary.pb.h"

namespace sightline::cli {

// "12 s", "40 min", "16 h", "16 days": rounded down, two digits at most until days grow.
std::string Length(absl::Duration length);

// What has been going on for longest, as an addition to a headline: "since 2024-04-08 00:00 UTC
// (16 days, long run)"; empty when nothing is. `window_end` is what ages are counted up to.
std::string Since(const v1::TargetVerdict& verdict, absl::Time window_end);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_EVENT_TEXT_H_
