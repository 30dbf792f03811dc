#include "common/private_file.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sightline {
namespace {

absl::Status CheckMode(int fd, const std::string& path) {
  struct stat info = {};
  if (fstat(fd, &info) != 0)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s holds a private key, but its mode %04o lets others than its owner at it; make a new key "
      "if somebody may have read it, and run: chmod 600 %s",
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

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  const absl::Status mode = CheckMode(fd, path);
  absl::StatusOr<std::string> data = mode.ok() ? ReadAll(fd, path) : mode;
  close(fd);
  return data;
}

void ForbidCoreDumps() { prctl(PR_SET_DUMPABLE, 0); }

}  // namespace sightline
