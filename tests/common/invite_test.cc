#include "common/invite.h"

#include <gtest/gtest.h>

#include "common/crypto.h"

namespace sightline {
namespace {

v1::Invite TestInvite() {
  v1::Invite invite;
  invite.set_token(RandomBytes(32));
  invite.add_collectors("collector.example:7443");
  invite.set_operator_public_key(SigningKey::Generate().public_key().raw());
  invite.set_role(v1::AGENT_ROLE_VOLUNTEER);
  return invite;
}

TEST(InviteTest, SurvivesBeingPasted) {
  const v1::Invite invite = TestInvite();
  const auto decoded = DecodeInvite("  " + EncodeInvite(invite) + "\n");
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->SerializeAsString(), invite.SerializeAsString());
}

TEST(InviteTest, EveryCutIsRefused) {
  const std::string text = EncodeInvite(TestInvite());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(DecodeInvite(text.substr(0, size)).ok()) << size;
  }
}

TEST(InviteTest, OtherTextIsRefusedInWords) {
  EXPECT_EQ(DecodeInvite("hello").status().message(),
            "this is no invite: an invite begins with \"sl1.\"; copy the whole line");
}

}  // namespace
}  // namespace sightline
