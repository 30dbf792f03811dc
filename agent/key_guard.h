// Keeps the agent's private key to the one who owns the machine: on the disk and in memory.
#ifndef SIGHTLINE_AGENT_KEY_GUARD_H_
#define SIGHTLINE_AGENT_KEY_GUARD_H_

#include <string>

#include "absl/status/status.h"

namespace sightline::agent {

// FAILED_PRECONDITION, with the command that mends it, when the file at `path` belongs to another
// user, or when its group or anybody else has a right to it. OK when there is no such file: whoever
// reads it says so better.
absl::Status CheckKeyFile(const std::string& path);

// From now on the process leaves no core dump, whatever the system is set to, and other processes
// of the same user cannot look into its memory. INTERNAL when the system refuses.
absl::Status KeepMemoryPrivate();

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_KEY_GUARD_H_
