// Plans and histories that must not be taken, end to end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/message.h"
#include "common/plan.h"
#include "tests/e2e/wire_fixture_grpc.h"

namespace sightline::e2e {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class WirePlanTest : public WireTest {
 protected:
  // The agent did not take a plan, kept its own, and both ends say why.
  void ExpectPlanRefused(EnrolledAgent& agent, const Delivery& delivery,
                         v1::PlanRefusalReason reason, const std::string& words) {
    const std::string name = ShortName(reason);
    ASSERT_TRUE(delivery.session.plan_refusal.has_value());
    EXPECT_FALSE(delivery.session.took_plan);
    EXPECT_EQ(ShortName(delivery.session.plan_refusal->reason()), name);
    EXPECT_THAT(delivery.session.plan_refusal->detail(), HasSubstr(words));
    EXPECT_THAT(delivery.status.plan_refusal, AllOf(StartsWith(name + ": "), HasSubstr(words)));
    EXPECT_THAT(log_.Get(),
                Contains(AllOf(StartsWith("did not take a plan: " + name), HasSubstr(words))));
    EXPECT_THAT(log_.Get(),
                Contains(AllOf(StartsWith("level=warn part=intake event=plan_refused agent=" +
                                          agent.ShortId() + " reason=" + name),
                               HasSubstr(words))));
  }
};

TEST_F(WirePlanTest, NewerPlanIsTaken) {
  EnrolledAgent agent(collector_, clock_);
  ASSERT_TRUE(collector_.Publish(SignPlan(TestPlan(2), operator_key_)).ok());
  const Delivery delivery = agent.Deliver(collector_);
  EXPECT_TRUE(delivery.session.took_plan);
  EXPECT_EQ(agent.plans().version(), 2u);
  agent.SealRound();
  ExpectDelivers(agent);
}

TEST_F(WirePlanTest, PlanSignedByAnotherKeyIsRefusedAndTheOldOneKept) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const SigningKey other_key = SigningKey::Generate();
  LoopbackCollector other(other_key, clock_);
  ASSERT_TRUE(other.Publish(SignPlan(TestPlan(2), other_key)).ok());
  ASSERT_TRUE(agent.EnrollAlsoAt(other).ok());

  const Delivery delivery = agent.Deliver(other);
  ExpectPlanRefused(agent, delivery, v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY,
                    "signed with another key than the operator's");
  EXPECT_EQ(agent.plans().version(), 1u);
  // Nor does that collector know the plan that the batch followed.
  ASSERT_TRUE(delivery.session.refusal.has_value());
  EXPECT_EQ(delivery.session.refusal->reason(), v1::REFUSAL_REASON_UNKNOWN_PLAN);
  EXPECT_THAT(delivery.status.last_refusal, HasSubstr("no plan with version 1"));
  EXPECT_THAT(other.Log(), IsEmpty());
  EXPECT_EQ(agent.spool().totals().batches, 1u);
  ExpectDelivers(agent);
}

TEST_F(WirePlanTest, PlanSignedByAnotherKeyIsNotPublished) {
  const absl::Status refused = collector_.Publish(SignPlan(TestPlan(2), SigningKey::Generate()));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), StartsWith("UNKNOWN_KEY: "));
  EXPECT_THAT(
      log_.Get(),
      Contains(StartsWith("level=warn part=admin event=plan_refused detail=\"UNKNOWN_KEY: ")));
  EXPECT_THAT(*collector_.store().ListPlans(), SizeIs(1));
}

TEST_F(WirePlanTest, OlderPlanIsRefusedByTheAgent) {
  ASSERT_TRUE(collector_.Publish(SignPlan(TestPlan(2), operator_key_)).ok());
  EnrolledAgent agent(collector_, clock_);
  ASSERT_EQ(agent.plans().version(), 2u);
  agent.SealRound();
  const auto replay = [this](v1::SubmitResponse& response) {
    if (response.has_welcome()) {
      *response.mutable_welcome()->mutable_plan() = SignPlan(TestPlan(1), operator_key_);
    }
    return true;
  };
  const Delivery delivery = agent.Deliver(collector_, Tampering({nullptr, replay}));
  ExpectPlanRefused(agent, delivery, v1::PLAN_REFUSAL_REASON_NOT_NEWER,
                    "the plan has version 1, and version 2 is held");
  EXPECT_EQ(agent.plans().version(), 2u);
  // A refused plan is no reason to hold batches back.
  EXPECT_EQ(delivery.session.state, agent::SessionState::kDone);
  EXPECT_THAT(collector_.Log(), SizeIs(1));
  agent.SealRound();
  ExpectDelivers(agent);
}

TEST_F(WirePlanTest, OlderPlanIsNotPublished) {
  ASSERT_TRUE(collector_.Publish(SignPlan(TestPlan(3), operator_key_)).ok());
  for (const uint64_t version : {2, 3}) {
    const absl::Status refused = collector_.Publish(SignPlan(TestPlan(version), operator_key_));
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()),
                AllOf(StartsWith("NOT_NEWER: "), HasSubstr("version 3 is held")));
  }
  EXPECT_THAT(
      log_.Get(),
      Contains(StartsWith("level=warn part=admin event=plan_refused detail=\"NOT_NEWER: ")));
  EXPECT_THAT(*collector_.store().ListPlans(), SizeIs(2));
  EnrolledAgent agent(collector_, clock_);
  EXPECT_EQ(agent.plans().version(), 3u);
}

// The agent's folder was copied, and both copies went on.
class WireCopyTest : public WireTest {
 protected:
  // Another batch with the number of the one that waits.
  static SealedBatch Rival(EnrolledAgent& agent) {
    return agent.sealer().Seal({0, std::string(32, '\0')}, {1, kTestNow, kTestNow, {}}, {});
  }
};

TEST_F(WireCopyTest, EquivocationIsRefusedAndTheAgentFlagged) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const v1::SignedBatch rival = Rival(agent).signed_batch;
  // The copy's batch comes first.
  const Delivery first =
      agent.Deliver(collector_, Tampering({[&](v1::SubmitRequest& request) {
                                             if (request.has_batch()) {
                                               *request.mutable_batch() = rival;
                                             }
                                             return true;
                                           },
                                           [](v1::SubmitResponse& m) { return !m.has_ack(); }}));
  EXPECT_EQ(first.status.collector_state, "unreachable");
  ASSERT_THAT(collector_.Log(), SizeIs(1));

  // The agent's own look at what the collector holds stops it before it sends.
  const Delivery honest = agent.Deliver(collector_);
  EXPECT_EQ(honest.status.collector_state, "diverged");
  EXPECT_THAT(honest.status.collector_detail, HasSubstr("not those of this folder"));
  EXPECT_FALSE(collector_.store().FindAgent(agent.id())->equivocated);

  // One that does not look is caught.
  const auto blindfold = [](v1::SubmitResponse& response) {
    if (response.has_welcome()) {
      response.mutable_welcome()->set_last_seq(0);
      response.mutable_welcome()->set_head(std::string(32, '\0'));
    }
    return true;
  };
  const Delivery blind = agent.Deliver(collector_, Tampering({nullptr, blindfold}));
  ExpectRefused(agent, blind, v1::REFUSAL_REASON_EQUIVOCATION, 1,
                "another batch 1 is stored already; the agent was flagged");
  EXPECT_TRUE(collector_.store().FindAgent(agent.id())->equivocated);
  const std::vector<LogRecord> log = collector_.Log();
  ASSERT_THAT(log, SizeIs(1));
  EXPECT_EQ(log[0].batch, rival.batch());
  EXPECT_EQ(agent.spool().totals().batches, 1u);

  // Others go on, and so does a new enrolment.
  EnrolledAgent anew(collector_, clock_);
  anew.SealRound();
  ExpectDelivers(anew);
}

TEST_F(WireCopyTest, CopyIsEndedWhenTheAgentItselfConnects) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const v1::SignedBatch rival = Rival(agent).signed_batch;
  // While the copy's stream is open, the agent's own brings batch 1.
  const auto overtaken = [&](v1::SubmitRequest& request) {
    if (!request.has_batch()) return true;
    *request.mutable_batch() = rival;
    EXPECT_EQ(agent.Deliver(collector_).status.collector_state, "delivered");
    return true;
  };
  const Delivery copy = agent.Deliver(collector_, Tampering({overtaken, nullptr}));
  EXPECT_EQ(copy.status.collector_state, "unreachable");
  const std::vector<LogRecord> log = collector_.Log();
  ASSERT_THAT(log, SizeIs(1));
  EXPECT_NE(log[0].batch, rival.batch());
  agent.SealRound();
  ExpectDelivers(agent);
}

}  // namespace
}  // namespace sightline::e2e
