#include "tests/bench/load/data_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/files.h"

namespace sightline::load {
namespace {

class DataFileTest : public ::testing::Test {
 protected:
  ~DataFileTest() override { unlink(path_.c_str()); }

  // Two agents with two batches each, added in the other order.
  void Write() {
    const auto writer = DataWriter::Create(path_, {2, 2, 32, 7});
    ASSERT_TRUE(writer.ok()) << writer.status();
    const std::string key(32, 'k');
    EXPECT_TRUE((*writer)->Add(1, {"pem1", key, "DE", "127.200.0.9", true}, "ccdddd", {2, 4}).ok());
    EXPECT_FALSE((*writer)->Finish().ok()) << "one agent is missing";
    EXPECT_TRUE(
        (*writer)->Add(0, {"pem0", key, "CN-BJ", "127.16.0.9", false}, "aaab", {3, 1}).ok());
    EXPECT_TRUE((*writer)->Finish().ok());
  }

  const std::string path_ = ::testing::TempDir() + "load.data." + std::to_string(getpid());
};

TEST_F(DataFileTest, GivesBackWhatWasAdded) {
  Write();
  const auto data = DataFile::Open(path_);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ((*data)->shape().agents, 2u);
  EXPECT_EQ((*data)->shape().results_per_batch, 32u);
  EXPECT_EQ((*data)->shape().plan_version, 7u);
  EXPECT_EQ((*data)->Request(0, 1), "aaa");
  EXPECT_EQ((*data)->Request(0, 2), "b");
  EXPECT_EQ((*data)->Request(1, 1), "cc");
  EXPECT_EQ((*data)->Request(1, 2), "dddd");
  EXPECT_EQ((*data)->request_bytes(), 10u);
  EXPECT_EQ((*data)->Agent(0).key_pem, "pem0");
  EXPECT_FALSE((*data)->Agent(0).control);
  EXPECT_EQ((*data)->Agent(1).region, "DE");
  EXPECT_EQ((*data)->Agent(1).address, "127.200.0.9");
  EXPECT_EQ((*data)->Agent(1).public_key, std::string(32, 'k'));
  EXPECT_TRUE((*data)->Agent(1).control);
}

TEST_F(DataFileTest, AFileThatIsCutIsRefused) {
  Write();
  const auto bytes = SystemFiles().Read(path_);
  ASSERT_TRUE(bytes.ok());
  for (size_t size = 0; size < bytes->size(); size += 7) {
    ASSERT_TRUE(SystemFiles().WriteAtomically(path_, bytes->substr(0, size), 0600).ok());
    EXPECT_FALSE(DataFile::Open(path_).ok()) << size;
  }
}

TEST_F(DataFileTest, AChainOfOtherSizesIsRefused) {
  const auto writer = DataWriter::Create(path_, {1, 2, 32, 7});
  ASSERT_TRUE(writer.ok());
  const DataAgent agent{"pem", std::string(32, 'k'), "DE", "127.0.0.1", false};
  EXPECT_FALSE((*writer)->Add(0, agent, "abc", {1, 1}).ok());
  EXPECT_FALSE((*writer)->Add(0, agent, "abc", {3}).ok());
  EXPECT_FALSE((*writer)->Add(1, agent, "abc", {1, 2}).ok());
}

}  // namespace
}  // namespace sightline::load
