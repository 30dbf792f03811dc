#include "agent/uplink_session.h"

#include <gmock/gmock.h>

#include "tests/agent/agent_fixture.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;

class UplinkSessionTest : public AgentFixture {
 protected:
  std::vector<v1::SubmitRequest> Challenge(std::string nonce = std::string(32, 'n')) {
    v1::SubmitResponse message;
    message.mutable_challenge()->set_nonce(std::move(nonce));
    session_.BindTo(kCertificateHash);
    return session_.OnMessage(message);
  }
  v1::SubmitResponse WelcomeMessage(uint64_t last_seq, std::string head) {
    v1::SubmitResponse message;
    message.mutable_welcome()->set_last_seq(last_seq);
    message.mutable_welcome()->set_head(std::move(head));
    *message.mutable_welcome()->mutable_server_time() = ToProto(kTestNow - absl::Seconds(3));
    return message;
  }
  std::vector<v1::SubmitRequest> Welcome(uint64_t last_seq, std::string head) {
    Challenge();
    return session_.OnMessage(WelcomeMessage(last_seq, std::move(head)));
  }
  std::vector<v1::SubmitRequest> Ack(uint64_t last_seq) {
    v1::SubmitResponse message;
    message.mutable_ack()->set_last_seq(last_seq);
    return session_.OnMessage(message);
  }
  std::string HeadAt(uint64_t seq) { return spool_->PointAt(seq)->head; }

  const std::string kCertificateHash = Sha256("certificate");
  UplinkSession session_{chain_.key(), *spool_, *plans_, clock_};
};

TEST_F(UplinkSessionTest, HelloSignsTheChallengeAndNamesThePlan) {
  const auto out = Challenge();
  ASSERT_EQ(out.size(), 1u);
  const v1::Hello& hello = out[0].hello();
  EXPECT_EQ(hello.plan_version(), 1u);
  EXPECT_TRUE(chain_.key().public_key().Verify(
      kHelloDomain, HelloPayload(std::string(32, 'n'), hello.agent_id(), 1, kCertificateHash),
      hello.signature()));
}

TEST_F(UplinkSessionTest, NothingIsSignedOnAConnectionWithoutACertificate) {
  v1::SubmitResponse message;
  message.mutable_challenge()->set_nonce(std::string(32, 'n'));
  EXPECT_TRUE(session_.OnMessage(message).empty());
  EXPECT_EQ(session_.state(), SessionState::kFailed);
  EXPECT_THAT(session_.result().detail, HasSubstr("no certificate"));
}

TEST_F(UplinkSessionTest, HelloNamesTheAgentAlsoWhenItsKeyWasChanged) {
  UplinkSession session(chain_.key(), *spool_, *plans_, clock_, Sha256("first key"));
  session.BindTo(std::string(32, 'c'));
  v1::SubmitResponse message;
  message.mutable_challenge()->set_nonce(std::string(32, 'n'));
  const auto out = session.OnMessage(message);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].hello().agent_id(), Sha256("first key"));
}

TEST_F(UplinkSessionTest, ShortChallengeIsNotSigned) {
  EXPECT_TRUE(Challenge("short").empty());
  EXPECT_EQ(session_.state(), SessionState::kFailed);
}

TEST_F(UplinkSessionTest, NothingToSendIsDoneAfterTheWelcome) {
  EXPECT_TRUE(Welcome(0, "").empty());
  EXPECT_EQ(session_.state(), SessionState::kDone);
  EXPECT_EQ(session_.result().clock_offset, absl::Seconds(3));
}

TEST_F(UplinkSessionTest, SendsInOrderAndIsDoneAfterTheLastAck) {
  Append(3);
  const auto out = Welcome(0, GenesisHash());
  ASSERT_EQ(out.size(), 3u);
  v1::Batch second;
  ASSERT_TRUE(second.ParseFromString(out[1].batch().batch()));
  EXPECT_EQ(second.batch_seq(), 2u);
  Ack(2);
  EXPECT_EQ(session_.state(), SessionState::kWaiting);
  Ack(3);
  EXPECT_EQ(session_.state(), SessionState::kDone);
  EXPECT_EQ(spool_->totals().batches, 0u);
  EXPECT_EQ(session_.result().batches_acked, 3u);
}

TEST_F(UplinkSessionTest, KeepsAtMostEightBatchesOnTheirWay) {
  Append(20);
  EXPECT_EQ(Welcome(0, "").size(), kBatchesInFlightMax);
  EXPECT_EQ(Ack(3).size(), 3u);
  EXPECT_EQ(Ack(11).size(), 8u);
}

TEST_F(UplinkSessionTest, BatchSealedMeanwhileGoesOutOnTheSameStream) {
  Append(1);
  Welcome(0, "");
  Append(1);
  EXPECT_EQ(Ack(1).size(), 1u);
  Ack(2);
  EXPECT_EQ(session_.state(), SessionState::kDone);
}

TEST_F(UplinkSessionTest, ResumesBehindWhatTheCollectorHolds) {
  Append(5);
  const auto out = Welcome(3, HeadAt(3));
  EXPECT_EQ(out.size(), 2u);
  EXPECT_EQ(spool_->totals().acked.seq, 3u);
}

TEST_F(UplinkSessionTest, CollectorThatLostBatchesGetsNothing) {
  Append(5);
  ASSERT_TRUE(spool_->Acknowledge(4).ok());
  EXPECT_TRUE(Welcome(2, Sha256("old")).empty());
  EXPECT_EQ(session_.state(), SessionState::kDiverged);
  EXPECT_THAT(session_.result().detail, HasSubstr("restore"));
  EXPECT_EQ(spool_->totals().batches, 1u);
}

TEST_F(UplinkSessionTest, CollectorWithAnotherHistoryGetsNothing) {
  Append(5);
  EXPECT_TRUE(Welcome(3, Sha256("another")).empty());
  EXPECT_EQ(session_.state(), SessionState::kDiverged);
  EXPECT_EQ(spool_->totals().batches, 5u);
}

TEST_F(UplinkSessionTest, FolderOlderThanTheCollectorSendsNothing) {
  Append(2);
  EXPECT_TRUE(Welcome(7, Sha256("newer")).empty());
  EXPECT_EQ(session_.state(), SessionState::kDiverged);
  EXPECT_THAT(session_.result().detail, HasSubstr("restored from a copy"));
}

TEST_F(UplinkSessionTest, RefusalKeepsTheBatchAndSaysWhy) {
  Append(1);
  Welcome(0, "");
  v1::SubmitResponse message;
  message.mutable_refusal()->set_reason(v1::REFUSAL_REASON_CLOCK_SKEW);
  message.mutable_refusal()->set_detail("set the clock");
  message.mutable_refusal()->set_batch_seq(1);
  session_.OnMessage(message);
  EXPECT_EQ(session_.state(), SessionState::kRefused);
  EXPECT_EQ(session_.result().detail, "CLOCK_SKEW: set the clock (batch 1)");
  EXPECT_EQ(spool_->totals().batches, 1u);
}

TEST_F(UplinkSessionTest, AckOfWhatWasNotSentIsAnError) {
  Append(1);
  Welcome(0, "");
  Ack(2);
  EXPECT_EQ(session_.state(), SessionState::kFailed);
  EXPECT_EQ(spool_->totals().batches, 1u);
}

TEST_F(UplinkSessionTest, MessagesOutOfTurnEndTheStream) {
  Ack(0);
  EXPECT_EQ(session_.state(), SessionState::kFailed);
}

TEST_F(UplinkSessionTest, NewerPlanIsTaken) {
  Challenge();
  v1::SubmitResponse message = WelcomeMessage(0, "");
  *message.mutable_welcome()->mutable_plan() = SignPlan(TestPlan(2), operator_);
  EXPECT_TRUE(session_.OnMessage(message).empty());
  EXPECT_TRUE(session_.result().took_plan);
  EXPECT_EQ(plans_->version(), 2u);
}

TEST_F(UplinkSessionTest, PlanOfAnotherKeyIsRefusedAloudAndBatchesStillGo) {
  Append(1);
  Challenge();
  v1::SubmitResponse message = WelcomeMessage(0, "");
  *message.mutable_welcome()->mutable_plan() = SignPlan(TestPlan(2), SigningKey::Generate());
  const auto out = session_.OnMessage(message);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].plan_refusal().reason(), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  EXPECT_TRUE(out[1].has_batch());
  EXPECT_EQ(plans_->version(), 1u);
}

TEST(IsPermanentTest, WhatTheNextStreamMayResolveIsNot) {
  EXPECT_FALSE(IsPermanent(v1::REFUSAL_REASON_STORE_UNAVAILABLE));
  EXPECT_FALSE(IsPermanent(v1::REFUSAL_REASON_SEQUENCE_GAP));
  EXPECT_FALSE(IsPermanent(v1::REFUSAL_REASON_CLOCK_SKEW));
  EXPECT_TRUE(IsPermanent(v1::REFUSAL_REASON_REVOKED_AGENT));
  EXPECT_TRUE(IsPermanent(v1::REFUSAL_REASON_MALFORMED));
}

}  // namespace
}  // namespace sightline::agent
