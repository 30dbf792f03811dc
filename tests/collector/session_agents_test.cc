// What becomes of an open stream when its agent is revoked, leaves or changes its key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "collector/agent_desk.h"
#include "collector/agent_watch.h"
#include "tests/collector/key_chain.h"
#include "tests/collector/session_fixture.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class SessionAgentsTest : public SessionTest {
 protected:
  std::string id() const { return agent_.Record().agent_id; }

  absl::Status Revoke() {
    v1::RevokeAgentRequest request;
    request.set_agent_id(id());
    request.set_reason("test");
    return desk_.Revoke(request).status();
  }

  v1::LeaveRequest LeaveBy(const SigningKey& key) const {
    v1::LeaveRequest request;
    request.set_agent_id(id());
    request.set_signature(key.Sign(kLeaveDomain, id()));
    return request;
  }

  // Announces `next_` from that batch on.
  v1::RotateKeyRequest RotationAt(uint64_t from_seq) const {
    v1::RotateKeyRequest request;
    *request.mutable_succession() = MakeSuccession(id(), 1, from_seq, agent_.key(), next_);
    return request;
  }

  void HelloBy(const SigningKey& key) {
    Open();
    v1::SubmitRequest request;
    v1::Hello& hello = *request.mutable_hello();
    hello.set_agent_id(id());
    hello.set_plan_version(1);
    const std::string nonce = stream_->written().at(0).challenge().nonce();
    hello.set_signature(
        key.Sign(kHelloDomain, HelloPayload(nonce, id(), 1, TestCertificateHash())));
    session_->OnMessage(request);
  }

  // The next batch of the chain, by that key.
  v1::SignedBatch SealBy(const SigningKey& key) {
    const v1::Batch batch = agent_.NextBatch();
    agent_.Seal(batch);
    return SealBatch(batch, key);
  }

  const SigningKey next_ = SigningKey::Generate();
  AgentDesk desk_{store_, streams_, clock_};
};

TEST_F(SessionAgentsTest, RevokingEndsTheOpenStreamAtOnceByName) {
  Connect();
  Send(agent_.Seal(agent_.NextBatch()));
  stream_->WaitForAck(1);
  ASSERT_TRUE(Revoke().ok());
  ASSERT_TRUE(stream_->closed().has_value());
  const v1::Refusal refusal = stream_->WaitForRefusal();
  EXPECT_EQ(refusal.reason(), v1::REFUSAL_REASON_REVOKED_AGENT);
  EXPECT_THAT(refusal.detail(), HasSubstr("revoked by the operator"));
  // What was on its way on that stream is not taken.
  Send(agent_.Seal(agent_.NextBatch()));
  EXPECT_THAT(store_.log(), SizeIs(1));
  EXPECT_EQ(store_.FindAgent(id())->end_time, kTestNow);
}

TEST_F(SessionAgentsTest, AHelloOfAnEndedAgentIsToldWhichEndItWas) {
  ASSERT_TRUE(Revoke().ok());
  ASSERT_TRUE(Revoke().ok()) << "a repeat is no error";
  Connect();
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_REVOKED_AGENT);
  // Whoever does not prove to be the agent is not told.
  HelloBy(next_);
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_BAD_CHALLENGE);
}

TEST_F(SessionAgentsTest, WhatAnotherCollectorChangedEndsTheStreamHereSoon) {
  const AgentWatch watch(store_, streams_);
  Connect();
  ASSERT_TRUE(store_.EndAgent(id(), v1::AGENT_END_REVOKED, kTestNow).ok());
  const auto begin = std::chrono::steady_clock::now();
  stream_->WaitFor("the end", [&] { return stream_->closed().has_value(); });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_REVOKED_AGENT);
}

TEST_F(SessionAgentsTest, AStreamThatIsProvenWhileItsAgentIsRevokedDoesNotOpen) {
  // Revoked after the registry was read for the hello, and before the stream could be found.
  class RevokingStore : public MemoryStore {
   public:
    absl::StatusOr<AgentRecord> FindAgent(absl::string_view agent_id) override {
      absl::StatusOr<AgentRecord> agent = MemoryStore::FindAgent(agent_id);
      if (std::exchange(armed, false)) {
        EXPECT_TRUE(EndAgent(agent_id, v1::AGENT_END_REVOKED, kTestNow).ok());
        EXPECT_EQ(streams->FindChanged(agent_id), nullptr);
      }
      return agent;
    }
    bool armed = true;
    Streams* streams = nullptr;
  };
  RevokingStore store;
  store.streams = &streams_;
  store.AddAgent(agent_.Record());
  const SessionContext context{store,    plans_,   bucket_keys_, writer_,
                               budget_,  streams_, guard_,       TestCertificates(),
                               metrics_, clock_,   inline_,      inline_};
  FakeStream stream;
  const auto session =
      std::make_shared<Session>(context, Origin{"CN", 4134, "\x1e\x0b\x01"}, &stream);
  session->Start();
  v1::SubmitRequest request;
  *request.mutable_hello() = agent_.HelloTo(stream.written().at(0).challenge().nonce(), 1);
  session->OnMessage(request);
  EXPECT_EQ(stream.WaitForRefusal().reason(), v1::REFUSAL_REASON_REVOKED_AGENT);
  session->Detach();
}

TEST_F(SessionAgentsTest, ANewKeyEndsTheStreamAndSignsFromItsNumberOn) {
  Connect();
  Send(agent_.Seal(agent_.NextBatch()));
  stream_->WaitForAck(1);
  // Batch 2 was sealed by the old key and still waits in the spool.
  ASSERT_TRUE(desk_.RotateKey(RotationAt(3)).ok());
  ASSERT_TRUE(stream_->closed().has_value());
  EXPECT_TRUE(absl::IsAborted(*stream_->closed()));
  HelloBy(agent_.key());
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_BAD_CHALLENGE);
  HelloBy(next_);
  Send(SealBy(agent_.key()));
  stream_->WaitForAck(2);
  Send(SealBy(next_));
  stream_->WaitForAck(3);
  EXPECT_THAT(store_.log(), SizeIs(3));
}

TEST_F(SessionAgentsTest, ABatchByTheKeyOfAnotherNumberIsRefused) {
  ASSERT_TRUE(desk_.RotateKey(RotationAt(2)).ok());
  HelloBy(next_);
  EXPECT_EQ(SendRefused(SealBatch(agent_.NextBatch(), next_)).reason(),
            v1::REFUSAL_REASON_BAD_SIGNATURE)
      << "batch 1 is the old key's";
  HelloBy(next_);
  Send(SealBy(agent_.key()));
  stream_->WaitForAck(1);
  EXPECT_EQ(SendRefused(SealBy(agent_.key())).reason(), v1::REFUSAL_REASON_BAD_SIGNATURE)
      << "batch 2 is the new key's";
}

TEST_F(SessionAgentsTest, ARotationIsRepeatedWithoutErrorAndAForgedOneRefused) {
  v1::RotateKeyRequest forged = RotationAt(1);
  forged.mutable_succession()->mutable_signature()->front() ^= 1;
  EXPECT_EQ(desk_.RotateKey(forged).status().code(), absl::StatusCode::kUnauthenticated);
  forged = RotationAt(1);
  forged.mutable_succession()->set_proof(forged.succession().signature());
  EXPECT_EQ(desk_.RotateKey(forged).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(store_.FindAgent(id())->key_generation, 0u);
  const v1::RotateKeyRequest request = RotationAt(1);
  EXPECT_TRUE(desk_.RotateKey(request).ok());
  EXPECT_TRUE(desk_.RotateKey(request).ok());
  EXPECT_EQ(store_.FindAgent(id())->key_generation, 1u);
  // The old key is no key any more.
  v1::RotateKeyRequest stolen;
  *stolen.mutable_succession() = MakeSuccession(id(), 2, 5, agent_.key(), SigningKey::Generate());
  EXPECT_EQ(desk_.RotateKey(stolen).status().code(), absl::StatusCode::kUnauthenticated);
  v1::RotateKeyRequest stranger = request;
  stranger.mutable_succession()->set_agent_id(Sha256("nobody"));
  EXPECT_EQ(desk_.RotateKey(stranger).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SessionAgentsTest, ARotationBehindAStoredBatchIsRefused) {
  Connect();
  Send(agent_.Seal(agent_.NextBatch()));
  stream_->WaitForAck(1);
  EXPECT_EQ(desk_.RotateKey(RotationAt(1)).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SessionAgentsTest, WhoLeavesWithReportsIsEndedAndToldSo) {
  Connect();
  Send(agent_.Seal(agent_.NextBatch()));
  stream_->WaitForAck(1);
  EXPECT_EQ(desk_.Leave(LeaveBy(next_)).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_FALSE(stream_->closed().has_value());
  for (int i = 0; i < 2; ++i) {
    const auto left = desk_.Leave(LeaveBy(agent_.key()));
    ASSERT_TRUE(left.ok()) << left.status();
    EXPECT_FALSE(left->forgotten());
  }
  EXPECT_THAT(stream_->WaitForRefusal().detail(), HasSubstr("left, as it had asked"));
  Connect();
  EXPECT_THAT(stream_->WaitForRefusal().detail(), HasSubstr("left, as it had asked"));
  EXPECT_THAT(store_.log(), SizeIs(1));
}

TEST_F(SessionAgentsTest, WhoLeavesWithoutReportsIsForgotten) {
  Connect();
  const auto left = desk_.Leave(LeaveBy(agent_.key()));
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_TRUE(left->forgotten());
  EXPECT_TRUE(stream_->closed().has_value());
  EXPECT_FALSE(store_.FindAgent(id()).ok());
  EXPECT_EQ(desk_.Leave(LeaveBy(agent_.key())).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SessionAgentsTest, BadFieldsOfARevocationAreNamed) {
  v1::RevokeAgentRequest request;
  request.set_agent_id("short");
  EXPECT_THAT(std::string(desk_.Revoke(request).status().message()), HasSubstr("agent_id"));
  request.set_agent_id(Sha256("nobody"));
  EXPECT_EQ(desk_.Revoke(request).status().code(), absl::StatusCode::kNotFound);
  request.set_reason(std::string(201, 'x'));
  EXPECT_THAT(std::string(desk_.Revoke(request).status().message()), HasSubstr("reason"));
}

}  // namespace
}  // namespace sightline
