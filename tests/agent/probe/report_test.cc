#include "agent/probe/report.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/probe/explain.h"
#include "agent/probe/probe_once.h"
#include "tests/common/test_plan.h"

namespace sightline::probe {
namespace {

using testing::HasSubstr;
using testing::Not;

void AddTarget(const std::string& id, const std::string& name, v1::TargetKind kind,
               v1::Plan* plan) {
  v1::Target* target = plan->add_targets();
  target->set_target_id(id);
  target->set_display_name(name);
  target->set_kind(kind);
  v1::Feature* feature = target->add_features();
  feature->set_feature_id("web");
  feature->set_essential(true);
  feature->set_rule(v1::FEATURE_RULE_ALL_OF);
  v1::Check* check = feature->add_checks();
  check->set_check_id(id + "-web");
  check->set_protocol(v1::CHECK_PROTOCOL_HTTPS);
  check->set_host(id + ".example.com");
  check->set_port(443);
}

v1::Plan TwoTargets() {
  v1::Plan plan;
  plan.set_version(7);
  AddTarget("whatsapp", "WhatsApp", v1::TARGET_KIND_SERVICE, &plan);
  AddTarget("weibo", "Weibo", v1::TARGET_KIND_DOMESTIC_ANCHOR, &plan);
  return plan;
}

v1::Observation Open(const std::string& check_id) {
  v1::Observation seen;
  seen.set_check_id(check_id);
  seen.mutable_layers()->set_dns(v1::LAYER_STATE_OK);
  seen.mutable_layers()->set_tcp(v1::LAYER_STATE_OK);
  seen.mutable_layers()->set_tls(v1::LAYER_STATE_OK);
  seen.mutable_layers()->set_http(v1::LAYER_STATE_OK);
  seen.mutable_layers()->set_app(v1::LAYER_STATE_OK);
  return seen;
}

// Forged DNS, and a reset at the genuine address.
v1::Observation Censored(const std::string& check_id) {
  v1::Observation seen = Open(check_id);
  seen.mutable_layers()->set_dns(v1::LAYER_STATE_BLOCKED);
  seen.mutable_layers()->set_tls(v1::LAYER_STATE_BLOCKED);
  seen.mutable_layers()->set_http(v1::LAYER_STATE_UNTESTED);
  seen.mutable_layers()->set_app(v1::LAYER_STATE_UNTESTED);
  seen.set_failure("dns_server_misbehaving");
  seen.set_failed_operation("resolve");
  seen.mutable_dns()->add_responses()->add_addresses("31.13.1.1");
  seen.mutable_dns()->add_responses()->add_addresses("157.240.1.1");
  v1::Attempt* forged = seen.add_attempts();
  forged->set_address("31.13.1.1");
  forged->mutable_tls()->set_failure("ssl_invalid_hostname");
  v1::Attempt* genuine = seen.add_attempts();
  genuine->set_address("157.240.1.1");
  genuine->mutable_tls()->set_failure("connection_reset");
  return seen;
}

v1::Observation NoNetwork(const std::string& check_id) {
  v1::Observation seen;
  seen.set_check_id(check_id);
  seen.mutable_layers()->set_dns(v1::LAYER_STATE_BLOCKED);
  seen.mutable_dns()->set_failure("network_unreachable");
  seen.set_failure("network_unreachable");
  return seen;
}

RoundReport Round(std::vector<v1::Observation> observations) {
  return {std::move(observations), v1::Vantage()};
}

TEST(ReportTest, SaysWhatIsOpenAndWhatIsBlockedAndWhy) {
  EXPECT_EQ(
      FormatReport(TwoTargets(), Round({Censored("whatsapp-web"), Open("weibo-web")}), "",
                   ReportFormat::kText),
      "WhatsApp             blocked\n"
      "  web                blocked    DNS: forged answer: 2 answers that disagree came, at "
      "31.13.1.1 the server proves another name (ssl_invalid_hostname); TLS: connection reset "
      "(connection_reset) after the server name was sent\n"
      "Weibo                open\n"
      "  web                open\n");
}

TEST(ReportTest, CanBeLimitedToOneTarget) {
  const std::string text =
      FormatReport(TwoTargets(), Round({Open("whatsapp-web"), Open("weibo-web")}), "whatsapp",
                   ReportFormat::kText);
  EXPECT_THAT(text, HasSubstr("WhatsApp"));
  EXPECT_THAT(text, Not(HasSubstr("Weibo")));
}

TEST(ReportTest, WithoutAnchorsNothingCanBeSaid) {
  const std::vector<v1::Observation> seen = {NoNetwork("whatsapp-web"), NoNetwork("weibo-web")};
  EXPECT_TRUE(OwnConnectionLooksDown(TwoTargets(), seen));
  EXPECT_THAT(FormatReport(TwoTargets(), Round(seen), "", ReportFormat::kText),
              HasSubstr("your own connection looks down"));
  EXPECT_FALSE(
      OwnConnectionLooksDown(TwoTargets(), {NoNetwork("whatsapp-web"), Open("weibo-web")}));
  EXPECT_FALSE(OwnConnectionLooksDown(TwoTargets(), {NoNetwork("whatsapp-web")}))
      << "no anchor was tested";
}

TEST(ReportTest, EachCauseHasItsWords) {
  v1::Check check;
  check.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
  check.set_status_max(299);
  EXPECT_EQ(Explain(check, Open("a")), "");
  EXPECT_EQ(Explain(check, NoNetwork("a")), "DNS: no route to the network (network_unreachable)");

  v1::Observation bogon = NoNetwork("a");
  bogon.mutable_dns()->set_failure("dns_bogon_error");
  bogon.mutable_dns()->add_responses()->add_addresses("10.0.0.0/8");
  EXPECT_EQ(Explain(check, bogon),
            "DNS: forged answer: an address in the reserved range 10.0.0.0/8");

  v1::Observation down = Open("a");
  down.mutable_layers()->set_http(v1::LAYER_STATE_DOWN);
  v1::Attempt* attempt = down.add_attempts();
  attempt->mutable_tls()->set_verified(true);
  attempt->mutable_http()->set_status(503);
  EXPECT_THAT(Explain(check, down), HasSubstr("the genuine service answers with status 503"));

  attempt->mutable_http()->set_status(403);
  down.mutable_layers()->set_http(v1::LAYER_STATE_BLOCKED);
  EXPECT_EQ(Explain(check, down), "HTTP: unexpected status 403 (http_unexpected_status_code)");
}

TEST(ReportTest, JsonHasOutcomesAndObservations) {
  const std::string json =
      FormatReport(TwoTargets(), Round({Censored("whatsapp-web"), Open("weibo-web")}), "whatsapp",
                   ReportFormat::kJson);
  google::protobuf::Struct report;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &report).ok()) << json;
  EXPECT_EQ(report.fields().at("plan_version").string_value(), "7");
  EXPECT_FALSE(report.fields().at("own_connection_looks_down").bool_value());
  ASSERT_EQ(report.fields().at("targets").list_value().values_size(), 1);
  const auto& target = report.fields().at("targets").list_value().values(0).struct_value().fields();
  EXPECT_EQ(target.at("outcome").string_value(), "blocked");
  EXPECT_EQ(target.at("layer").string_value(), "dns");
  EXPECT_EQ(target.at("failure").string_value(), "dns_server_misbehaving");
  const auto& seen = target.at("observations").list_value().values(0).struct_value().fields();
  EXPECT_EQ(seen.at("check_id").string_value(), "whatsapp-web");
  EXPECT_EQ(seen.at("layers").struct_value().fields().at("tls").string_value(),
            "LAYER_STATE_BLOCKED");
}

TEST(ReportTest, EqualRoundsGiveEqualJson) {
  const std::vector<v1::Observation> seen = {Censored("whatsapp-web"), Open("weibo-web")};
  const std::string json = FormatReport(TwoTargets(), Round(seen), "", ReportFormat::kJson);
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(FormatReport(TwoTargets(), Round(seen), "", ReportFormat::kJson), json);
  }
  const std::vector<std::string> keys = {"display_name", "failure", "features", "layer",
                                         "observations", "outcome", "reason",   "target_id"};
  size_t at = json.find("\"targets\"");
  for (const std::string& key : keys) {
    at = json.find("\n   \"" + key + "\": ", at);
    ASSERT_NE(at, std::string::npos) << key << " in\n" << json;
  }
}

TEST(ReportTest, ForgedAnswersAreKnownByTheirClue) {
  v1::Check check;
  check.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
  v1::Observation seen = Open("a");
  seen.mutable_layers()->set_dns(v1::LAYER_STATE_BLOCKED);
  seen.set_failure("dns_nxdomain_error");
  EXPECT_EQ(Explain(check, seen), "DNS: the name is said not to exist (dns_nxdomain_error)")
      << "an observation without its evidence";

  v1::DnsResponse* first = seen.mutable_dns()->add_responses();
  first->add_addresses("157.240.1.1");
  v1::DnsResponse* second = seen.mutable_dns()->add_responses();
  second->add_addresses("31.13.1.1");
  const std::string disagree = "DNS: forged answer: 2 answers that disagree came, ";
  EXPECT_EQ(Explain(check, seen), disagree + "the first is 157.240.1.1");

  second->set_addresses(0, "10.0.0.0/8");
  EXPECT_EQ(Explain(check, seen), disagree + "one of them in the reserved range 10.0.0.0/8");

  second->clear_addresses();
  second->set_rcode(3);
  EXPECT_EQ(Explain(check, seen),
            disagree + "one of them: the name is said not to exist (dns_nxdomain_error)");
}

TEST(ReportTest, ForgersServerBehindALoneAnswerIsToldOnce) {
  v1::Check check;
  check.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
  v1::Observation seen = Open("a");
  seen.mutable_layers()->set_dns(v1::LAYER_STATE_BLOCKED);
  seen.mutable_layers()->set_tls(v1::LAYER_STATE_BLOCKED);
  seen.mutable_dns()->add_responses()->add_addresses("31.13.1.1");
  v1::Attempt* forged = seen.add_attempts();
  forged->set_address("31.13.1.1");
  forged->mutable_tls()->set_failure("ssl_unknown_authority");
  EXPECT_EQ(Explain(check, seen),
            "DNS: forged answer: at 31.13.1.1 the certificate leads to an unexpected authority "
            "(ssl_unknown_authority)");
}

TEST(ProbeOnceTest, PlansThatBreakARuleAreRefused) {
  EXPECT_EQ(ProbeOnce(v1::Plan(), ProbeOnceOptions()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ProbeOnceTest, AnUnknownTargetIsAnsweredWithTheKnownOnes) {
  ProbeOnceOptions options;
  options.target_id = "telegram";
  const absl::Status status = ProbeOnce(sightline::TestPlan(), options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("whatsapp, signal, wechat, weibo, example"));
}

TEST(ProbeOnceTest, APrivateResolverIsRefused) {
  v1::Plan plan = sightline::TestPlan();
  plan.set_resolvers(0, "127.0.0.1:53");
  const absl::Status status = ProbeOnce(plan, ProbeOnceOptions()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("127.0.0.0/8"));
}

}  // namespace
}  // namespace sightline::probe
