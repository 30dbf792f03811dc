#include "agent/spool_view.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/agent/enrolled_folder.h"

namespace sightline::agent {
namespace {

class SpoolViewTest : public ::testing::Test {
 protected:
  absl::StatusOr<SpoolView> View() {
    return ViewSpool(SystemFiles(), folder_.state().SpoolFolder());
  }
  // The newest segment.
  std::string Newest() {
    return folder_.state().SpoolFolder() + "/" +
           SystemFiles().List(folder_.state().SpoolFolder())->back();
  }

  EnrolledFolder folder_;
};

TEST_F(SpoolViewTest, AFolderThatIsMissingIsAnEmptySpool) {
  const auto view = View();
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->batches, 0u);
  EXPECT_FALSE(view->oldest_round.has_value());
  EXPECT_FALSE(std::filesystem::exists(folder_.state().SpoolFolder()));
}

TEST_F(SpoolViewTest, CountsWhatWaitsAndChangesNothing) {
  folder_.Fill(5, 2);
  const std::string before = *SystemFiles().Read(Newest());
  const auto view = View();
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->batches, 3u);
  EXPECT_EQ(view->bytes, before.size());
  EXPECT_EQ(view->oldest_round, kTestNow);
  EXPECT_EQ(view->batches_damaged, 0u);
  EXPECT_EQ(*SystemFiles().Read(Newest()), before);
}

TEST_F(SpoolViewTest, ATornTailIsToldAndLosesNothing) {
  folder_.Fill(3, 0);
  std::ofstream(Newest(), std::ios::app) << "half a record";
  const auto view = View();
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->torn_bytes, 13u);
  EXPECT_EQ(view->batches, 3u);
}

TEST_F(SpoolViewTest, DamageInTheMiddleIsCounted) {
  folder_.Fill(3, 0);
  std::string bytes = *SystemFiles().Read(Newest());
  // Past the state and within the second batch.
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_TRUE(SystemFiles().WriteAtomically(Newest(), bytes, 0600).ok());
  const auto view = View();
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->batches_damaged, 1u);
  EXPECT_EQ(view->batches, 2u);
}

TEST_F(SpoolViewTest, AnUnreadableBeginningIsDataLoss) {
  folder_.Fill(1, 0);
  ASSERT_TRUE(SystemFiles().WriteAtomically(Newest(), std::string(500, 'x'), 0600).ok());
  EXPECT_TRUE(absl::IsDataLoss(View().status()));
}

}  // namespace
}  // namespace sightline::agent
