#include "agent/key_guard.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sightline::agent {

absl::Status CheckKeyFile(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  }
  if (info.st_uid != geteuid()) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " belongs to user ", info.st_uid, ", and this program runs as user ", geteuid(),
        ": run it as the user who enrolled, or take the file over with: chown ", geteuid(), " ",
        path));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " has mode ", absl::StrFormat("%04o", info.st_mode & 07777),
        ", so others on this machine can get at the agent's key; mend it with: chmod 600 ", path,
        " and, if somebody may have read it, change the key with: sightline-agent rotate-key"));
  }
  return absl::OkStatus();
}

absl::Status KeepMemoryPrivate() {
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) {
    return absl::InternalError("cannot forbid core dumps, which would hold the agent's key");
  }
  // Also where a program takes the dumps, which does not ask for the limit.
  if (prctl(PR_SET_DUMPABLE, 0) != 0) {
    return absl::InternalError("cannot close the memory, which holds the agent's key, to others");
  }
  return absl::OkStatus();
}

}  // namespace sightline::agent
