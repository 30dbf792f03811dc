#include "collector/cli/webhook_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/message.h"

namespace sightline::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'713'500'000);  // 2024-04-19 04:13:20

v1::Webhook& Add(v1::ListWebhooksResponse& all, const std::string& id) {
  v1::Webhook& webhook = *all.add_webhooks();
  webhook.set_webhook_id(id);
  webhook.set_url("https://hooks.example:8443/in?token=abc");
  webhook.set_country("CN");
  webhook.add_kinds(v1::CHANGE_KIND_OPENED);
  webhook.add_kinds(v1::CHANGE_KIND_CLOSED);
  *webhook.mutable_heartbeat_interval() = ToProto(absl::Hours(24));
  webhook.mutable_state()->set_change_seq(17);
  return webhook;
}

TEST(WebhookTextTest, ATableSaysHowItGoesAndHidesTokens) {
  v1::ListWebhooksResponse all;
  EXPECT_THAT(WebhookTable(all, kNow, false), HasSubstr("sightline webhook add"));
  Add(all, "wh_new");
  *Add(all, "wh_good").mutable_state()->mutable_deliver_time() = ToProto(kNow);
  v1::Webhook& bad = Add(all, "wh_bad");
  bad.add_target_ids("whatsapp");
  bad.mutable_state()->set_failed_attempts(9);
  bad.mutable_state()->set_error("the response has \x1b[2Jstatus 500");
  *bad.mutable_state()->mutable_failing_since_time() = ToProto(kNow - absl::Hours(2));
  const std::string table = WebhookTable(all, kNow, false);
  EXPECT_THAT(table, AllOf(HasSubstr("hooks.example:8443"), HasSubstr("opened, closed"),
                           HasSubstr("nothing was posted yet"),
                           HasSubstr("last acknowledged 2024-04-19 04:13"),
                           HasSubstr("FAILS for 2 h, 9 attempts: the response has ")));
  EXPECT_THAT(table, Not(HasSubstr("token")));
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
}

TEST(WebhookTextTest, CsvHasEverything) {
  v1::ListWebhooksResponse all;
  v1::Webhook& webhook = Add(all, "wh_1");
  webhook.add_target_ids("signal");
  webhook.add_target_ids("whatsapp");
  webhook.mutable_state()->set_failed_attempts(1);
  webhook.mutable_state()->set_error("no, \"never\"");
  *webhook.mutable_state()->mutable_next_attempt_time() = ToProto(kNow);
  EXPECT_THAT(WebhookCsv(all),
              HasSubstr("\r\nwh_1,https://hooks.example:8443/in?token=abc,CN,signal whatsapp,"
                        "opened closed,86400,,17,,1,,2024-04-19T04:13:20+00:00,,"
                        "\"no, \"\"never\"\"\"\r\n"));
}

TEST(WebhookTextTest, AttemptsAreListedOneALine) {
  v1::ListDeliveriesResponse all;
  EXPECT_EQ(DeliveryTable(all, false), "Nothing was posted yet.\n");
  v1::Delivery& good = *all.add_deliveries();
  good.set_delivery_seq(2);
  good.set_message_id("wh_1-c17");
  good.set_message_type(v1::MESSAGE_TYPE_CHANGE);
  good.set_change_seq(17);
  good.set_attempt(2);
  good.set_http_status(204);
  *good.mutable_attempt_time() = ToProto(kNow);
  *good.mutable_duration() = ToProto(absl::Milliseconds(120));
  v1::Delivery& bad = *all.add_deliveries();
  bad.set_delivery_seq(1);
  bad.set_error("no whole response in time (15s)");
  const std::string table = DeliveryTable(all, false);
  EXPECT_THAT(table, AllOf(HasSubstr("2024-04-19 04:13:20"), HasSubstr("wh_1-c17"),
                           HasSubstr("change"), HasSubstr("120 ms"), HasSubstr("acknowledged"),
                           HasSubstr("no whole response in time (15s)")));
  EXPECT_THAT(DeliveryCsv(all),
              HasSubstr("\r\n2,2024-04-19T04:13:20+00:00,wh_1-c17,change,17,2,120,204,\r\n"));
}

}  // namespace
}  // namespace sightline::cli
