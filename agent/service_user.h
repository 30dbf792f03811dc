// Root in a folder that is somebody else's, as with `sudo` in the folder of the service: what root
// wrote there, the service could not read.
#ifndef SIGHTLINE_AGENT_SERVICE_USER_H_
#define SIGHTLINE_AGENT_SERVICE_USER_H_

#include <string>

#include "absl/status/status.h"

namespace sightline::agent {

// Call it before anything in the folder is touched, and while there is one thread. When this
// process is root and the folder is another user's, it becomes that user for good, with the user's
// group and no other; otherwise nothing changes. OK when there is no such folder.
// PERMISSION_DENIED, with what to do, when the folder is another user's and this process is not
// root, or may not become that user.
absl::Status BecomeOwnerOf(const std::string& folder);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_SERVICE_USER_H_
