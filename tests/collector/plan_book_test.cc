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

// The key changes over plan 2, which lists both.
class KeyChangeTest : public PlanBookTest {
 protected:
  v1::SignedPlan Plan(uint64_t version, const SigningKey& signer,
                      const std::vector<const SigningKey*>& listed = {}) {
    v1::Plan plan = TestPlan(version);
    for (const SigningKey* key : listed) plan.add_operator_keys(key->public_key().raw());
    return SignPlan(plan, signer);
  }
  void Change(PlanBook& book) {
    ASSERT_TRUE(book.Publish(Plan(1, key_)).ok());
    ASSERT_TRUE(book.Publish(Plan(2, key_, {&key_, &new_key_})).ok());
    ASSERT_TRUE(book.Publish(Plan(3, new_key_, {&new_key_})).ok());
  }

  const SigningKey new_key_ = SigningKey::Generate();
};

TEST_F(KeyChangeTest, OnceItIsChangedTheOldKeyIsRefused) {
  EXPECT_EQ(book_.signing_key().raw(), key_.public_key().raw());
  Change(book_);
  EXPECT_THAT(std::string(book_.Publish(Plan(4, key_)).status().message()),
              StartsWith("UNKNOWN_KEY: "));
  EXPECT_TRUE(book_.Publish(Plan(4, new_key_)).ok());
  EXPECT_EQ(book_.signing_key().raw(), new_key_.public_key().raw());
}

TEST_F(KeyChangeTest, NobodyElsesKeyGetsInBetween) {
  ASSERT_TRUE(book_.Publish(Plan(1, key_)).ok());
  const SigningKey own = SigningKey::Generate();
  EXPECT_THAT(std::string(book_.Publish(Plan(2, own, {&own, &key_})).status().message()),
              StartsWith("UNKNOWN_KEY: "));
  EXPECT_EQ(store_.ListPlans()->size(), 1u);
}

TEST_F(KeyChangeTest, AnotherBookFollowsTheStoredPlansFromThePinnedKey) {
  PlanBook early(store_, key_.public_key(), clock_);
  ASSERT_TRUE(book_.Publish(Plan(1, key_)).ok());
  ASSERT_TRUE(early.Refresh().ok());
  ASSERT_TRUE(book_.Publish(Plan(2, key_, {&key_, &new_key_})).ok());
  ASSERT_TRUE(book_.Publish(Plan(3, new_key_)).ok());
  // One that knew the first plan, and one that starts.
  PlanBook later(store_, key_.public_key(), clock_);
  for (PlanBook* book : {&early, &later}) {
    ASSERT_TRUE(book->Refresh().ok());
    EXPECT_EQ(book->Current()->plan.version(), 3u);
    EXPECT_EQ(book->signing_key().raw(), new_key_.public_key().raw());
  }
  EXPECT_THAT(std::string(early.Publish(Plan(4, key_)).status().message()),
              StartsWith("UNKNOWN_KEY: "));
  EXPECT_TRUE(later.Publish(Plan(4, new_key_)).ok());
  // The history begins with the first key, so the new one does not open it.
  PlanBook wrong(store_, new_key_.public_key(), clock_);
  EXPECT_THAT(std::string(wrong.Refresh().message()), HasSubstr("the first plan"));
}

TEST_F(KeyChangeTest, WhoMissedTheOverlapIsGivenThePlanBetweenFirst) {
  EXPECT_EQ(book_.NextFor(0), nullptr);
  Change(book_);
  EXPECT_EQ(book_.NextFor(1)->plan.version(), 2u);
  EXPECT_EQ(book_.NextFor(2)->plan.version(), 3u);
  EXPECT_EQ(book_.NextFor(3), nullptr);
  EXPECT_EQ(book_.NextFor(7), nullptr);
  // Without a plan there is nothing to go by.
  EXPECT_EQ(book_.NextFor(0)->plan.version(), 3u);
}

TEST_F(KeyChangeTest, AnExpiredPlanBetweenIsOfNoUse) {
  ASSERT_TRUE(book_.Publish(Plan(1, key_)).ok());
  v1::Plan overlap = TestPlan(2);
  *overlap.mutable_expire_time() = ToProto(kTestNow + absl::Minutes(1));
  for (const SigningKey* key : {&key_, &new_key_}) {
    overlap.add_operator_keys(key->public_key().raw());
  }
  ASSERT_TRUE(book_.Publish(SignPlan(overlap, key_)).ok());
  ASSERT_TRUE(book_.Publish(Plan(3, new_key_)).ok());
  EXPECT_EQ(book_.NextFor(1)->plan.version(), 2u);
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(book_.NextFor(1)->plan.version(), 3u);
}

}  // namespace
}  // namespace sightline
