#include "common/operator_keys.h"

#include <gtest/gtest.h>

#include "tests/common/test_plan.h"

namespace sightline {
namespace {

class OperatorKeysTest : public ::testing::Test {
 protected:
  static v1::SignedPlan Plan(uint64_t version, const SigningKey& signer,
                             const std::vector<const SigningKey*>& listed = {}) {
    v1::Plan plan = TestPlan(version);
    for (const SigningKey* key : listed) plan.add_operator_keys(key->public_key().raw());
    return SignPlan(plan, signer);
  }
  // Takes the plan as whoever holds one does; why not, or UNSPECIFIED.
  v1::PlanRefusalReason Take(const v1::SignedPlan& signed_plan) {
    auto opened = keys_.Open(signed_plan, version_, kTestNow);
    if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) return refusal->reason();
    version_ = std::get<v1::Plan>(opened).version();
    keys_.Follow(signed_plan, std::get<v1::Plan>(opened));
    return v1::PLAN_REFUSAL_REASON_UNSPECIFIED;
  }

  const SigningKey old_ = SigningKey::Generate();
  const SigningKey new_ = SigningKey::Generate();
  OperatorKeys keys_{old_.public_key()};
  uint64_t version_ = 0;
};

constexpr auto kTaken = v1::PLAN_REFUSAL_REASON_UNSPECIFIED;

TEST_F(OperatorKeysTest, WithoutAListTheSameKeySignsForEver) {
  EXPECT_EQ(Take(Plan(1, old_)), kTaken);
  EXPECT_EQ(Take(Plan(2, old_)), kTaken);
  EXPECT_EQ(Take(Plan(3, new_)), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
}

TEST_F(OperatorKeysTest, AKeyChangesOverAPlanThatListsBoth) {
  EXPECT_EQ(Take(Plan(1, old_, {&old_, &new_})), kTaken);
  EXPECT_EQ(Take(Plan(2, new_, {&new_})), kTaken);
  EXPECT_EQ(Take(Plan(3, old_)), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  EXPECT_EQ(Take(Plan(3, new_)), kTaken);
}

TEST_F(OperatorKeysTest, TheOldKeyIsOutAlsoWhenTheNewOneListsNobody) {
  EXPECT_EQ(Take(Plan(1, old_, {&old_, &new_})), kTaken);
  EXPECT_EQ(Take(Plan(2, new_)), kTaken);
  EXPECT_EQ(Take(Plan(3, old_)), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  EXPECT_EQ(Take(Plan(3, new_)), kTaken);
}

TEST_F(OperatorKeysTest, WhileBothAreListedBothMaySign) {
  EXPECT_EQ(Take(Plan(1, old_, {&old_, &new_})), kTaken);
  EXPECT_EQ(Take(Plan(2, new_, {&old_, &new_})), kTaken);
  EXPECT_EQ(Take(Plan(3, old_, {&old_, &new_})), kTaken);
  // The change was called off.
  EXPECT_EQ(Take(Plan(4, old_)), kTaken);
  EXPECT_EQ(Take(Plan(5, new_)), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
}

TEST_F(OperatorKeysTest, AKeyCannotBringItselfIn) {
  EXPECT_EQ(Take(Plan(1, old_)), kTaken);
  EXPECT_EQ(Take(Plan(2, new_, {&old_, &new_})), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  v1::SignedPlan borrowed = Plan(2, new_, {&old_, &new_});
  borrowed.set_key_id(old_.public_key().Id());
  EXPECT_EQ(Take(borrowed), v1::PLAN_REFUSAL_REASON_BAD_SIGNATURE);
}

TEST_F(OperatorKeysTest, AListWithoutItsSignerIsRefused) {
  EXPECT_EQ(Take(Plan(1, old_, {&new_})), v1::PLAN_REFUSAL_REASON_MALFORMED);
}

TEST_F(OperatorKeysTest, WhoMissedTheOverlapKnowsNoNewKey) {
  EXPECT_EQ(Take(Plan(1, old_)), kTaken);
  EXPECT_EQ(Take(Plan(3, new_)), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  // With the plan between it goes on.
  EXPECT_EQ(Take(Plan(2, old_, {&old_, &new_})), kTaken);
  EXPECT_EQ(Take(Plan(3, new_)), kTaken);
}

TEST_F(OperatorKeysTest, AnOlderPlanIsRefusedWhoeverSignedIt) {
  EXPECT_EQ(Take(Plan(2, old_, {&old_, &new_})), kTaken);
  EXPECT_EQ(Take(Plan(1, new_)), v1::PLAN_REFUSAL_REASON_NOT_NEWER);
  EXPECT_EQ(Take(Plan(2, old_)), v1::PLAN_REFUSAL_REASON_NOT_NEWER);
}

}  // namespace
}  // namespace sightline
