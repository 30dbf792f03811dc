#include "collector/outbox.h"

#include <gtest/gtest.h>

#include "tests/common/test_plan.h"

namespace sightline {
namespace {

v1::SubmitResponse Ack(uint64_t seq) {
  v1::SubmitResponse response;
  response.mutable_ack()->set_last_seq(seq);
  return response;
}

TEST(OutboxTest, AnAckThatWaitsIsReplacedByTheNewerOne) {
  Outbox outbox;
  outbox.Put(Ack(1));
  const v1::SubmitResponse* sending = outbox.Next(kTestNow);
  ASSERT_NE(sending, nullptr);
  for (uint64_t seq = 2; seq <= 1000; ++seq) outbox.Put(Ack(seq));
  EXPECT_EQ(sending->ack().last_seq(), 1u);
  EXPECT_EQ(outbox.Next(kTestNow), nullptr);
  outbox.OnSent();
  sending = outbox.Next(kTestNow);
  ASSERT_NE(sending, nullptr);
  EXPECT_EQ(sending->ack().last_seq(), 1000u);
  outbox.OnSent();
  EXPECT_EQ(outbox.Next(kTestNow), nullptr);
  EXPECT_TRUE(outbox.empty());
}

TEST(OutboxTest, NothingOvertakes) {
  Outbox outbox;
  v1::SubmitResponse welcome;
  welcome.mutable_welcome();
  v1::SubmitResponse refusal;
  refusal.mutable_refusal();
  outbox.Put(welcome);
  outbox.Put(Ack(1));
  outbox.Put(refusal);
  EXPECT_TRUE(outbox.Next(kTestNow)->has_welcome());
  outbox.OnSent();
  EXPECT_TRUE(outbox.Next(kTestNow)->has_ack());
  outbox.OnSent();
  EXPECT_TRUE(outbox.Next(kTestNow)->has_refusal());
}

TEST(OutboxTest, APeerThatTakesNothingIsStuckAfterAWhile) {
  Outbox outbox;
  EXPECT_FALSE(outbox.IsStuck(kTestNow + absl::Hours(1)));
  outbox.Put(Ack(1));
  outbox.Next(kTestNow);
  EXPECT_FALSE(outbox.IsStuck(kTestNow + Outbox::kSendTimeMax));
  EXPECT_TRUE(outbox.IsStuck(kTestNow + Outbox::kSendTimeMax + absl::Seconds(1)));
  outbox.OnSent();
  EXPECT_FALSE(outbox.IsStuck(kTestNow + absl::Hours(1)));
}

}  // namespace
}  // namespace sightline
