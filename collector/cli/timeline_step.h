// Steps of a timeline that fit a line. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_TIMELINE_STEP_H_
#define SIGHTLINE_COLLECTOR_CLI_TIMELINE_STEP_H_

#include <cstddef>

#include "absl/time/time.h"

namespace sightline::cli {

// The shortest step that people count in (1 h, 4 h, a day, ...), or one window, such that at most
// `columns` steps cover the time from `start` to `end`. It is a whole number of windows. `start` is
// before `end`, the window longer than 0, `columns` 2 or more.
absl::Duration FittingStep(absl::Time start, absl::Time end, absl::Duration window, size_t columns);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_TIMELINE_STEP_H_
