// Plans as files: signed, or in the text format of Protocol Buffers.
#ifndef SIGHTLINE_COMMON_PLAN_FILE_H_
#define SIGHTLINE_COMMON_PLAN_FILE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

struct PlanFile {
  v1::Plan plan;
  // Set when the file held a signed plan. Its signature was not checked: there is no key here.
  std::optional<v1::SignedPlan> signed_plan;
  // Times were missing in the text and set from `now`.
  bool times_set = false;
};

// A plan from the bytes of a file. INVALID_ARGUMENT says in which line and column the text is
// wrong, or which rule of plans is broken. A plan in text that lacks times gets them as if it were
// signed `now` (SetMissingTimes); without `now` it is refused.
absl::StatusOr<PlanFile> ParsePlanFile(const std::string& bytes,
                                       std::optional<absl::Time> now = std::nullopt);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_PLAN_FILE_H_
