// The subcommands of sightline-agent that end by themselves, without their flags.
#ifndef SIGHTLINE_AGENT_COMMANDS_H_
#define SIGHTLINE_AGENT_COMMANDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/files.h"

namespace sightline::agent {

// What `status` prints for the folder. NOT_FOUND when nobody enrolled there.
absl::StatusOr<std::string> DescribeStatus(const std::string& state_folder, Files& files,
                                           absl::Time now, bool json);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_COMMANDS_H_
