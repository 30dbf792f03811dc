#include "collector/plan_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/memory_store.h"
#include "tests/common/fake_clock.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class PlanBookTest : public ::testing::Test {
 protected:
  const SigningKey key_ = SigningKey::Generate();
  FakeClock clock_{kTestNow};
  MemoryStore store_;
  PlanBook book_{store_, key_.public_key(), clock_};
};

TEST_F(PlanBookTest, PublishesNewerPlansOnly) {
  EXPECT_EQ(book_.Current(), nullptr);
  EXPECT_EQ(*book_.Publish(SignPlan(TestPlan(2), key_)), 2u);
  EXPECT_EQ(book_.Current()->plan.version(), 2u);
  const auto older = book_.Publish(SignPlan(TestPlan(1), key_));
  EXPECT_EQ(older.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(older.status().message()), StartsWith("NOT_NEWER: "));
  EXPECT_EQ(store_.ListPlans()->size(), 1u);
}

TEST_F(PlanBookTest, AnotherKeyIsRefusedAndNothingIsStored) {
  const auto other = book_.Publish(SignPlan(TestPlan(1), SigningKey::Generate()));
  EXPECT_THAT(std::string(other.status().message()), StartsWith("UNKNOWN_KEY: "));
  EXPECT_TRUE(store_.ListPlans()->empty());
}

TEST_F(PlanBookTest, FindsAPlanThatAnotherCollectorPublished) {
  PlanBook other(store_, key_.public_key(), clock_);
  ASSERT_TRUE(other.Publish(SignPlan(TestPlan(1), key_)).ok());
  ASSERT_TRUE(book_.Find(1).ok());
  EXPECT_EQ((*book_.Find(1))->plan.version(), 1u);
  EXPECT_TRUE(absl::IsNotFound(book_.Find(2).status()));
}

TEST_F(PlanBookTest, AnExpiredPlanStillExplainsOldBatches) {
  ASSERT_TRUE(book_.Publish(SignPlan(TestPlan(1), key_)).ok());
  clock_.Advance(absl::Hours(24 * 400));
  PlanBook later(store_, key_.public_key(), clock_);
  EXPECT_TRUE(later.Find(1).ok());
}

TEST_F(PlanBookTest, AStoreOfAnotherOperatorIsRefused) {
  ASSERT_TRUE(book_.Publish(SignPlan(TestPlan(1), key_)).ok());
  PlanBook stranger(store_, SigningKey::Generate().public_key(), clock_);
  EXPECT_THAT(std::string(stranger.Refresh().message()), HasSubstr("UNKNOWN_KEY"));
}

}  // namespace
}  // namespace sightline
