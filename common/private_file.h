// Secrets on the disk: who else may read them.
#ifndef SIGHTLINE_COMMON_PRIVATE_FILE_H_
#define SIGHTLINE_COMMON_PRIVATE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sightline {

// The bytes of a file that nobody but its owner may read, as SystemFiles().Read.
// FAILED_PRECONDITION when group or world may read, write or run it: it was open to others, so it
// is not used. What is looked at is what is read, also when the name changes hands meanwhile.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

// The process leaves no memory behind when it crashes, and no other process of the user may look
// into it: keys are in it. Linux only.
void ForbidCoreDumps();

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_PRIVATE_FILE_H_
