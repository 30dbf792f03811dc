#include "common/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST(PrivateFileTest, AProcessThatForbidsItLeavesNoCoreDump) {
  const pid_t child = fork();
  if (child == 0) {
    ForbidCoreDumps();
    _exit(prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace sightline
