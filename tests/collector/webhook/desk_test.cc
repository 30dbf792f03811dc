#include "collector/webhook/desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/strip.h"
#include "collector/webhook/message.h"
#include "common/plan.h"
#include "tests/collector/webhook/receiver.h"
#include "tests/collector/webhook/world.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

class WebhookDeskTest : public ::testing::Test {
 protected:
  WebhookDeskTest() { EXPECT_TRUE(plans_.Publish(SignPlan(TestPlan(1), operator_key_)).ok()); }

  absl::StatusOr<v1::CreateWebhookResponse> Create(const std::string& url) {
    v1::CreateWebhookRequest request;
    request.mutable_webhook()->set_url(url);
    request.mutable_webhook()->set_country("CN");
    return desk_.Create(request);
  }
  std::string IdOf(const std::string& url) {
    const auto created = Create(url);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? created->webhook().webhook_id() : "";
  }
  absl::StatusOr<v1::TestWebhookResponse> Test(const std::string& webhook_id) {
    v1::TestWebhookRequest request;
    request.set_webhook_id(webhook_id);
    return desk_.Test(request);
  }
  absl::StatusOr<v1::ListDeliveriesResponse> Log(const std::string& webhook_id, int page_size = 0,
                                                 const std::string& page_token = "") {
    v1::ListDeliveriesRequest request;
    request.set_webhook_id(webhook_id);
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return desk_.ListDeliveries(request);
  }
  v1::ListWebhooksResponse List() {
    const auto listed = desk_.List({});
    EXPECT_TRUE(listed.ok()) << listed.status();
    return listed.ok() ? *listed : v1::ListWebhooksResponse();
  }

  const SigningKey operator_key_ = SigningKey::Generate();
  WebhookWorld world_;
  PlanBook plans_{world_.store, operator_key_.public_key(), world_.clock};
  WebhookDesk desk_{world_.store, plans_, world_.clock, {}};
};

TEST_F(WebhookDeskTest, AWebhookBeginsWithWhatComesAndItsSecretIsSeenOnce) {
  world_.AddChange();
  const auto created = Create("https://hooks.example/in");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_THAT(created->webhook().webhook_id(), MatchesRegex("wh_[0-9a-f]{16}"));
  EXPECT_EQ(created->webhook().state().change_seq(), 1);
  EXPECT_EQ(FromProto(created->webhook().create_time()), kTestNow);
  EXPECT_THAT(created->secret(), MatchesRegex("whsec_[A-Za-z0-9+/]{43}="));
  EXPECT_NE(Create("https://hooks.example/in")->secret(), created->secret());
  const v1::ListWebhooksResponse listed = List();
  ASSERT_THAT(listed.webhooks(), SizeIs(2));
  EXPECT_THAT(listed.DebugString(), Not(HasSubstr("whsec_")));
  std::string key;
  ASSERT_TRUE(absl::Base64Unescape(absl::StripPrefix(created->secret(), "whsec_"), &key));
  EXPECT_THAT(listed.SerializeAsString(), Not(HasSubstr(key)));
}

TEST_F(WebhookDeskTest, WhatIsWrongIsNamedAndNothingIsStored) {
  const auto refused = Create("http://hooks.example/");
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("webhook.url: "));
  EXPECT_THAT(List().webhooks(), IsEmpty());
  PlanBook none{world_.store, SigningKey::Generate().public_key(), world_.clock};
  WebhookDesk without_plan(world_.store, none, world_.clock, {});
  EXPECT_TRUE(absl::IsUnavailable(without_plan.Create({}).status()));
}

TEST_F(WebhookDeskTest, ThereAreAHundredAtMost) {
  for (size_t i = 0; i < WebhookDesk::kWebhooksMax; ++i) {
    ASSERT_TRUE(Create("https://hooks.example/").ok());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(Create("https://hooks.example/").status()));
  v1::ListWebhooksRequest request;
  request.set_page_size(60);
  const auto first = desk_.List(request);
  ASSERT_TRUE(first.ok());
  request.set_page_token(first->next_page_token());
  EXPECT_THAT(desk_.List(request)->webhooks(), SizeIs(40));
  request.set_page_size(-1);
  EXPECT_TRUE(absl::IsInvalidArgument(desk_.List(request).status()));
}

TEST_F(WebhookDeskTest, ATestIsPostedAtOnceAndLogged) {
  Receiver receiver;
  const auto created = Create(receiver.url());
  const std::string id = created->webhook().webhook_id();
  const auto tested = Test(id);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(tested->delivery().http_status(), 200);
  EXPECT_EQ(tested->delivery().error(), "");
  ASSERT_THAT(receiver.received(), SizeIs(1));
  const Received received = receiver.received()[0];
  std::string key;
  ASSERT_TRUE(absl::Base64Unescape(absl::StripPrefix(created->secret(), "whsec_"), &key));
  EXPECT_EQ(received.headers.at("webhook-signature"),
            Signature(key, received.id(), kTestNow, received.body));
  EXPECT_THAT(received.body, HasSubstr("\"type\":\"test\""));
  // A receiver that fails is an answer, too.
  receiver.AnswerWith([](const Received&) { return Response(403); });
  EXPECT_EQ(Test(id)->delivery().http_status(), 403);
  const auto log = Log(id);
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_THAT(log->deliveries(), SizeIs(2));
  EXPECT_EQ(log->deliveries(0).delivery_seq(), 2);
  EXPECT_THAT(log->deliveries(0).error(), HasSubstr("status 403"));
  EXPECT_EQ(log->deliveries(1).message_type(), v1::MESSAGE_TYPE_TEST);
  EXPECT_EQ(List().webhooks(0).state().failed_attempts(), 0) << "tests count for nothing";
}

TEST_F(WebhookDeskTest, TheLogIsReadByPagesNewestFirst) {
  const std::string id = IdOf("https://hooks.example/");
  for (int i = 0; i < 5; ++i) {
    v1::Delivery delivery;
    delivery.set_change_seq(i);
    ASSERT_TRUE(world_.store.AddDelivery(id, delivery.SerializeAsString()).ok());
  }
  std::vector<int64_t> seqs;
  std::string token;
  int pages = 0;
  do {
    const auto page = Log(id, 2, token);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Delivery& delivery : page->deliveries()) seqs.push_back(delivery.delivery_seq());
    token = page->next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_THAT(seqs, ::testing::ElementsAre(5, 4, 3, 2, 1));
  EXPECT_EQ(pages, 3);
  for (const char* bad : {"!", "YWJj"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Log(id, 2, bad).status())) << bad;
  }
}

TEST_F(WebhookDeskTest, WhatIsNotThereIsNamed) {
  const std::string id = IdOf("https://hooks.example/");
  v1::DeleteWebhookRequest remove;
  remove.set_webhook_id(id);
  EXPECT_TRUE(desk_.Delete(remove).ok());
  EXPECT_THAT(List().webhooks(), IsEmpty());
  for (const absl::Status& status :
       {desk_.Delete(remove).status(), Test(id).status(), Log(id).status()}) {
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("webhook_id: "));
  }
}

TEST_F(WebhookDeskTest, ADamagedOneIsShownAndCanBeRemoved) {
  ASSERT_TRUE(world_.store.AddWebhook({"broken", "CN", 3, "\xff", ""}).ok());
  const v1::ListWebhooksResponse listed = List();
  ASSERT_THAT(listed.webhooks(), SizeIs(1));
  EXPECT_THAT(listed.webhooks(0).state().error(), HasSubstr("is damaged"));
  EXPECT_TRUE(absl::IsDataLoss(Test("broken").status()));
  v1::DeleteWebhookRequest remove;
  remove.set_webhook_id("broken");
  EXPECT_TRUE(desk_.Delete(remove).ok());
}

}  // namespace
}  // namespace sightline
