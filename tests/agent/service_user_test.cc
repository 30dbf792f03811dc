// Root in a folder of the service's. Each test is a process of its own, for there is no way back.
#include "agent/service_user.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <iostream>

#include "agent/pause.h"
#include "tests/agent/enrolled_folder.h"
#include "tests/common/temp_folder.h"

namespace sightline::agent {
namespace {

constexpr uid_t kSomebody = 12345;
constexpr gid_t kTheirGroup = 23456;

class ServiceUserTest : public ::testing::Test {
 protected:
  // Gives the folder and all in it away. False, and said so, when this process may not.
  bool GiveAway(const std::string& path) {
    if (geteuid() != 0) {
      std::cerr << "not run: only root can give a folder to another user\n";
      return false;
    }
    // The folder above is root's alone.
    chmod(std::filesystem::path(path).parent_path().c_str(), 0711);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (chown(entry.path().c_str(), kSomebody, kTheirGroup) != 0) return CannotGive();
    }
    return chown(path.c_str(), kSomebody, kTheirGroup) == 0 || CannotGive();
  }
  // What `body` returns in a child process.
  static int InChild(const std::function<int()>& body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  TempFolder temp_;

 private:
  static bool CannotGive() {
    std::cerr << "not run: there is no other user in this namespace\n";
    return false;
  }
};

TEST_F(ServiceUserTest, RootBecomesTheOwnerForGood) {
  const std::string path = temp_ / "state";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  if (!GiveAway(path)) return;
  const int code = InChild([&] {
    if (!BecomeOwnerOf(path).ok()) return 1;
    if (geteuid() != kSomebody || getuid() != kSomebody) return 2;
    if (getegid() != kTheirGroup || getgroups(0, nullptr) != 0) return 3;
    if (setuid(0) == 0 || setgid(0) == 0) return 4;
    const int fd = open((path + "/made").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    struct stat made = {};
    if (fd < 0 || fstat(fd, &made) != 0) return 5;
    close(fd);
    return made.st_uid == kSomebody && made.st_gid == kTheirGroup ? 0 : 6;
  });
  EXPECT_EQ(code, 0);
}

TEST_F(ServiceUserTest, WhatRootWritesTheServiceCanRead) {
  EnrolledFolder folder;
  if (!GiveAway(folder.path())) return;
  const int code = InChild([&] {
    if (!BecomeOwnerOf(folder.path()).ok()) return 1;
    return PauseAgent(folder.path(), SystemFiles(), absl::Now(), "1h").ok() ? 0 : 2;
  });
  EXPECT_EQ(code, 0);
  struct stat info = {};
  ASSERT_EQ(stat(folder.state().PausePath().c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, kSomebody);
}

TEST_F(ServiceUserTest, AFolderOfOnesOwnOrNoneChangesNothing) {
  const uid_t before = geteuid();
  EXPECT_TRUE(BecomeOwnerOf(temp_.path()).ok());
  EXPECT_TRUE(BecomeOwnerOf(temp_ / "not there").ok());
  EXPECT_EQ(geteuid(), before);
}

TEST_F(ServiceUserTest, WhoIsNotRootIsToldToBecomeIt) {
  const std::string path = temp_ / "state";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  if (!GiveAway(path)) return;
  const int code = InChild([&] {
    if (setgid(kTheirGroup + 1) != 0 || setuid(kSomebody + 1) != 0) return 1;
    const absl::Status status = BecomeOwnerOf(path);
    const std::string message(status.message());
    return absl::IsPermissionDenied(status) && message.find("12345") != std::string::npos &&
                   message.find("sudo") != std::string::npos
               ? 0
               : 2;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace sightline::agent
