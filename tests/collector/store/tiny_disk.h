// A disk that is soon full, where the kernel lets us make one.
#ifndef SIGHTLINE_TESTS_COLLECTOR_STORE_TINY_DISK_H_
#define SIGHTLINE_TESTS_COLLECTOR_STORE_TINY_DISK_H_

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "tests/common/temp_folder.h"

namespace sightline {

// A tmpfs in a mount namespace of the calling thread, and of what that starts afterwards.
class TinyDisk {
 public:
  explicit TinyDisk(int megabytes) {
    const std::string size = "mode=0777,size=" + std::to_string(megabytes) + "m";
    is_mounted_ = unshare(CLONE_NEWNS) == 0 &&
                  mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                  mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, size.c_str()) == 0;
    if (!is_mounted_) printf("no disk of our own is allowed here: this part is not tested\n");
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;
  ~TinyDisk() {
    if (is_mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }

  bool is_mounted() const { return is_mounted_; }
  const std::string& path() const { return folder_.path(); }

  // Takes all space but so much, until FreeBallast.
  bool LeaveFree(int megabytes) const {
    struct statvfs info = {};
    if (statvfs(folder_.path().c_str(), &info) != 0) return false;
    const auto free = static_cast<off_t>(info.f_bavail * info.f_bsize);
    const int fd = open(Ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const bool taken = fd >= 0 && posix_fallocate(fd, 0, free - (off_t{megabytes} << 20)) == 0;
    close(fd);
    return taken;
  }
  void FreeBallast() const { unlink(Ballast().c_str()); }

 private:
  std::string Ballast() const { return folder_ / "ballast"; }

  TempFolder folder_;
  bool is_mounted_ = false;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_STORE_TINY_DISK_H_
