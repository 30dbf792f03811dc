// Plans on disk: in the text format of Protocol Buffers, or signed.
#ifndef SIGHTLINE_COLLECTOR_CLI_PLAN_FILES_H_
#define SIGHTLINE_COLLECTOR_CLI_PLAN_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/plan_file.h"

namespace sightline::cli {

// Reads either form and checks the plan's rules. INVALID_ARGUMENT names the file and the line and
// column, or the field.
absl::StatusOr<PlanFile> ReadPlanFile(const std::string& path);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_PLAN_FILES_H_
