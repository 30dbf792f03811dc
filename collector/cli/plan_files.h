// Plans on disk: in the text format of Protocol Buffers, or signed.
#ifndef SIGHTLINE_COLLECTOR_CLI_PLAN_FILES_H_
#define SIGHTLINE_COLLECTOR_CLI_PLAN_FILES_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::cli {

struct PlanFile {
  v1::Plan plan;
  // Set when the file held a signed plan. The signature was not checked.
  std::optional<v1::SignedPlan> signed_plan;
};

// Reads either form and checks the plan's rules. INVALID_ARGUMENT names the file and the line and
// column, or the field.
absl::StatusOr<PlanFile> ReadPlanFile(const std::string& path);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_PLAN_FILES_H_
