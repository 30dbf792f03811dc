#include "common/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "common/files.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(PrivateFileTest, OnlyItsOwnerMayBeAbleToReadIt) {
  const TempFolder folder;
  const std::string path = folder / "key.pem";
  ASSERT_TRUE(SystemFiles().WriteAtomically(path, "secret", 0600).ok());
  for (const mode_t mode : {0600, 0400, 0700}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    const auto text = ReadPrivateFile(path);
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(*text, "secret");
  }
  // Every bit of group and world, one at a time.
  for (mode_t bit = 1; bit <= 040; bit <<= 1) {
    ASSERT_EQ(chmod(path.c_str(), 0600 | bit), 0);
    const absl::Status refused = ReadPrivateFile(path).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()), AllOf(HasSubstr(path), HasSubstr("chmod 600"),
                                                      ::testing::Not(HasSubstr("secret"))));
  }
}

TEST(PrivateFileTest, ALinkIsWhatItLeadsTo) {
  const TempFolder folder;
  const std::string path = folder / "key.pem";
  const std::string link = folder / "link.pem";
  ASSERT_TRUE(SystemFiles().WriteAtomically(path, "secret", 0600).ok());
  ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
  EXPECT_TRUE(ReadPrivateFile(link).ok());
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadPrivateFile(link).status()));
}

TEST(PrivateFileTest, AMissingFileIsNotFound) {
  const TempFolder folder;
  EXPECT_TRUE(absl::IsNotFound(ReadPrivateFile(folder / "none").status()));
}

// A folder as a service manager makes it for one service, and names in the environment.
class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    EXPECT_EQ(mkdir(credentials_.c_str(), 0700), 0);
    EXPECT_TRUE(SystemFiles().WriteAtomically(path_, "secret", 0440).ok());
    EXPECT_EQ(setenv("CREDENTIALS_DIRECTORY", credentials_.c_str(), 1), 0);
  }
  ~CredentialsTest() override {
    unsetenv("CREDENTIALS_DIRECTORY");
    chmod(credentials_.c_str(), 0700);
  }
  bool Taken(const std::string& path) const { return ReadPrivateFile(path).ok(); }
  bool TakenWith(mode_t folder_mode, mode_t file_mode) const {
    EXPECT_EQ(chmod(path_.c_str(), file_mode), 0);
    EXPECT_EQ(chmod(credentials_.c_str(), folder_mode), 0);
    return Taken(path_);
  }

  const TempFolder temp_;
  const std::string credentials_ = temp_ / "credentials";
  const std::string path_ = credentials_ + "/tls.key";
};

TEST_F(CredentialsTest, GroupMayReadWhatIsInAFolderThatNobodyElseEnters) {
  for (const mode_t folder : {0700, 0500}) {
    for (const mode_t file : {0400, 0440, 0600, 0640}) EXPECT_TRUE(TakenWith(folder, file)) << file;
  }
  const auto text = ReadPrivateFile(path_);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "secret");
}

TEST_F(CredentialsTest, OtherRightsAreRefusedInThereToo) {
  for (const mode_t file : {0444, 0460, 0450, 0404, 0402}) {
    EXPECT_FALSE(TakenWith(0700, file)) << file;
  }
  for (const mode_t folder : {0755, 0501, 0770, 0710 | 0020}) {
    EXPECT_FALSE(TakenWith(folder, 0440)) << folder;
    EXPECT_TRUE(TakenWith(folder, 0400)) << folder;
  }
}

TEST_F(CredentialsTest, TheMaskOfAnAccessListIsARightOfRootsGroupAlone) {
  const bool is_root = geteuid() == 0;
  // Root's folder and file with root's group: as systemd makes them.
  EXPECT_EQ(TakenWith(0550, 0440), is_root);
  if (!is_root) return;
  ASSERT_EQ(chown(path_.c_str(), 0, 65534), 0);
  EXPECT_FALSE(TakenWith(0550, 0440));
  ASSERT_EQ(chown(path_.c_str(), 0, 0), 0);
  ASSERT_EQ(chown(credentials_.c_str(), 0, 65534), 0);
  EXPECT_FALSE(TakenWith(0550, 0440));
  ASSERT_EQ(chown(credentials_.c_str(), 65534, 0), 0);
  EXPECT_FALSE(TakenWith(0550, 0440));
  EXPECT_FALSE(TakenWith(0500, 0440));
}

TEST_F(CredentialsTest, OnlyFilesDirectlyInTheFolderThatIsNamed) {
  ASSERT_TRUE(Taken(path_));
  const std::string elsewhere = temp_ / "elsewhere.key";
  ASSERT_TRUE(SystemFiles().WriteAtomically(elsewhere, "secret", 0440).ok());
  EXPECT_FALSE(Taken(elsewhere));
  EXPECT_FALSE(Taken(credentials_ + "/../elsewhere.key"));
  const std::string link = credentials_ + "/link.key";
  ASSERT_EQ(symlink(elsewhere.c_str(), link.c_str()), 0);
  EXPECT_FALSE(Taken(link));
  const std::string below = credentials_ + "/below";
  ASSERT_EQ(mkdir(below.c_str(), 0700), 0);
  ASSERT_TRUE(SystemFiles().WriteAtomically(below + "/tls.key", "secret", 0440).ok());
  EXPECT_FALSE(Taken(below + "/tls.key"));
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_FALSE(Taken(path_));
}

class CheckPrivateFileTest : public ::testing::Test {
 protected:
  CheckPrivateFileTest() { EXPECT_TRUE(SystemFiles().WriteAtomically(path_, "key", 0600).ok()); }
  absl::Status CheckWithMode(mode_t mode) {
    EXPECT_EQ(chmod(path_.c_str(), mode), 0);
    return CheckPrivateFile(path_);
  }

  TempFolder temp_;
  const std::string path_ = temp_ / "agent.key";
};

TEST_F(CheckPrivateFileTest, KeyOfTheOwnerAloneIsFine) {
  EXPECT_TRUE(CheckWithMode(0600).ok());
  EXPECT_TRUE(CheckWithMode(0400).ok());
  EXPECT_TRUE(CheckPrivateFile(temp_ / "nothing").ok());
}

TEST_F(CheckPrivateFileTest, AnyRightOfOthersIsRefusedWithTheCommandThatMendsIt) {
  for (const mode_t mode : {0644, 0640, 0604, 0620, 0602, 0610, 0666, 0777}) {
    const absl::Status status = CheckWithMode(mode);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << mode;
    EXPECT_THAT(std::string(status.message()), HasSubstr("chmod 600 " + path_));
  }
  EXPECT_THAT(std::string(CheckWithMode(0644).message()), HasSubstr("mode 0644"));
}

TEST_F(CheckPrivateFileTest, LinkToAKeyThatOthersCanReadIsRefusedToo) {
  EXPECT_EQ(chmod(path_.c_str(), 0644), 0);
  const std::string link = temp_ / "link";
  ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
  EXPECT_EQ(CheckPrivateFile(link).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CheckPrivateFileTest, KeyOfAnotherUserIsRefused) {
  // A file of root's for anybody else; root gives its own one away.
  const std::string path = geteuid() == 0 ? path_ : "/etc/passwd";
  if (geteuid() == 0) {
    ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
  }
  EXPECT_THAT(std::string(CheckPrivateFile(path).message()), HasSubstr("belongs to user"));
}

// Runs `look` in a process that had core dumps allowed, as far as the system lets it, and was then
// guarded; returns its exit status.
template <typename Look>
int InGuardedProcess(Look look) {
  const pid_t child = fork();
  if (child == 0) {
    rlimit limit = {};
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_CORE, &limit);
    prctl(PR_SET_DUMPABLE, 1);
    _exit(ForbidCoreDumps().ok() ? look() : 99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(ForbidCoreDumpsTest, ForbidsCoreDumpsForGood) {
  const int status = InGuardedProcess([] {
    rlimit limit = {1, 1};
    getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur == 0 && limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1;
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(ForbidCoreDumpsTest, CrashLeavesNoCore) {
  const int status = InGuardedProcess([]() -> int {
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(WCOREDUMP(status));
}

}  // namespace
}  // namespace sightline
