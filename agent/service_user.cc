#include "agent/service_user.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace sightline::agent {
namespace {

struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

struct FileCloser {
  void operator()(FILE* file) const { fclose(file); }
};

// From /etc/passwd itself: the resolver of names that glibc has needs shared libraries. Who is not
// in it has the number as name and the folder's group.
Owner OwnerOf(const struct stat& folder) {
  Owner owner{folder.st_uid, folder.st_gid, absl::StrCat(folder.st_uid)};
  const std::unique_ptr<FILE, FileCloser> file(fopen("/etc/passwd", "re"));
  if (file == nullptr) return owner;
  while (const passwd* entry = fgetpwent(file.get())) {
    if (entry->pw_uid == folder.st_uid) return {entry->pw_uid, entry->pw_gid, entry->pw_name};
  }
  return owner;
}

bool Became(const Owner& owner) {
  uid_t uids[3] = {};
  gid_t gids[3] = {};
  if (getresuid(&uids[0], &uids[1], &uids[2]) != 0) return false;
  if (getresgid(&gids[0], &gids[1], &gids[2]) != 0) return false;
  for (const uid_t uid : uids) {
    if (uid != owner.uid) return false;
  }
  for (const gid_t gid : gids) {
    if (gid != owner.gid) return false;
  }
  // There must be no way back.
  return getgroups(0, nullptr) == 0 && setuid(0) != 0;
}

}  // namespace

absl::Status BecomeOwnerOf(const std::string& folder) {
  struct stat info = {};
  if (stat(folder.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", folder));
  }
  if (info.st_uid == geteuid()) return absl::OkStatus();
  const Owner owner = OwnerOf(info);
  if (geteuid() != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        folder, " belongs to user ", owner.name,
        "; run the same command with sudo, or name a folder of your own with --state"));
  }
  const bool changed = setgroups(0, nullptr) == 0 &&
                       setresgid(owner.gid, owner.gid, owner.gid) == 0 &&
                       setresuid(owner.uid, owner.uid, owner.uid) == 0;
  if (changed && Became(owner)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      folder, " belongs to user ", owner.name, ", and root cannot become that user here (",
      strerror(errno), "); run the same command as that user"));
}

}  // namespace sightline::agent
