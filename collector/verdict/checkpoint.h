// A window of the fold as bytes, and back.
//
// Format: internal::v1::FoldWindow. Names of targets and causes stand once and are referred to by
// position, so that an agent's entry is mostly small numbers.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_CHECKPOINT_H_
#define SIGHTLINE_COLLECTOR_VERDICT_CHECKPOINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/verdict/window.h"

namespace sightline {

// The same window gives the same bytes. Start, length and times of enrolment are whole
// milliseconds, as everywhere in the log.
std::string SerializeWindow(const Window& window);

// DATA_LOSS: no window, not the one that starts at `start` with `length`, or one that was counted
// by other rules (kRulesetVersion).
absl::StatusOr<Window> ParseWindow(absl::string_view bytes, absl::Time start,
                                   absl::Duration length);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_CHECKPOINT_H_
