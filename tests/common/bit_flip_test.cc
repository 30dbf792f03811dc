// Every single-bit change of what is signed or copied by hand is refused.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "common/crypto.h"
#include "common/invite.h"
#include "common/plan.h"
#include "tests/common/bit_flips.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

TEST(BitFlipTest, EveryBitOfASignedPlanCounts) {
  const SigningKey key = SigningKey::Generate();
  const std::string bytes = SignPlan(TestPlan(3), key).SerializeAsString();
  const auto opens = [&](const std::string& text) {
    v1::SignedPlan plan;
    return plan.ParseFromString(text) &&
           std::holds_alternative<v1::Plan>(OpenPlan(plan, {key.public_key()}, 2, kTestNow));
  };
  ASSERT_TRUE(opens(bytes));
  ForEachBitFlip(bytes, [&](const std::string& flipped, size_t bit) {
    EXPECT_FALSE(opens(flipped)) << "bit " << bit;
  });
}

TEST(BitFlipTest, EveryBitOfAPlanCountsForEachKeyThatMaySign) {
  const SigningKey key = SigningKey::Generate();
  const SigningKey other = SigningKey::Generate();
  const v1::SignedPlan plan = SignPlan(TestPlan(3), key);
  const VerifyKey keys[] = {other.public_key(), key.public_key()};
  // The identifier of the other key, too, is one that may sign: the signature has to be its own.
  v1::SignedPlan renamed = plan;
  renamed.set_key_id(other.public_key().Id());
  EXPECT_TRUE(std::holds_alternative<v1::PlanRefusal>(OpenPlan(renamed, keys, 2, kTestNow)));
  ForEachBitFlip(plan.key_id(), [&](const std::string& flipped, size_t bit) {
    v1::SignedPlan changed = plan;
    changed.set_key_id(flipped);
    EXPECT_TRUE(std::holds_alternative<v1::PlanRefusal>(OpenPlan(changed, keys, 2, kTestNow)))
        << "bit " << bit;
  });
}

TEST(BitFlipTest, EveryBitOfAnInviteCounts) {
  v1::Invite invite;
  // Fixed, because four bytes of checksum would let one change in 2^32 pass.
  invite.set_token(Sha256("token"));
  invite.add_collectors("collector.example:7443");
  invite.set_operator_public_key(Sha256("key"));
  invite.set_role(v1::AGENT_ROLE_VOLUNTEER);
  // Of every length that base64 fills up in another way.
  for (const char* collector : {"a.example:7443", "ab.example:7443", "abc.example:7443"}) {
    invite.set_collectors(0, collector);
    const std::string text = EncodeInvite(invite);
    ASSERT_TRUE(DecodeInvite(text).ok());
    ForEachBitFlip(text, [&](const std::string& flipped, size_t bit) {
      EXPECT_FALSE(DecodeInvite(flipped).ok()) << "bit " << bit << " of " << text;
    });
  }
}

}  // namespace
}  // namespace sightline
