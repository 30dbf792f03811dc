#include "common/private_file.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

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

bool OfRootOrOurs(const struct stat& info) { return info.st_uid == 0 || info.st_uid == geteuid(); }

// Closed with the object.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  const int fd_;
};

// Whether `file` is one that the service manager handed over: directly in $CREDENTIALS_DIRECTORY,
// which nobody else may enter. systemd lets the service in by an access list, whose mask stands
// where the group's rights would, so that a file of root's shows mode 0440 and the folder 0550. The
// group itself is root's then and has no right by the list. A group of others' in a folder that is
// closed to all but its owner is no danger either.
bool IsCredential(const struct stat& file, const std::string& path) {
  const char* named = getenv("CREDENTIALS_DIRECTORY");
  if (named == nullptr || *named != '/') return false;
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || path.substr(0, slash) != named) return false;
  const Descriptor folder(open(named, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat entry = {};
  struct stat info = {};
  if (folder.get() < 0 || fstat(folder.get(), &info) != 0 ||
      fstatat(folder.get(), path.c_str() + slash + 1, &entry, AT_SYMLINK_NOFOLLOW) != 0) {
    return false;
  }
  // What was opened is what is in the folder, and no link out of it.
  if (entry.st_dev != file.st_dev || entry.st_ino != file.st_ino) return false;
  const bool closed = (info.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  const bool by_list = info.st_gid == 0 && file.st_gid == 0 && info.st_uid == 0 &&
                       file.st_uid == 0 && (info.st_mode & (S_IWGRP | S_IRWXO)) == 0;
  return OfRootOrOurs(info) && OfRootOrOurs(file) && (closed || by_list) &&
         (file.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
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
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  }
  const absl::Status mode = CheckMode(info, path);
  if (!mode.ok() && !IsCredential(info, path)) return mode;
  return ReadAll(file.get(), path);
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
