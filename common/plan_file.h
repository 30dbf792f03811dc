// Plans as files: signed, or in the text format of Protocol Buffers.
#ifndef SIGHTLINE_COMMON_PLAN_FILE_H_
#define SIGHTLINE_COMMON_PLAN_FILE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

struct PlanFile {
  v1::Plan plan;
  // Set when the file held a signed plan. Its signature was not checked: there is no key here.
  std::optional<v1::SignedPlan> signed_plan;
};

// A plan from the bytes of a file. INVALID_ARGUMENT says in which line and column the text is
// wrong, or which rule of plans is broken.
absl::StatusOr<PlanFile> ParsePlanFile(const std::string& bytes);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_PLAN_FILE_H_
