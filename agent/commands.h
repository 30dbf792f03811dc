// The subcommands of sightline-agent that end by themselves, without their flags.
#ifndef SIGHTLINE_AGENT_COMMANDS_H_
#define SIGHTLINE_AGENT_COMMANDS_H_

#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/files.h"

namespace sightline::agent {

// What `status` prints for the folder. NOT_FOUND when nobody enrolled there.
absl::StatusOr<std::string> DescribeStatus(const std::string& state_folder, Files& files,
                                           absl::Time now, bool json);

struct ProbePlanOptions {
  std::string plan_path;  // Signed, or in protobuf text format.
  std::string target_id;  // Only this target, with the plan's anchors; empty: all.
  bool json = false;
  int rounds = 1;
  std::string pause = "0s";  // Between two rounds.
};

// What `probe` prints: runs the plan's checks here, now, and sends no report. `notes` takes what
// the person is to know besides. INVALID_ARGUMENT says what is wrong with the plan or the pause.
absl::StatusOr<std::string> ProbePlan(const ProbePlanOptions& options, Files& files,
                                      std::ostream& notes);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_COMMANDS_H_
