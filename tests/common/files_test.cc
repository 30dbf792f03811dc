#include "common/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FilesTest, WriteAtomicallyReplacesAndKeepsTheMode) {
  const TempFolder folder;
  Files& files = SystemFiles();
  ASSERT_TRUE(files.WriteAtomically(folder / "key", "old", 0600).ok());
  ASSERT_TRUE(files.WriteAtomically(folder / "key", "new", 0600).ok());
  EXPECT_EQ(*files.Read(folder / "key"), "new");
  struct stat info = {};
  ASSERT_EQ(stat((folder / "key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_THAT(*files.List(folder.path()), ElementsAre("key"));
}

TEST(FilesTest, AppendContinuesAndTruncateCuts) {
  const TempFolder folder;
  Files& files = SystemFiles();
  for (const char* part : {"one", "two"}) {
    auto file = files.OpenAppend(folder / "log");
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Append(part).ok());
    ASSERT_TRUE((*file)->Sync().ok());
  }
  EXPECT_EQ(*files.Read(folder / "log"), "onetwo");
  ASSERT_TRUE(files.Truncate(folder / "log", 4).ok());
  EXPECT_EQ(*files.Read(folder / "log"), "onet");
}

TEST(FilesTest, ErrorsNameThePathAndTheReason) {
  const TempFolder folder;
  const auto missing = SystemFiles().Read(folder / "none");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr(folder / "none"));
  ASSERT_TRUE(SystemFiles().WriteAtomically(folder / "file", "", 0600).ok());
  EXPECT_FALSE(SystemFiles().MakeFolder(folder / "file").ok());
  EXPECT_FALSE(SystemFiles().MakeFolder(folder / "file/below").ok());
}

TEST(FilesTest, MakeFolderMakesParentsAndRemoveForgivesAbsence) {
  const TempFolder folder;
  EXPECT_TRUE(SystemFiles().MakeFolder(folder / "a/b/c").ok());
  EXPECT_TRUE(SystemFiles().MakeFolder(folder / "a/b/c").ok());
  EXPECT_TRUE(SystemFiles().Remove(folder / "a/none").ok());
  EXPECT_FALSE(SystemFiles().Remove(folder / "a/b").ok());
}

}  // namespace
}  // namespace sightline
