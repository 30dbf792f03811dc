// Bad input, end to end: each is refused by name with a clear message at both ends, nothing of it
// is stored, nothing is lost, and the good path works afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "common/plan.h"
#include "tests/e2e/wire_fixture_grpc.h"

namespace sightline::e2e {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(WireTest, GoodBatchesArriveOnceWithTheirOriginAndWithoutAnAddress) {
  EnrolledAgent agent(collector_, clock_);
  for (int i = 0; i < 20; ++i) agent.SealRound();
  ExpectDelivers(agent);
  const std::vector<LogRecord> log = collector_.Log();
  ASSERT_THAT(log, SizeIs(20));
  for (size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(log[i].batch_seq, i + 1);
    EXPECT_EQ(log[i].country, "CN");
    EXPECT_EQ(log[i].asn, 4134u);
    EXPECT_THAT(log[i].bucket, SizeIs(16));
  }
  for (const std::string& line : log_.OfCollector()) {
    EXPECT_THAT(line, Not(HasSubstr("127.0.0.1")));
  }
}

TEST_F(WireTest, BatchWhoseAckWasLostIsStoredOnce) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const Delivery cut = agent.Deliver(
      collector_, Tampering({nullptr, [](v1::SubmitResponse& m) { return !m.has_ack(); }}));
  EXPECT_EQ(cut.status.collector_state, "unreachable");
  EXPECT_THAT(collector_.Log(), SizeIs(1));
  EXPECT_EQ(agent.spool().totals().batches, 1u);
  EXPECT_EQ(agent.Deliver(collector_).status.collector_state, "delivered");
  EXPECT_EQ(agent.spool().totals().batches, 0u);
  EXPECT_THAT(collector_.Log(), SizeIs(1));
}

TEST_F(WireTest, WrongSignatureIsRefusedAndTheBatchNamed) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const Delivery delivery = agent.Deliver(collector_, Changing([](v1::SignedBatch& batch) {
                                            batch.mutable_signature()->front() ^= 1;
                                          }));
  ExpectRefused(agent, delivery, v1::REFUSAL_REASON_BAD_SIGNATURE, 1, "signature does not fit");
  EXPECT_THAT(collector_.Log(), IsEmpty());
  EXPECT_EQ(agent.spool().totals().batches, 1u);
  ExpectDelivers(agent);
}

TEST_F(WireTest, BytesChangedOnTheWayAreAWrongSignature) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  ExpectDelivers(agent);
  agent.SealRound();
  const Delivery delivery = agent.Deliver(
      collector_, Changing([](v1::SignedBatch& signed_batch) {
        v1::Batch batch;
        ASSERT_TRUE(batch.ParseFromString(signed_batch.batch()));
        batch.mutable_observations(0)->mutable_layers()->set_app(v1::LAYER_STATE_BLOCKED);
        signed_batch.set_batch(batch.SerializeAsString());
      }));
  ExpectRefused(agent, delivery, v1::REFUSAL_REASON_BAD_SIGNATURE, 2, "signature does not fit");
  EXPECT_THAT(collector_.Log(), SizeIs(1));
  EXPECT_EQ(agent.spool().totals().batches, 1u);
  ExpectDelivers(agent);
}

TEST_F(WireTest, BrokenChainIsRefused) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  ExpectDelivers(agent);
  agent.SealRound();
  const Delivery delivery =
      agent.Deliver(collector_, Changing([&agent](v1::SignedBatch& signed_batch) {
                      Reseal(agent, signed_batch,
                             [](v1::Batch& batch) { batch.set_prev_hash(std::string(32, 'x')); });
                    }));
  ExpectRefused(agent, delivery, v1::REFUSAL_REASON_BROKEN_CHAIN, 2,
                "prev_hash does not name batch 1");
  EXPECT_THAT(collector_.Log(), SizeIs(1));
  EXPECT_EQ(agent.spool().totals().batches, 1u);
  ExpectDelivers(agent);
}

TEST_F(WireTest, SkippedNumberIsRefused) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const Delivery delivery =
      agent.Deliver(collector_, Changing([&agent](v1::SignedBatch& signed_batch) {
                      Reseal(agent, signed_batch, [](v1::Batch& batch) { batch.set_batch_seq(3); });
                    }));
  ExpectRefused(agent, delivery, v1::REFUSAL_REASON_SEQUENCE_GAP, 3, "the next must begin with 1");
  EXPECT_THAT(collector_.Log(), IsEmpty());
  ExpectDelivers(agent);
}

TEST_F(WireTest, UnknownAgentIsRefusedAndTheLogTellsWhich) {
  LoopbackCollector elsewhere(operator_key_, clock_);
  ASSERT_TRUE(elsewhere.Publish(SignPlan(TestPlan(1), operator_key_)).ok());
  EnrolledAgent agent(elsewhere, clock_);
  agent.SealRound();
  ExpectRefused(agent, agent.Deliver(collector_), v1::REFUSAL_REASON_UNKNOWN_AGENT, 0,
                "no such agent is enrolled here");
  EXPECT_THAT(collector_.Log(), IsEmpty());
  EXPECT_EQ(agent.spool().totals().batches, 1u);
  ASSERT_TRUE(agent.EnrollAlsoAt(collector_).ok());
  ExpectDelivers(agent);
}

TEST_F(WireTest, HelloOfAnotherStreamIsRefused) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const auto replay = [](v1::SubmitResponse& response) {
    if (response.has_challenge()) response.mutable_challenge()->set_nonce(std::string(32, 'x'));
    return true;
  };
  ExpectRefused(agent, agent.Deliver(collector_, Tampering({nullptr, replay})),
                v1::REFUSAL_REASON_BAD_CHALLENGE, 0, "does not sign this stream's challenge");
  EXPECT_THAT(collector_.Log(), IsEmpty());
  ExpectDelivers(agent);
}

TEST_F(WireTest, RegionOutsideTheListIsRefusedAtEnrolmentAndTheInviteStaysGood) {
  TempFolder temp;
  const std::string invite = collector_.Invite();
  const absl::Status refused = EnrollCommand(collector_, invite, "CN-XX", temp / "state", clock_);
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  const std::string words = "region: \"CN-XX\" is not in the list; it has CN-BJ, CN-SH, CN-GD";
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr(collector_.address()), HasSubstr(words)));
  EXPECT_THAT(log_.Get(), Contains(AllOf(StartsWith("level=warn part=enrolment event=refused "),
                                         HasSubstr("code=INVALID_ARGUMENT"), HasSubstr("CN-XX"),
                                         HasSubstr("is not in the list"))));
  EXPECT_THAT(*collector_.store().ListAgents("", 10), IsEmpty());
  const absl::Status enrolled = EnrollCommand(collector_, invite, "CN-GD", temp / "state", clock_);
  EXPECT_TRUE(enrolled.ok()) << enrolled;
  EXPECT_THAT(*collector_.store().ListAgents("", 10), SizeIs(1));
}

TEST_F(WireTest, UsedInviteIsRefused) {
  TempFolder temp;
  const std::string invite = collector_.Invite();
  ASSERT_TRUE(EnrollCommand(collector_, invite, "CN-BJ", temp / "first", clock_).ok());
  const absl::Status refused = EnrollCommand(collector_, invite, "CN-BJ", temp / "second", clock_);
  EXPECT_TRUE(absl::IsUnauthenticated(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("ask the operator for a new invite"));
  EXPECT_THAT(log_.Get(), Contains(AllOf(StartsWith("level=warn part=enrolment event=refused "),
                                         HasSubstr("UNAUTHENTICATED"), HasSubstr("token:"))));
  EXPECT_THAT(*collector_.store().ListAgents("", 10), SizeIs(1));
}

TEST_F(WireTest, BatchWithAnotherRegionThanEnrolledIsRefused) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const Delivery delivery = agent.Deliver(
      collector_, Changing([&agent](v1::SignedBatch& signed_batch) {
        Reseal(agent, signed_batch,
               [](v1::Batch& batch) { batch.mutable_vantage()->set_region("CN-XX"); });
      }));
  ExpectRefused(agent, delivery, v1::REFUSAL_REASON_UNKNOWN_REGION, 1,
                "the batch says region \"CN-XX\", the agent enrolled for CN-BJ");
  EXPECT_THAT(collector_.Log(), IsEmpty());
  EXPECT_EQ(agent.spool().totals().batches, 1u);
  ExpectDelivers(agent);
}

TEST_F(WireTest, BatchOfARegionThatItsPlanDoesNotListIsRefused) {
  EnrolledAgent beijing(collector_, clock_);
  EnrolledAgent shanghai(collector_, clock_, "CN-SH");
  v1::Plan plan = TestPlan(2);
  plan.mutable_countries(0)->mutable_regions()->DeleteSubrange(0, 1);
  ASSERT_TRUE(collector_.Publish(SignPlan(plan, operator_key_)).ok());
  for (EnrolledAgent* agent : {&beijing, &shanghai}) {
    EXPECT_TRUE(agent->Deliver(collector_).session.took_plan);
    agent->SealRound();
  }
  ExpectRefused(beijing, beijing.Deliver(collector_), v1::REFUSAL_REASON_UNKNOWN_REGION, 1,
                "region CN-BJ is not in the list of plan version 2");
  EXPECT_THAT(collector_.Log(), IsEmpty());
  EXPECT_EQ(beijing.spool().totals().batches, 1u);
  ExpectDelivers(shanghai);
}

}  // namespace
}  // namespace sightline::e2e
