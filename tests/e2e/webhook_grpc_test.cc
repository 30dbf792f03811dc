// Webhooks from the operator's command line to a receiver, through a whole collector.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "absl/strings/escaping.h"
#include "collector/webhook/message.h"
#include "common/plan.h"
#include "tests/collector/cli/run_app.h"
#include "tests/collector/webhook/receiver.h"
#include "tests/common/test_plan.h"
#include "tests/e2e/loopback_collector_grpc.h"

namespace sightline::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class WebhookWireTest : public ::testing::Test {
 protected:
  WebhookWireTest() { EXPECT_TRUE(collector_.Publish(SignPlan(TestPlan(1), operator_key_)).ok()); }

  cli::Ran Run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "webhook");
    arguments.insert(arguments.end(), {"--admin", collector_.admin_socket()});
    return app_.Run(arguments);
  }

  // Adds one; its id and secret are what it says.
  void Add(const std::string& url) {
    const cli::Ran ran = Run({"add", "--url", url, "--target", "whatsapp", "--kind", "opened"});
    ASSERT_EQ(ran.exit_code, cli::kExitOk) << ran.err;
    std::smatch match;
    ASSERT_TRUE(std::regex_search(ran.out, match, std::regex("Webhook (wh_[0-9a-f]{16}) ")));
    id_ = match[1];
    ASSERT_TRUE(std::regex_search(ran.out, match, std::regex("Secret  whsec_(\\S+)")));
    ASSERT_TRUE(absl::Base64Unescape(match[1].str(), &secret_));
  }

  LogLines log_;
  FakeClock clock_{kTestNow};
  const SigningKey operator_key_ = SigningKey::Generate();
  LoopbackCollector collector_{operator_key_, clock_};
  const cli::AppUnderTest app_{kTestNow};
  std::string id_;
  std::string secret_;
};

TEST_F(WebhookWireTest, IsAddedTriedListedLoggedAndRemoved) {
  Receiver receiver;
  ASSERT_NO_FATAL_FAILURE(Add(receiver.url() + "?token=abc"));

  const cli::Ran tested = Run({"test", id_});
  EXPECT_EQ(tested.exit_code, cli::kExitOk) << tested.err;
  EXPECT_THAT(tested.out, HasSubstr("Acknowledged with status 200 after "));
  ASSERT_THAT(receiver.received(), SizeIs(1));
  const Received received = receiver.received()[0];
  EXPECT_EQ(received.headers.at("webhook-signature"),
            Signature(secret_, received.id(), kTestNow, received.body));

  receiver.AnswerWith([](const Received&) { return Response(500); });
  const cli::Ran failed = Run({"test", id_});
  EXPECT_EQ(failed.exit_code, cli::kExitFailure);
  EXPECT_THAT(failed.err, HasSubstr("the test was not acknowledged after "));
  EXPECT_THAT(failed.err, HasSubstr("status 500"));

  const cli::Ran listed = Run({"list"});
  EXPECT_THAT(listed.out, HasSubstr(id_));
  EXPECT_THAT(listed.out, HasSubstr("whatsapp"));
  EXPECT_THAT(listed.out, Not(HasSubstr("token=abc")));
  EXPECT_THAT(Run({"list", "--format", "json"}).out, HasSubstr("token=abc"));
  EXPECT_THAT(Run({"list", "--format", "csv"}).out, HasSubstr(id_ + ",http://127.0.0.1:"));

  const cli::Ran log = Run({"log", id_});
  EXPECT_THAT(log.out, HasSubstr("acknowledged"));
  EXPECT_THAT(log.out, HasSubstr("status 500"));
  EXPECT_THAT(Run({"log", id_, "--limit", "1"}).out, Not(HasSubstr("acknowledged")));

  EXPECT_EQ(Run({"remove", id_}).exit_code, cli::kExitOk);
  EXPECT_THAT(Run({"list"}).out, HasSubstr("No webhooks."));
  const cli::Ran gone = Run({"remove", id_});
  EXPECT_EQ(gone.exit_code, cli::kExitFailure);
  EXPECT_THAT(gone.err, HasSubstr("webhook_id: there is no webhook"));
}

TEST_F(WebhookWireTest, WhatIsWrongIsSaidAndNamesTheField) {
  const std::pair<std::vector<std::string>, std::string> wrong[] = {
      {{"add", "--url", "http://hooks.example/"}, "webhook.url: must begin with https://"},
      {{"add", "--url", "https://hooks.example/", "--country", "ZZ"}, "webhook.country: "},
      {{"add", "--url", "https://hooks.example/", "--target", "none"}, "webhook.target_ids: "},
      {{"add", "--url", "https://hooks.example/", "--heartbeat", "1s"},
       "webhook.heartbeat_interval: "},
      {{"test", "wh_none"}, "webhook_id: "},
      {{"log", "wh_none"}, "webhook_id: "}};
  for (const auto& [arguments, words] : wrong) {
    const cli::Ran ran = Run(arguments);
    EXPECT_EQ(ran.exit_code, cli::kExitFailure);
    EXPECT_THAT(ran.err, HasSubstr(words));
  }
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"add"},
           {"add", "--url", "https://hooks.example/", "--kind", "everything"},
           {"add", "--url", "https://hooks.example/", "--heartbeat", "soon"},
           {"log", "wh_none", "--limit", "0"},
           {"list", "--format", "xml"}}) {
    EXPECT_EQ(Run(arguments).exit_code, cli::kExitUsage);
  }
}

TEST_F(WebhookWireTest, TheLogHasTheHostAndNeitherPathNorSecret) {
  ASSERT_NO_FATAL_FAILURE(Add("https://localhost:1/path?token=abc"));
  Run({"test", id_});
  Run({"remove", id_});
  std::string all;
  for (const std::string& line : log_.Get()) all += line + "\n";
  EXPECT_THAT(all, HasSubstr("event=webhook_added webhook=" + id_ + " host=localhost"));
  EXPECT_THAT(all, HasSubstr("event=webhook_removed"));
  EXPECT_THAT(all, Not(HasSubstr("token")));
  EXPECT_THAT(all, Not(HasSubstr("whsec_")));
  EXPECT_THAT(all, Not(HasSubstr(absl::Base64Escape(secret_))));
}

}  // namespace
}  // namespace sightline::e2e
