#include "common/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
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
