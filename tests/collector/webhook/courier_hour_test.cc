#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "collector/webhook/back_off.h"
#include "tests/collector/webhook/courier_fixture.h"
#include "tests/collector/webhook/receiver.h"

namespace sightline {
namespace {

using ::testing::Gt;
using ::testing::Lt;

// The receiver fails for an hour, one way or the other, while changes go on.
class CourierHourTest : public CourierTest {
 protected:
  // 11 in the first 18 to 26 minutes, then one every 10 to 15.
  static constexpr int kAttemptsMax = 16;

  void ExpectAllArrived(const Receiver& receiver) {
    EXPECT_EQ(receiver.acknowledged(), WebhookWorld::Names("hook", world_.last_change));
    EXPECT_EQ(world_.Find("hook").position, world_.last_change);
    EXPECT_EQ(world_.State("hook").failed_attempts(), 0);
    EXPECT_EQ(world_.State("hook").error(), "");
  }

  void FailForAnHour() {
    world_.AddChange();
    for (int minute = 0; minute < 60; ++minute) {
      Pass(absl::Minutes(1), absl::Seconds(10));
      if (minute % 6 == 0) world_.AddChange();
    }
    EXPECT_EQ(world_.Find("hook").position, 0);
    const v1::WebhookState state = world_.State("hook");
    EXPECT_THAT(state.failed_attempts(), Gt(8));
    EXPECT_THAT(state.failed_attempts(), Lt(kAttemptsMax));
    EXPECT_NE(state.error(), "");
    EXPECT_LT(FromProto(state.failing_since_time()), kTestNow + absl::Seconds(20));
    EXPECT_EQ(FromProto(state.waiting_change_time()), kTestNow);
    EXPECT_EQ(metrics_.webhooks_failing.Value(), 1);
    EXPECT_GE(metrics_.webhook_waiting_seconds.Value(), 3500);
    // Nothing but the first change was tried.
    const std::vector<v1::Delivery> log = world_.Log("hook");
    for (const v1::Delivery& delivery : log) EXPECT_EQ(delivery.change_seq(), 1);
    EXPECT_EQ(log.back().attempt(), state.failed_attempts());
  }
};

TEST_F(CourierHourTest, AReceiverThatWasDownGetsEverythingInOrder) {
  auto receiver = std::make_unique<Receiver>();
  const uint16_t port = receiver->port();
  world_.AddWebhook("hook", receiver->url());
  receiver.reset();
  FailForAnHour();
  receiver = std::make_unique<Receiver>(port);
  Pass(kBackOffMax, absl::Seconds(30));
  ExpectAllArrived(*receiver);
  EXPECT_EQ(receiver->names(), receiver->acknowledged());
  EXPECT_EQ(metrics_.webhooks_failing.Value(), 0);
  EXPECT_EQ(metrics_.webhook_waiting_seconds.Value(), 0);
  EXPECT_EQ(metrics_.WebhookPosted("refused").Value(), 0);
  EXPECT_GT(metrics_.WebhookPosted("unanswered").Value(), 8);
}

TEST_F(CourierHourTest, AReceiverThatAnswered500GetsEverythingInOrder) {
  Receiver receiver;
  receiver.AnswerWith([](const Received&) { return Response(500); });
  world_.AddWebhook("hook", receiver.url());
  FailForAnHour();
  receiver.AnswerWith([](const Received&) { return Response(200); });
  Pass(kBackOffMax, absl::Seconds(30));
  ExpectAllArrived(receiver);
  EXPECT_GT(metrics_.WebhookPosted("refused").Value(), 8);
}

TEST_F(CourierHourTest, AReceiverThatWasTooSlowGetsEverythingInOrder) {
  Receiver receiver;
  receiver.Hold();
  Receiver other;
  world_.AddWebhook("hook", receiver.url());
  world_.AddWebhook("other", other.url());
  MakeCourier(absl::Milliseconds(100));
  FailForAnHour();
  EXPECT_EQ(other.acknowledged(), WebhookWorld::Names("other", world_.last_change))
      << "held up by it";
  receiver.Release();
  MakeCourier();
  Pass(kBackOffMax, absl::Seconds(30));
  ExpectAllArrived(receiver);
}

}  // namespace
}  // namespace sightline
