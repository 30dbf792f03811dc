#include "common/private_file.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sightline {
namespace {

absl::Status CheckMode(const struct stat& info, const std::string& path) {
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s holds a private key and has mode %04o, so others on this machine can get at it; mend "
      "that with: chmod 600 %s, and make a new key if somebody may have read this one",
      path, info.st_mode & 07777, path));
}

absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  std::string data;
  char buffer[4096];
  for (;;) {
    const ssize_t size = read(fd, buffer, sizeof buffer);
    if (size == 0) return data;
    if (size > 0) {
      data.append(buffer, static_cast<size_t>(size));
    } else if (errno != EINTR) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
    }
  }
}

}  // namespace

absl::Status CheckPrivateFile(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  }
  if (info.st_uid != geteuid()) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " belongs to user ", info.st_uid, ", and this program runs as user ", geteuid(),
        ": run it as that user, or take the file over with: chown ", geteuid(), " ", path));
  }
  return CheckMode(info, path);
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  struct stat info = {};
  const absl::Status mode = fstat(fd, &info) == 0
                                ? CheckMode(info, path)
                                : absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  absl::StatusOr<std::string> data = mode.ok() ? ReadAll(fd, path) : mode;
  close(fd);
  return data;
}

absl::Status ForbidCoreDumps() {
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) {
    return absl::InternalError("cannot forbid core dumps, which would hold private keys");
  }
  // Also where a program takes the dumps, which does not ask for the limit.
  if (prctl(PR_SET_DUMPABLE, 0) != 0) {
    return absl::InternalError("cannot close the memory, which holds private keys, to others");
  }
  return absl::OkStatus();
}

}  // namespace sightline
