#include "collector/store/new_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/files.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

TEST(NewFileTest, HasItsNameWhenItIsWholeAndIsItsOwnersAlone) {
  const TempFolder folder;
  auto file = NewFile::Create(folder / "new");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Append("one ").ok());
  ASSERT_TRUE(file->Append("two").ok());
  EXPECT_FALSE(std::filesystem::exists(folder / "new"));
  ASSERT_TRUE(file->Finish().ok());
  EXPECT_EQ(*SystemFiles().Read(folder / "new"), "one two");
  struct stat info = {};
  ASSERT_EQ(stat((folder / "new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(SystemFiles().List(folder.path())->size(), 1u);
}

TEST(NewFileTest, WhatIsNotFinishedLeavesNothing) {
  const TempFolder folder;
  {
    auto file = NewFile::Create(folder / "new");
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->Append("half").ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(NewFileTest, ANameThatIsTakenIsLeftAloneAtBothEnds) {
  const TempFolder folder;
  auto file = NewFile::Create(folder / "new");
  ASSERT_TRUE(file.ok()) << file.status();
  std::ofstream(folder / "new") << "precious";  // meanwhile
  EXPECT_EQ(NewFile::Create(folder / "new").status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(file->Finish().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*SystemFiles().Read(folder / "new"), "precious");
}

TEST(NewFileTest, AFolderThatIsNotThereIsNamed) {
  const TempFolder folder;
  const absl::Status status = NewFile::Create(folder / "none/new").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("none/new"));
}

}  // namespace
}  // namespace sightline
