#include "collector/enroll.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/invite.h"
#include "common/wire.h"
#include "tests/collector/memory_store.h"
#include "tests/common/fake_clock.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;

class EnrolmentTest : public ::testing::Test {
 protected:
  EnrolmentTest() { EXPECT_TRUE(plans_.Publish(SignPlan(TestPlan(1), operator_key_)).ok()); }

  v1::Invite NewInvite(v1::AgentRole role = v1::AGENT_ROLE_VOLUNTEER) {
    v1::CreateInvitesRequest request;
    request.set_count(1);
    request.set_role(role);
    const auto response = enrolment_.CreateInvites(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return *DecodeInvite(response->invites(0));
  }

  static v1::EnrollRequest Request(const v1::Invite& invite, const SigningKey& key,
                                   const std::string& region) {
    v1::EnrollRequest request;
    request.set_token(invite.token());
    request.set_public_key(key.public_key().raw());
    request.set_region(region);
    request.set_proof(
        key.Sign(kEnrollDomain, EnrollPayload(invite.token(), request.public_key(), region)));
    return request;
  }

  const SigningKey operator_key_ = SigningKey::Generate();
  const SigningKey key_ = SigningKey::Generate();
  FakeClock clock_{kTestNow};
  MemoryStore store_;
  PlanBook plans_{store_, operator_key_.public_key(), clock_};
  const RegionNames regions_ = *RegionNames::Load();
  Enrolment enrolment_{store_, plans_, regions_, clock_, {{"collector.example:7443"}, "PEM"}};
};

TEST_F(EnrolmentTest, AnInviteLetsOneKeyInAndForgivesARepeat) {
  const v1::Invite invite = NewInvite();
  EXPECT_EQ(invite.collectors(0), "collector.example:7443");
  EXPECT_EQ(invite.operator_public_key(), operator_key_.public_key().raw());
  const v1::EnrollRequest request = Request(invite, key_, "CN-BJ");
  for (int i = 0; i < 2; ++i) {
    const auto response = enrolment_.Enroll(request);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->agent_id(), key_.public_key().Id());
    EXPECT_EQ(response->plan().key_id(), operator_key_.public_key().Id());
  }
  EXPECT_EQ(store_.FindAgent(key_.public_key().Id())->region, "CN-BJ");
  const auto second = enrolment_.Enroll(Request(invite, SigningKey::Generate(), "CN-BJ"));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(EnrolmentTest, TheStoreNeverSeesTheToken) {
  const v1::Invite invite = NewInvite();
  EXPECT_FALSE(store_.FindInviteRole(invite.token()).ok());
  EXPECT_TRUE(store_.FindInviteRole(Sha256(invite.token())).ok());
}

TEST_F(EnrolmentTest, AnExpiredOrMadeUpTokenIsRefused) {
  const v1::Invite invite = NewInvite();
  clock_.Advance(absl::Hours(24 * 8));
  EXPECT_EQ(enrolment_.Enroll(Request(invite, key_, "CN-BJ")).status().code(),
            absl::StatusCode::kUnauthenticated);
  v1::Invite made_up = invite;
  made_up.set_token(std::string(32, 'x'));
  EXPECT_EQ(enrolment_.Enroll(Request(made_up, key_, "CN-BJ")).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(EnrolmentTest, ARegionOutsideTheListIsRefusedWithTheList) {
  const auto response = enrolment_.Enroll(Request(NewInvite(), key_, "CN-ZZ"));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("CN-BJ, CN-SH, CN-GD"));
  EXPECT_FALSE(store_.FindAgent(key_.public_key().Id()).ok());
}

TEST_F(EnrolmentTest, AControlMustBeOutside) {
  EXPECT_FALSE(enrolment_.Enroll(Request(NewInvite(v1::AGENT_ROLE_CONTROL), key_, "CN-BJ")).ok());
  EXPECT_FALSE(enrolment_.Enroll(Request(NewInvite(v1::AGENT_ROLE_CONTROL), key_, "XX")).ok());
  EXPECT_TRUE(enrolment_.Enroll(Request(NewInvite(v1::AGENT_ROLE_CONTROL), key_, "NL-NH")).ok());
}

TEST_F(EnrolmentTest, AProofByAnotherKeyIsRefused) {
  v1::EnrollRequest request = Request(NewInvite(), key_, "CN-BJ");
  request.set_region("CN-SH");
  EXPECT_THAT(std::string(enrolment_.Enroll(request).status().message()), HasSubstr("proof"));
}

TEST_F(EnrolmentTest, BadCountsAndRolesAreNamed) {
  v1::CreateInvitesRequest request;
  request.set_role(v1::AGENT_ROLE_CONTROL);
  EXPECT_THAT(std::string(enrolment_.CreateInvites(request).status().message()),
              HasSubstr("count: must be 1 to 1000"));
  request.set_count(1);
  request.clear_role();
  EXPECT_THAT(std::string(enrolment_.CreateInvites(request).status().message()), HasSubstr("role"));
}

}  // namespace
}  // namespace sightline
