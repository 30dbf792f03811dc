#include "collector/webhook/delivery_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "tests/collector/webhook/receiver.h"
#include "tests/collector/webhook/world.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DeliveryLoopTest : public ::testing::Test {
 protected:
  DeliveryLoopOptions Options(const std::string& node) {
    DeliveryLoopOptions options;
    options.node = node;
    options.lease = LeaseOptions::Of(absl::Seconds(20));
    options.poll_interval = absl::Milliseconds(5);
    return options;
  }

  std::unique_ptr<DeliveryLoop> Start(const std::string& node) {
    return std::make_unique<DeliveryLoop>(
        DeliveryLoopParts{world_.store, world_.clock, steady_clock_, metrics_}, Options(node));
  }

  // Waits until the condition holds; only a defect takes long.
  void WaitFor(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    EXPECT_TRUE(condition());
  }

  void WaitForPosition(const std::string& webhook_id, int64_t position) {
    WaitFor([&] { return world_.Find(webhook_id).position == position; });
  }

  // Waits until the loop has looked at the store that often again.
  void WaitForLooks(int count) {
    const int until = world_.store.looks() + count;
    WaitFor([&] { return world_.store.looks() >= until; });
  }

  std::string Holder() { return world_.store.ReadLease(kWebhookLease)->holder; }

  WebhookWorld world_;
  const SystemSteadyClock steady_clock_;
  Metrics metrics_;
};

TEST_F(DeliveryLoopTest, BringsWhatComes) {
  Receiver receiver;
  const auto loop = Start("n1");
  world_.AddWebhook("hook", receiver.url());
  for (int i = 1; i <= 5; ++i) {
    world_.AddChange();
    WaitForPosition("hook", i);
  }
  EXPECT_EQ(receiver.names(), WebhookWorld::Names("hook", 5));
}

TEST_F(DeliveryLoopTest, OfTwoOnOneStoreOneDelivers) {
  Receiver receiver;
  world_.AddWebhook("hook", receiver.url());
  auto one = Start("n1");
  WaitFor([this] { return Holder() == "n1"; });
  auto two = Start("n2");
  for (int i = 0; i < 20; ++i) world_.AddChange();
  WaitForPosition("hook", 20);
  EXPECT_EQ(receiver.names(), WebhookWorld::Names("hook", 20)) << "each once";
  EXPECT_EQ(Holder(), "n1");
  // The other one goes on.
  one.reset();
  for (int i = 0; i < 20; ++i) world_.AddChange();
  WaitForPosition("hook", 40);
  EXPECT_EQ(receiver.names(), WebhookWorld::Names("hook", 40));
  EXPECT_EQ(Holder(), "n2");
}

TEST_F(DeliveryLoopTest, ARestartInTheMiddleSendsTheSameIdAgainAndLosesNothing) {
  Receiver receiver;
  world_.AddWebhook("hook", receiver.url());
  for (int i = 0; i < 3; ++i) world_.AddChange();
  receiver.Hold();
  auto loop = Start("n1");
  receiver.WaitFor(1);
  loop.reset();  // between the post and its answer
  EXPECT_EQ(world_.Find("hook").position, 0);
  receiver.Release();
  loop = Start("n1");
  WaitForPosition("hook", 3);
  EXPECT_THAT(receiver.names(), ElementsAre("hook-c1", "hook-c1", "hook-c2", "hook-c3"));
}

TEST_F(DeliveryLoopTest, AReceiverThatHangsHoldsUpNoOther) {
  Receiver slow;
  slow.Hold();
  Receiver quick;
  world_.AddWebhook("slow", slow.url());
  world_.AddWebhook("quick", quick.url());
  const auto loop = Start("n1");
  for (int i = 0; i < 10; ++i) world_.AddChange();
  WaitForPosition("quick", 10);
  EXPECT_EQ(world_.Find("slow").position, 0);
  slow.Release();
  WaitForPosition("slow", 10);
  EXPECT_EQ(slow.names(), WebhookWorld::Names("slow", 10));
}

TEST_F(DeliveryLoopTest, WithoutWebhooksNobodyTakesTheLease) {
  Receiver receiver;
  const auto loop = Start("n1");
  world_.AddChange();
  WaitForLooks(3);
  EXPECT_EQ(Holder(), "");
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  WaitForPosition("hook", 2);
  EXPECT_EQ(Holder(), "n1");
  ASSERT_TRUE(world_.store.DeleteWebhook("hook").ok());
  WaitFor([this] { return world_.store.ReadLease(kWebhookLease)->beat == Lease::kReleased; });
}

TEST_F(DeliveryLoopTest, GoesOnWhenTheStoreIsBack) {
  Receiver receiver;
  world_.AddWebhook("hook", receiver.url());
  const auto loop = Start("n1");
  world_.AddChange();
  WaitForPosition("hook", 1);
  world_.store.FailWith(absl::UnavailableError("gone"));
  WaitForLooks(3);
  world_.store.FailWith(absl::OkStatus());
  world_.AddChange();
  WaitForPosition("hook", 2);
  EXPECT_EQ(receiver.acknowledged(), WebhookWorld::Names("hook", 2));
}

TEST_F(DeliveryLoopTest, EndsAtOnceWhateverIsUnderWay) {
  Receiver receiver;
  receiver.Hold();
  world_.AddWebhook("hook", receiver.url());
  world_.AddChange();
  auto loop = Start("n1");
  receiver.WaitFor(1);
  const auto begun = std::chrono::steady_clock::now();
  loop.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(world_.store.ReadLease(kWebhookLease)->beat, Lease::kReleased);
}

}  // namespace
}  // namespace sightline
