#include "collector/webhook/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "absl/strings/escaping.h"
#include "common/message.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixSeconds(1614265330);

v1::Webhook Hook() {
  v1::Webhook webhook;
  webhook.set_webhook_id("wh_1");
  webhook.set_country("CN");
  return webhook;
}

TEST(MessageTest, SignatureIsThatOfTheSpecificationsLibraries) {
  // The example that the libraries of standard-webhooks test themselves with.
  std::string secret;
  ASSERT_TRUE(absl::Base64Unescape("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &secret));
  EXPECT_EQ(Signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", kNow, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  EXPECT_EQ(SecretText(secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}

TEST(MessageTest, HeadersAreThoseOfTheSpecification) {
  const WebhookMessage message = {v1::MESSAGE_TYPE_TEST, "id", "{}"};
  EXPECT_THAT(MessageHeaders(message, "secret", kNow + absl::Milliseconds(999)),
              ElementsAre(Pair("content-type", "application/json"), Pair("webhook-id", "id"),
                          Pair("webhook-timestamp", "1614265330"),
                          Pair("webhook-signature", Signature("secret", "id", kNow, "{}"))));
}

TEST(MessageTest, AChangeIsInTheBodyWhole) {
  v1::Change change;
  change.set_change_seq(17);
  change.set_country("CN");
  change.set_target_id("whatsapp");
  *change.mutable_change_time() = ToProto(kNow);
  change.add_kinds(v1::CHANGE_KIND_OPENED);
  change.set_text("WhatsApp: \"open\" in \xe5\x8c\x97\xe4\xba\xac");
  const WebhookMessage message = ChangeMessage("wh_1", change, "as stored");
  EXPECT_EQ(message.type, v1::MESSAGE_TYPE_CHANGE);
  EXPECT_THAT(message.id, MatchesRegex("wh_1-c17-[0-9a-f]{8}"));
  EXPECT_EQ(ChangeMessage("wh_1", change, "as stored").id, message.id);
  EXPECT_NE(ChangeMessage("wh_2", change, "as stored").id, message.id);
  EXPECT_NE(ChangeMessage("wh_1", change, "another of that number").id, message.id);
  const boost::json::value body = boost::json::parse(message.body);
  EXPECT_EQ(body.at("type").as_string(), "change");
  EXPECT_EQ(body.at("timestamp").as_string(), "2021-02-25T15:02:10Z");
  EXPECT_EQ(body.at("data").at("change_seq").as_string(), "17");
  EXPECT_EQ(body.at("data").at("kinds").at(0).as_string(), "CHANGE_KIND_OPENED");
  EXPECT_EQ(body.at("data").at("text").as_string(), change.text());
}

TEST(MessageTest, AHeartbeatIsNamedAfterTheTimeWhenItIsDue) {
  const WebhookMessage message = HeartbeatMessage(Hook(), 5, kNow - absl::Hours(1), kNow);
  EXPECT_EQ(message.id, "wh_1-h1614265330000");
  const boost::json::value body = boost::json::parse(message.body);
  EXPECT_EQ(body.at("type").as_string(), "heartbeat");
  EXPECT_EQ(body.at("data").at("window_start_time").as_string(), "2021-02-25T14:02:10Z");
  EXPECT_EQ(body.at("data").at("change_seq").as_string(), "5");
  const WebhookMessage first = HeartbeatMessage(Hook(), 0, absl::InfinitePast(), kNow);
  EXPECT_FALSE(boost::json::parse(first.body).at("data").as_object().contains("window_start_time"));
}

TEST(MessageTest, ATestSaysWhatItIs) {
  const WebhookMessage message = TestMessage(Hook(), kNow);
  EXPECT_EQ(message.id, "wh_1-t1614265330000");
  const boost::json::value body = boost::json::parse(message.body);
  EXPECT_EQ(body.at("type").as_string(), "test");
  EXPECT_EQ(body.at("data").at("webhook_id").as_string(), "wh_1");
}

}  // namespace
}  // namespace sightline
