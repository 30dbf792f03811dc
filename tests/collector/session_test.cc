#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/session_fixture.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(SessionTest, WelcomesWithWhatTheLogHolds) {
  Connect();
  ASSERT_TRUE(stream_->written().at(1).has_welcome());
  const v1::Welcome& welcome = stream_->written().at(1).welcome();
  EXPECT_EQ(welcome.last_seq(), 0u);
  EXPECT_EQ(welcome.head(), GenesisHash());
  EXPECT_FALSE(welcome.has_plan());
  EXPECT_EQ(FromProto(welcome.server_time()), kTestNow);
}

TEST_F(SessionTest, OffersANewerPlan) {
  ASSERT_TRUE(plans_.Publish(SignPlan(TestPlan(2), operator_key_)).ok());
  Connect(1);
  ASSERT_TRUE(stream_->written().at(1).welcome().has_plan());
}

TEST_F(SessionTest, StoresAndAcknowledgesCumulatively) {
  Connect();
  for (int i = 0; i < 5; ++i) Send(agent_.Seal(agent_.NextBatch()));
  session_->OnHalfClose();
  stream_->WaitForAck(5);
  stream_->WaitFor("the end", [&] { return stream_->closed().has_value(); });
  EXPECT_TRUE(stream_->closed()->ok());
  const std::vector<LogRecord> log = store_.log();
  ASSERT_THAT(log, SizeIs(5));
  EXPECT_EQ(log[0].country, "CN");
  EXPECT_EQ(log[0].asn, 4134u);
  EXPECT_THAT(log[0].bucket, SizeIs(kBucketBytes));
  EXPECT_EQ(log[0].bucket, log[4].bucket);
}

TEST_F(SessionTest, ResumesAfterAReconnectAndTakesARepeatOnce) {
  Connect();
  const v1::SignedBatch first = agent_.Seal(agent_.NextBatch());
  Send(first);
  stream_->WaitForAck(1);
  Connect();
  EXPECT_EQ(stream_->written().at(1).welcome().last_seq(), 1u);
  EXPECT_EQ(stream_->written().at(1).welcome().head(), Sha256(first.batch()));
  Send(first);
  stream_->WaitForAck(1);
  Send(agent_.Seal(agent_.NextBatch()));
  stream_->WaitForAck(2);
  EXPECT_THAT(store_.log(), SizeIs(2));
}

TEST_F(SessionTest, TakesATombstoneInPlaceOfBatches) {
  Connect();
  Send(agent_.Seal(agent_.NextBatch()));
  v1::Batch tombstone = agent_.NextBatch();
  tombstone.clear_observations();
  tombstone.set_batch_seq(7);
  tombstone.mutable_tombstone()->set_first_seq(2);
  tombstone.mutable_tombstone()->set_last_seq(7);
  tombstone.mutable_tombstone()->set_observations_lost(40);
  tombstone.mutable_tombstone()->set_continues_from(std::string(32, 'h'));
  Send(agent_.Seal(tombstone));
  Send(agent_.Seal(agent_.NextBatch()));
  stream_->WaitForAck(8);
  EXPECT_THAT(store_.log(), SizeIs(3));
}

TEST_F(SessionTest, AHelloOfAnUnknownAgentIsRefused) {
  Open();
  const TestAgent stranger;
  v1::SubmitRequest request;
  *request.mutable_hello() = stranger.HelloTo(stream_->written().at(0).challenge().nonce(), 1);
  session_->OnMessage(request);
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_UNKNOWN_AGENT);
}

TEST_F(SessionTest, AHelloForAnotherNonceIsRefused) {
  Open();
  v1::SubmitRequest request;
  *request.mutable_hello() = agent_.HelloTo(std::string(32, 'x'), 1);
  session_->OnMessage(request);
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_BAD_CHALLENGE);
}

TEST_F(SessionTest, AHelloForAnotherCertificateIsRefused) {
  for (const std::string& hash : {Sha256("certificate of somebody in between"), std::string()}) {
    Open();
    v1::SubmitRequest request;
    *request.mutable_hello() =
        agent_.HelloTo(stream_->written().at(0).challenge().nonce(), 1, hash);
    session_->OnMessage(request);
    EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_BAD_CHALLENGE);
  }
}

TEST_F(SessionTest, ABatchBeforeTheHelloAndASecondHelloAreRefused) {
  Open();
  Send(agent_.Seal(agent_.NextBatch()));
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_PROTOCOL);
  Connect();
  v1::SubmitRequest request;
  *request.mutable_hello() = agent_.HelloTo(stream_->written().at(0).challenge().nonce(), 1);
  session_->OnMessage(request);
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_PROTOCOL);
}

TEST_F(SessionTest, AWrongSignatureIsRefused) {
  Connect();
  v1::SignedBatch batch = agent_.Seal(agent_.NextBatch());
  batch.mutable_signature()->front() ^= 1;
  EXPECT_EQ(SendRefused(batch).reason(), v1::REFUSAL_REASON_BAD_SIGNATURE);
}

TEST_F(SessionTest, ABrokenChainIsRefused) {
  Connect();
  v1::Batch batch = agent_.NextBatch();
  batch.set_prev_hash(std::string(32, 'x'));
  EXPECT_EQ(SendRefused(agent_.Seal(batch)).reason(), v1::REFUSAL_REASON_BROKEN_CHAIN);
}

TEST_F(SessionTest, AGapIsRefusedInWords) {
  Connect();
  v1::Batch batch = agent_.NextBatch();
  batch.set_batch_seq(3);
  const v1::Refusal refusal = SendRefused(agent_.Seal(batch));
  EXPECT_EQ(refusal.reason(), v1::REFUSAL_REASON_SEQUENCE_GAP);
  EXPECT_THAT(refusal.detail(), HasSubstr("the next must begin with 1, this one with 3"));
}

TEST_F(SessionTest, EquivocationIsRefusedAndFlagged) {
  Connect();
  const v1::Batch one = agent_.NextBatch();
  v1::Batch other = one;
  other.set_seal_time_ms(one.seal_time_ms() + 1);
  Send(SealBatch(one, agent_.key()));
  stream_->WaitForAck(1);
  EXPECT_EQ(SendRefused(SealBatch(other, agent_.key())).reason(), v1::REFUSAL_REASON_EQUIVOCATION);
  EXPECT_TRUE(store_.FindAgent(agent_.Record().agent_id)->equivocated);
}

TEST_F(SessionTest, AnotherRegionThanEnrolledIsRefused) {
  Connect();
  v1::Batch batch = agent_.NextBatch();
  batch.mutable_vantage()->set_region("CN-SH");
  EXPECT_EQ(SendRefused(agent_.Seal(batch)).reason(), v1::REFUSAL_REASON_UNKNOWN_REGION);
}

TEST_F(SessionTest, AnUnknownPlanAndAnUnknownCheckAreRefused) {
  Connect();
  v1::Batch batch = agent_.NextBatch();
  batch.set_plan_version(9);
  EXPECT_EQ(SendRefused(SealBatch(batch, agent_.key())).reason(), v1::REFUSAL_REASON_UNKNOWN_PLAN);
  Connect();
  batch = agent_.NextBatch();
  batch.mutable_observations(0)->set_check_id("not-in-the-plan");
  EXPECT_EQ(SendRefused(SealBatch(batch, agent_.key())).reason(), v1::REFUSAL_REASON_MALFORMED);
  Connect();
  batch = agent_.NextBatch();
  batch.add_observations()->set_check_id("whatsapp-web");
  EXPECT_THAT(SendRefused(SealBatch(batch, agent_.key())).detail(), HasSubstr("stands twice"));
}

TEST_F(SessionTest, AClockThatRunsAheadIsRefused) {
  Connect();
  const v1::Refusal refusal = SendRefused(agent_.Seal(agent_.NextBatch(kTestNow + absl::Hours(1))));
  EXPECT_EQ(refusal.reason(), v1::REFUSAL_REASON_CLOCK_SKEW);
  EXPECT_THAT(refusal.detail(), HasSubstr("1h"));
}

TEST_F(SessionTest, AnOversizedBatchIsRefused) {
  Connect();
  v1::SignedBatch batch;
  batch.set_batch(std::string(kBatchBytesMax + 1, 'x'));
  batch.set_signature(agent_.key().Sign(kBatchDomain, batch.batch()));
  EXPECT_EQ(SendRefused(batch).reason(), v1::REFUSAL_REASON_TOO_LARGE);
}

TEST_F(SessionTest, ASilentStoreIsARefusalToRetryAndLosesNothing) {
  Connect();
  store_.FailWith(absl::UnavailableError("gone"));
  const v1::SignedBatch batch = agent_.Seal(agent_.NextBatch());
  Send(batch);
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_STORE_UNAVAILABLE);
  store_.FailWith(absl::OkStatus());
  Connect();
  Send(batch);
  stream_->WaitForAck(1);
}

TEST_F(SessionTest, ABatchThatAnotherStreamStoredMeanwhileIsRefusedToRetry) {
  Connect();
  const v1::SignedBatch batch = agent_.Seal(agent_.NextBatch());
  LogRecord elsewhere;
  elsewhere.agent_id = agent_.Record().agent_id;
  elsewhere.first_seq = elsewhere.batch_seq = 1;
  elsewhere.prev_hash = GenesisHash();
  elsewhere.chain_hash = Sha256(batch.batch());
  elsewhere.batch = batch.batch();
  ASSERT_TRUE(store_.Append("n2", {elsewhere}).ok());
  Send(batch);
  EXPECT_EQ(stream_->WaitForRefusal().reason(), v1::REFUSAL_REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(store_.log(), SizeIs(1));
  Connect();
  EXPECT_EQ(stream_->written().at(1).welcome().last_seq(), 1u);
}

TEST_F(SessionTest, ACancelledStreamStillStoresWhatIsInFlight) {
  Connect();
  Send(agent_.Seal(agent_.NextBatch()));
  session_->OnCancel();
  Disconnect();
  WaitForStored(1);
  Connect();
  Send(agent_.Seal(agent_.NextBatch()));
  stream_->WaitForAck(2);
}

TEST_F(SessionTest, APlanRefusalIsTakenNoteOf) {
  Connect();
  v1::SubmitRequest request;
  request.mutable_plan_refusal()->set_reason(v1::PLAN_REFUSAL_REASON_NOT_NEWER);
  session_->OnMessage(request);
  Send(agent_.Seal(agent_.NextBatch()));
  stream_->WaitForAck(1);
}

}  // namespace
}  // namespace sightline
