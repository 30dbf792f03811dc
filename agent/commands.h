// The subcommands of sightline-agent that end by themselves, without their flags.
#ifndef SIGHTLINE_AGENT_COMMANDS_H_
#define SIGHTLINE_AGENT_COMMANDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/files.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::agent {

// What `status` prints for the folder. NOT_FOUND when nobody enrolled there.
absl::StatusOr<std::string> DescribeStatus(const std::string& state_folder, Files& files,
                                           absl::Time now, bool json);

// A plan from the bytes of a file: a SignedPlan, or a Plan in the text format.
struct PlanFile {
  v1::Plan plan;
  // It came in a SignedPlan. Its signature was not checked: there is no pinned key to check it
  // with.
  bool is_signed = false;
};

// INVALID_ARGUMENT says where the text is wrong, or which rule of plans is broken.
absl::StatusOr<PlanFile> ParsePlanFile(const std::string& bytes);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_COMMANDS_H_
