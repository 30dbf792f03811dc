#include "collector/webhook/courier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/numbers.h"
#include "collector/webhook/message.h"
#include "tests/collector/webhook/courier_fixture.h"
#include "tests/collector/webhook/receiver.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

TEST_F(CourierTest, ChangesArriveInOrderSignedAndOnce) {
  Receiver receiver;
  world_.AddChange();  // before it was added
  world_.AddWebhook("hook", receiver.url());
  for (int i = 0; i < 3; ++i) world_.AddChange();
  RunOut();
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c2", "hook-c3", "hook-c4"));
  const std::vector<Received> received = receiver.received();
  for (const Received& each : received) {
    int64_t time = 0;
    ASSERT_TRUE(absl::SimpleAtoi(each.headers.at("webhook-timestamp"), &time));
    EXPECT_EQ(absl::FromUnixSeconds(time), kTestNow);
    EXPECT_EQ(each.headers.at("webhook-signature"),
              Signature(kTestSecret, each.id(), kTestNow, each.body));
    EXPECT_THAT(each.body, HasSubstr("{\"type\":\"change\""));
  }
  EXPECT_EQ(world_.Find("hook").position, 4);
  EXPECT_EQ(FromProto(world_.State("hook").deliver_time()), kTestNow);
  const std::vector<v1::Delivery> log = world_.Log("hook");
  ASSERT_THAT(log, SizeIs(3));
  EXPECT_EQ(log[0].message_id(), received[0].id());
  EXPECT_EQ(log[0].change_seq(), 2);
  EXPECT_EQ(log[0].attempt(), 1);
  EXPECT_EQ(log[0].http_status(), 200);
  EXPECT_EQ(metrics_.WebhookPosted("acknowledged").Value(), 3);
}

TEST_F(CourierTest, WhatWasNotAskedForIsPassedOverHoweverMuchItIs) {
  Receiver receiver;
  world_.AddWebhook("hook", receiver.url());
  for (int i = 0; i < 200; ++i) world_.AddChange(v1::CHANGE_KIND_OTHER);
  world_.AddChange();
  for (int i = 0; i < 5; ++i) world_.AddChange(v1::CHANGE_KIND_CLOSED);
  RunOut();
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c201"));
  EXPECT_EQ(world_.Find("hook").position, 206);
  EXPECT_THAT(world_.Log("hook"), SizeIs(1));
}

TEST_F(CourierTest, EveryAttemptHasTheSameIdAndASignatureOfItsOwnTime) {
  Receiver receiver;
  receiver.AnswerWith([](const Received&) { return ""; });
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  RunOut();
  Pass(absl::Seconds(2));
  const std::vector<Received> received = receiver.received();
  ASSERT_THAT(received, SizeIs(Gt(1u)));
  std::set<std::string> signatures;
  for (const Received& each : received) {
    EXPECT_EQ(each.id(), received[0].id());
    EXPECT_EQ(each.body, received[0].body);
    signatures.insert(each.headers.at("webhook-signature"));
  }
  EXPECT_EQ(signatures.size(), received.size());
}

TEST_F(CourierTest, AReceiverThatAsksForTimeGetsIt) {
  Receiver receiver;
  receiver.AnswerWith([](const Received&) { return Response(429, "retry-after: 300\r\n"); });
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  RunOut();
  Pass(absl::Seconds(299), absl::Seconds(13));
  EXPECT_THAT(receiver.names(), SizeIs(1));
  Pass(absl::Seconds(2));
  EXPECT_THAT(receiver.names(), SizeIs(2));
}

TEST_F(CourierTest, WhatWasSentAndNotWrittenIsSentAgainWithTheSameIdByWhoeverGoesOn) {
  Receiver receiver;
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  world_.AddChange();
  world_.store.FailMovesWith(absl::UnavailableError("gone"));
  ASSERT_TRUE(courier_->Turn(lease_).ok());
  EXPECT_TRUE(absl::IsUnavailable(courier_->Take(poster_->Wait(absl::Seconds(20)), lease_)));
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c1"));
  // As long as it lives it remembers, and posts nothing to that receiver.
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(absl::IsUnavailable(courier_->Turn(lease_)));
    EXPECT_THAT(poster_->Wait(absl::Milliseconds(5)), IsEmpty());
  }
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c1"));
  // It dies.
  MakeCourier();
  world_.store.FailMovesWith(absl::OkStatus());
  RunOut();
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c1", "hook-c1", "hook-c2"));
  EXPECT_THAT(receiver.acknowledged(), ElementsAre("hook-c1", "hook-c2"));
}

TEST_F(CourierTest, WhatCouldNotBeWrittenIsWrittenLaterWithoutAnotherPost) {
  Receiver receiver;
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  world_.store.FailMovesWith(absl::AbortedError("in doubt"));
  ASSERT_TRUE(courier_->Turn(lease_).ok());
  EXPECT_TRUE(absl::IsAborted(courier_->Take(poster_->Wait(absl::Seconds(20)), lease_)));
  world_.store.FailMovesWith(absl::OkStatus());
  RunOut();
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c1"));
  EXPECT_EQ(world_.Find("hook").position, 1);
}

TEST_F(CourierTest, ANewCourierKeepsToTheBackOffOfTheOneBefore) {
  Receiver receiver;
  receiver.AnswerWith([](const Received&) { return Response(410); });
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  RunOut();
  MakeCourier();
  Pass(absl::Minutes(14), absl::Minutes(1));
  EXPECT_THAT(receiver.names(), SizeIs(1));
  Pass(absl::Minutes(1), absl::Minutes(1));
  EXPECT_THAT(receiver.names(), SizeIs(2));
  EXPECT_EQ(world_.State("hook").failed_attempts(), 2);
}

TEST_F(CourierTest, AClockThatWasSetBackHoldsUpNothing) {
  Receiver receiver;
  receiver.AnswerWith([](const Received&) { return Response(500); });
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  RunOut();
  world_.clock.Advance(-absl::Hours(24));
  receiver.AnswerWith([](const Received&) { return Response(200); });
  RunOut();
  EXPECT_THAT(receiver.acknowledged(), ElementsAre("hook-c1"));
}

TEST_F(CourierTest, AHeartbeatTellsSilenceFromNothing) {
  Receiver receiver;
  world_.AddWebhook("hook", receiver.url(), absl::Minutes(10));
  world_.AddWindow(kTestNow - absl::Hours(1));
  Pass(absl::Minutes(9), absl::Minutes(1));
  EXPECT_THAT(receiver.names(), IsEmpty());
  world_.AddChange();  // which counts as one
  Pass(absl::Minutes(10), absl::Minutes(1));
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c1"));
  Pass(absl::Minutes(11), absl::Minutes(1));
  ASSERT_THAT(receiver.names(), SizeIs(3));
  const Received heartbeat = receiver.received()[1];
  const absl::Time due = kTestNow + absl::Minutes(20);
  EXPECT_EQ(heartbeat.id(), absl::StrCat("hook-h", absl::ToUnixMillis(due)));
  EXPECT_THAT(heartbeat.body, HasSubstr("\"type\":\"heartbeat\""));
  EXPECT_THAT(heartbeat.body, HasSubstr("\"change_seq\":\"1\""));
  EXPECT_THAT(heartbeat.body, HasSubstr("\"window_start_time\":\""));
  EXPECT_EQ(world_.Log("hook")[1].message_type(), v1::MESSAGE_TYPE_HEARTBEAT);
}

TEST_F(CourierTest, AHeartbeatThatFailsKeepsItsIdAndAChangeGoesFirst) {
  Receiver receiver;
  receiver.AnswerWith([](const Received&) { return Response(500); });
  world_.AddWebhook("hook", receiver.url(), absl::Minutes(1));
  Pass(absl::Minutes(2));
  const std::vector<std::string> ids = receiver.names();
  ASSERT_THAT(ids, SizeIs(Gt(2u)));
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1u);
  world_.AddChange();
  receiver.AnswerWith([](const Received&) { return Response(200); });
  Pass(absl::Minutes(2));
  EXPECT_EQ(receiver.acknowledged()[0], "hook-c1");
}

TEST_F(CourierTest, AWebhookThatIsRemovedIsPostedToNoMore) {
  Receiver receiver;
  receiver.Hold();
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  world_.AddChange();
  ASSERT_TRUE(courier_->Turn(lease_).ok());
  EXPECT_THAT(poster_->Wait(absl::Milliseconds(20)), IsEmpty());
  ASSERT_TRUE(world_.store.DeleteWebhook("hook").ok());
  receiver.Release();
  RunOut();
  EXPECT_TRUE(courier_->idle());
  EXPECT_THAT(receiver.names(), SizeIs(Lt(2u)));
}

TEST_F(CourierTest, WhoeverLostTheLeasePostsNothingMore) {
  Receiver receiver;
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  world_.AddChange();
  ASSERT_TRUE(courier_->Turn(lease_).ok());
  ASSERT_TRUE(*world_.store.MoveLease(kWebhookLease, lease_, {"n2", 2, 0}));
  const absl::Status taken = courier_->Take(poster_->Wait(absl::Seconds(20)), lease_);
  EXPECT_TRUE(absl::IsFailedPrecondition(taken)) << taken;
  EXPECT_TRUE(absl::IsFailedPrecondition(courier_->Turn(lease_)));
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c1"));
  EXPECT_EQ(world_.Find("hook").position, 0);
}

TEST_F(CourierTest, ADamagedWebhookIsNamedAndTheOthersAreServed) {
  Receiver receiver;
  ASSERT_TRUE(world_.store.AddWebhook({"broken", "CN", 0, "\xff", ""}).ok());
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  const absl::Status status = courier_->Turn(lease_);
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("webhook broken"));
  EXPECT_TRUE(courier_->Take(poster_->Wait(absl::Seconds(20)), lease_).ok());
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c1"));
}

}  // namespace
}  // namespace sightline
