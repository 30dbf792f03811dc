// Secrets: who else on the machine may get at them, on the disk and in memory.
#ifndef SIGHTLINE_COMMON_PRIVATE_FILE_H_
#define SIGHTLINE_COMMON_PRIVATE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sightline {

// FAILED_PRECONDITION, with the command that mends it, when the file at `path` belongs to another
// user, or when its group or anybody else has a right to it. OK when there is no such file: whoever
// reads it says so better.
absl::Status CheckPrivateFile(const std::string& path);

// The bytes of a file that nobody but its owner may read, as SystemFiles().Read.
// FAILED_PRECONDITION when group or world may read, write or run it: it was open to others, so it
// is not used. What is looked at is what is read, also when the name changes hands meanwhile.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

// From now on the process leaves no core dump, whatever the system is set to, and other processes
// of the same user cannot look into its memory: keys are in it. INTERNAL when the system refuses.
absl::Status ForbidCoreDumps();

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_PRIVATE_FILE_H_
