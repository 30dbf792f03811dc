// Files that were damaged on their way: noticed, and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/export/export_blocks.h"
#include "collector/export/export_store.h"
#include "collector/export/export_writer.h"
#include "common/files.h"
#include "tests/collector/export/signed_world.h"
#include "tests/collector/memory_store.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using internal::v1::ExportBlock;
using ::testing::HasSubstr;

// A file with a block of every kind.
class ExportDamageTest : public ::testing::Test {
 protected:
  ExportDamageTest() {
    SignedWorld world({.agents_each = 1, .windows = 1, .opening = 1});
    MemoryStore store;
    world.Fill(store);
    ExportOptions options;
    options.now = world.end();
    options.block_bytes = 1500;
    EXPECT_TRUE(WriteExport(store, folder_ / "whole", options).ok());
    bytes_ = *SystemFiles().Read(folder_ / "whole");
    const auto reader = ExportBlockReader::Open(folder_ / "whole");
    ExportBlock block;
    std::set<int> kinds;
    for (uint64_t offset = ExportBlockReader::kFirstBlock; offset < bytes_.size();) {
      starts_.push_back(offset);
      offset = *reader->Read(offset, block);
      kinds.insert(block.content_case());
    }
    EXPECT_EQ(kinds.size(), 7u);
  }

  // What opening a file with these bytes says. In memory, for there are many.
  absl::Status Open(absl::string_view bytes) {
    const int fd = memfd_create("damaged", MFD_CLOEXEC);
    EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    absl::StatusOr<ExportBlockReader> reader = ExportBlockReader::FromDescriptor(fd, "damaged");
    if (!reader.ok()) return reader.status();
    return ExportStore::Open(*std::move(reader), nullptr).status();
  }

  // Start of the block that holds the byte.
  uint64_t BlockOf(uint64_t byte) const {
    uint64_t found = 0;
    for (const uint64_t start : starts_) {
      if (start <= byte) found = start;
    }
    return found;
  }

  // The place that the message names.
  static bool Names(const absl::Status& status, uint64_t block) {
    return absl::StrContains(status.message(), absl::StrCat("the block at byte ", block, ":"));
  }

  TempFolder folder_;
  std::string bytes_;
  std::vector<uint64_t> starts_;  // of the blocks
};

TEST_F(ExportDamageTest, EveryChangedByteIsNoticedInItsBlock) {
  ASSERT_TRUE(Open(bytes_).ok());
  for (size_t at = 0; at < bytes_.size(); ++at) {
    std::string damaged = bytes_;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    const absl::Status status = Open(damaged);
    if (at < kExportMagic.size()) {
      ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << at << " " << status;
    } else {
      ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << at << " " << status;
      ASSERT_TRUE(Names(status, BlockOf(at))) << at << " " << status;
    }
  }
}

TEST_F(ExportDamageTest, EveryCutIsNoticedInItsBlock) {
  for (size_t size = 0; size < bytes_.size(); ++size) {
    const absl::Status status = Open(absl::string_view(bytes_).substr(0, size));
    if (size < kExportMagic.size()) {
      ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << size << " " << status;
    } else {
      ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << size << " " << status;
      ASSERT_TRUE(Names(status, BlockOf(size))) << size << " " << status;
    }
  }
}

TEST_F(ExportDamageTest, WhatIsAddedBehindTheEndIsNoticed) {
  for (const std::string& added : {std::string(1, '\0'), std::string(100, 'x')}) {
    const absl::Status status = Open(bytes_ + added);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_TRUE(Names(status, bytes_.size())) << status;
  }
  // Even a block that is a good one elsewhere.
  const absl::Status status = Open(bytes_ + bytes_.substr(starts_.back()));
  EXPECT_TRUE(Names(status, bytes_.size())) << status;
}

TEST_F(ExportDamageTest, BlocksThatChangedPlacesOrAreGoneAreNoticed) {
  for (size_t i = 1; i + 2 < starts_.size(); ++i) {
    const std::string before = bytes_.substr(0, starts_[i]);
    const std::string one = bytes_.substr(starts_[i], starts_[i + 1] - starts_[i]);
    const std::string two = bytes_.substr(starts_[i + 1], starts_[i + 2] - starts_[i + 1]);
    const std::string after = bytes_.substr(starts_[i + 2]);
    EXPECT_TRUE(Names(Open(before + two + one + after), starts_[i])) << i;
    EXPECT_TRUE(Names(Open(before + two + after), starts_[i])) << i;
  }
}

TEST_F(ExportDamageTest, ABlockThatIsDamagedLaterIsNoticedWhenItIsRead) {
  ASSERT_TRUE(SystemFiles().WriteAtomically(folder_ / "file", bytes_, 0600).ok());
  const auto reader = ExportBlockReader::Open(folder_ / "file");
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE(SystemFiles().Truncate(folder_ / "file", starts_[2] + 10).ok());
  ExportBlock block;
  EXPECT_TRUE(reader->Read(starts_[1], block).ok());
  EXPECT_EQ(reader->Read(starts_[2], block).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ExportDamageTest, AFileThatIsNoneOrMissingIsNamed) {
  EXPECT_THAT(std::string(Open("something else").message()), HasSubstr("damaged is no export"));
  EXPECT_EQ(ExportStore::Open(folder_ / "none", nullptr).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ExportStore::Open(folder_.path(), nullptr).status().code(),
            absl::StatusCode::kInvalidArgument);
  std::string other = bytes_;
  other[26] = '2';
  EXPECT_THAT(std::string(Open(other).message()), HasSubstr("version that this program does not"));
}

TEST(ExportBlockWriterTest, EmptyAndHugeBlocksAreRefused) {
  ExportBlockWriter writer([](absl::string_view) { return absl::OkStatus(); });
  ExportBlock block;
  EXPECT_EQ(writer.Write(block).code(), absl::StatusCode::kInvalidArgument);
  block.mutable_verdicts()->add_verdicts()->set_cells(std::string(kExportBlockBytesMax, 'x'));
  EXPECT_EQ(writer.Write(block).code(), absl::StatusCode::kInvalidArgument);
  block.mutable_verdicts()->mutable_verdicts(0)->mutable_cells()->resize(1000);
  EXPECT_TRUE(writer.Write(block).ok());
}

}  // namespace
}  // namespace sightline
