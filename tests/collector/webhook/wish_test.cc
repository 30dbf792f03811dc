#include "collector/webhook/wish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/message.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Webhook Good() {
  v1::Webhook wish;
  wish.set_url("https://hooks.example/in?token=1");
  wish.set_country("CN");
  return wish;
}

void ExpectRefused(const v1::Webhook& wish, absl::StatusCode code, const std::string& words) {
  const absl::Status status = CheckWish(wish, TestPlan()).status();
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(words));
}

TEST(WishTest, WhatIsLeftOutIsFilledIn) {
  const auto webhook = CheckWish(Good(), TestPlan());
  ASSERT_TRUE(webhook.ok()) << webhook.status();
  EXPECT_EQ(webhook->url(), Good().url());
  EXPECT_TRUE(webhook->target_ids().empty());
  EXPECT_THAT(webhook->kinds(), ElementsAre(v1::CHANGE_KIND_OPENED, v1::CHANGE_KIND_CLOSED,
                                            v1::CHANGE_KIND_WIDENED, v1::CHANGE_KIND_NARROWED,
                                            v1::CHANGE_KIND_SUSTAINED, v1::CHANGE_KIND_DISPUTED));
  EXPECT_EQ(FromProto(webhook->heartbeat_interval()), absl::Hours(24));
}

TEST(WishTest, WhatIsAskedForIsKeptOnceAndOrderedAndTheRestIsTheCollectors) {
  v1::Webhook wish = Good();
  for (const char* id : {"whatsapp", "signal", "whatsapp"}) wish.add_target_ids(id);
  for (const auto kind : {v1::CHANGE_KIND_OTHER, v1::CHANGE_KIND_OPENED, v1::CHANGE_KIND_OTHER}) {
    wish.add_kinds(kind);
  }
  *wish.mutable_heartbeat_interval() = ToProto(absl::Minutes(1));
  wish.set_webhook_id("mine");
  wish.mutable_state()->set_change_seq(99);
  const auto webhook = CheckWish(wish, TestPlan());
  ASSERT_TRUE(webhook.ok()) << webhook.status();
  EXPECT_THAT(webhook->target_ids(), ElementsAre("signal", "whatsapp"));
  EXPECT_THAT(webhook->kinds(), ElementsAre(v1::CHANGE_KIND_OPENED, v1::CHANGE_KIND_OTHER));
  EXPECT_EQ(FromProto(webhook->heartbeat_interval()), absl::Minutes(1));
  EXPECT_EQ(webhook->webhook_id(), "");
  EXPECT_FALSE(webhook->has_state());
}

TEST(WishTest, TheFieldThatIsWrongIsNamed) {
  v1::Webhook wish = Good();
  wish.set_url("http://hooks.example/secret-token");
  ExpectRefused(wish, absl::StatusCode::kInvalidArgument, "webhook.url: must begin with https://");
  EXPECT_EQ(CheckWish(wish, TestPlan()).status().message().find("secret-token"),
            absl::string_view::npos);
  wish = Good();
  wish.clear_country();
  ExpectRefused(wish, absl::StatusCode::kInvalidArgument, "webhook.country: must be set");
  wish.set_country("ZZ");
  ExpectRefused(wish, absl::StatusCode::kNotFound, "webhook.country: \"ZZ\"");
  wish = Good();
  wish.add_target_ids("telegram");
  ExpectRefused(wish, absl::StatusCode::kNotFound, "webhook.target_ids: no target \"telegram\"");
  for (const int kind : {0, 99}) {
    wish = Good();
    wish.add_kinds(static_cast<v1::ChangeKind>(kind));
    ExpectRefused(wish, absl::StatusCode::kInvalidArgument, "webhook.kinds: ");
  }
  for (const absl::Duration interval :
       {absl::Seconds(59), absl::Hours(168) + absl::Seconds(1), -absl::Hours(1)}) {
    wish = Good();
    *wish.mutable_heartbeat_interval() = ToProto(interval);
    ExpectRefused(wish, absl::StatusCode::kInvalidArgument, "webhook.heartbeat_interval: ");
  }
}

TEST(WishTest, AChangeConcernsWhoeverAskedForItsTargetAndOneOfItsKinds) {
  v1::Change change;
  change.set_target_id("whatsapp");
  change.add_kinds(v1::CHANGE_KIND_EVENT);
  change.add_kinds(v1::CHANGE_KIND_WIDENED);
  v1::Webhook webhook;
  EXPECT_FALSE(Concerns(webhook, change)) << "no kinds, no changes";
  webhook.add_kinds(v1::CHANGE_KIND_WIDENED);
  EXPECT_TRUE(Concerns(webhook, change));
  webhook.add_target_ids("signal");
  EXPECT_FALSE(Concerns(webhook, change));
  webhook.add_target_ids("whatsapp");
  EXPECT_TRUE(Concerns(webhook, change));
  change.clear_kinds();
  change.add_kinds(v1::CHANGE_KIND_NARROWED);
  EXPECT_FALSE(Concerns(webhook, change));
}

}  // namespace
}  // namespace sightline
