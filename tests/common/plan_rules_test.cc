// The rules of ValidatePlan beyond the basic ones in plan_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/plan.h"
#include "tests/agent/test_certificate.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Damage {
  const char* message;
  std::function<void(v1::Plan&)> apply;
};

v1::Check& CheckOf(v1::Plan& plan, int target = 0) {
  return *plan.mutable_targets(target)->mutable_features(0)->mutable_checks(0);
}

// Every field in use: whatsapp by Noise over TCP, signal by Noise over WebSocket.
v1::Plan FullPlan() {
  v1::Plan plan = TestPlan();
  plan.mutable_round_timeout()->set_seconds(300);
  plan.mutable_cool_down()->set_seconds(200);
  plan.set_ask_system_resolver(true);
  plan.set_injection_control("30.0.0.1:53");
  plan.add_forged_ranges("2001::/32");
  v1::NoiseProfile& profile = *plan.add_noise_profiles();
  profile.set_name("whatsapp");
  profile.set_header("WA\x06\x03");
  profile.set_pattern("Noise_XX_25519_AESGCM_SHA256");
  profile.add_root_keys(std::string(32, 'k'));
  v1::RootSet& roots = *plan.add_root_sets();
  roots.set_name("own");
  roots.set_pem(agent::MakeTestCertificate().certificate_pem);
  plan.mutable_contrasts()->set_neutral_name("www.example.com");
  v1::NeutralServer& server = *plan.mutable_contrasts()->add_neutral_servers();
  server.set_name("www.example.com");
  server.set_address("45.60.4.1");
  server.set_port(443);
  server.set_other_port(8443);
  plan.add_echo_services()->set_address("45.60.9.9:3478");
  v1::Check& portal = *plan.mutable_captive_portal();
  portal.set_check_id("portal");
  portal.set_protocol(v1::CHECK_PROTOCOL_HTTP);
  portal.set_host("portal.example.com");
  portal.set_port(80);
  portal.set_path("/");
  portal.set_body_contains("success");
  plan.mutable_budget()->set_bytes_per_hour(10'000'000);

  v1::Check& noise = CheckOf(plan, 0);
  noise.set_protocol(v1::CHECK_PROTOCOL_NOISE);
  noise.set_noise_profile("whatsapp");
  noise.add_genuine_addresses("45.60.1.1");
  noise.add_genuine_addresses("2606:4700::1111");
  noise.add_other_ports(5222);
  v1::Check& socket = CheckOf(plan, 1);
  socket.set_protocol(v1::CHECK_PROTOCOL_NOISE_WEBSOCKET);
  socket.set_noise_profile("whatsapp");
  socket.set_origin("https://web.whatsapp.com");
  v1::Check& page = CheckOf(plan, 2);
  page.set_title_contains("WeChat");
  page.set_body_bytes_min(1);
  page.set_body_bytes_max(524288);
  page.set_redirects_max(10);
  page.set_root_set("own");
  return plan;
}

void ExpectEachIsNamed(const std::vector<Damage>& cases) {
  for (const Damage& damage : cases) {
    v1::Plan plan = FullPlan();
    damage.apply(plan);
    const absl::Status status = ValidatePlan(plan);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << damage.message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(damage.message));
  }
}

TEST(PlanRulesTest, APlanThatUsesEverythingIsGood) {
  EXPECT_TRUE(ValidatePlan(FullPlan()).ok()) << ValidatePlan(FullPlan());
}

TEST(PlanRulesTest, TheFrame) {
  ExpectEachIsNamed({
      {"round_timeout", [](v1::Plan& p) { p.mutable_round_timeout()->set_seconds(9); }},
      {"round_timeout", [](v1::Plan& p) { p.mutable_round_timeout()->set_seconds(601); }},
      {"cool_down", [](v1::Plan& p) { p.mutable_cool_down()->set_seconds(-1); }},
      {"cool_down", [](v1::Plan& p) { p.mutable_cool_down()->set_seconds(3601); }},
      {"budget bytes_per_hour", [](v1::Plan& p) { p.mutable_budget()->set_bytes_per_hour(100); }},
      {"budget connections_per_minute: 1201 is more",
       [](v1::Plan& p) { p.mutable_budget()->set_connections_per_minute(1201); }},
      {"budget connections_per_destination_per_minute: 241 is more",
       [](v1::Plan& p) { p.mutable_budget()->set_connections_per_destination_per_minute(241); }},
      {"budget bytes_per_day: 18446744073709551615 is more",
       [](v1::Plan& p) { p.mutable_budget()->set_bytes_per_day(~uint64_t{0}); }},
      {"operator_keys: must be at most 4",
       [](v1::Plan& p) {
         for (int i = 0; i < 5; ++i) p.add_operator_keys(std::string(32, static_cast<char>(i)));
       }},
      {"operator_keys: must be raw", [](v1::Plan& p) { p.add_operator_keys("short"); }},
      {"budget", [](v1::Plan& p) { p.mutable_budget()->set_bytes_per_destination_per_hour(1); }},
      {"root set \"own\" pem",
       [](v1::Plan& p) { p.mutable_root_sets(0)->mutable_pem()->erase(40, 1); }},
      {"root set \"own\" pem", [](v1::Plan& p) { p.mutable_root_sets(0)->set_pem("no PEM"); }},
      {"noise_profiles: each", [](v1::Plan& p) { *p.add_noise_profiles() = p.noise_profiles(0); }},
      {"noise_profiles: must be at most 8",
       [](v1::Plan& p) {
         while (p.noise_profiles_size() < 9) p.add_noise_profiles();
       }},
      {"\"whatsapp\" header: must be at most 64",
       [](v1::Plan& p) { p.mutable_noise_profiles(0)->set_header(std::string(65, 'h')); }},
      {"\"whatsapp\" pattern", [](v1::Plan& p) { p.mutable_noise_profiles(0)->clear_pattern(); }},
      {"\"whatsapp\" pattern",
       [](v1::Plan& p) { p.mutable_noise_profiles(0)->set_pattern(std::string(33, 'p')); }},
      {"\"whatsapp\" root_keys",
       [](v1::Plan& p) { p.mutable_noise_profiles(0)->clear_root_keys(); }},
      {"\"whatsapp\" root_keys",
       [](v1::Plan& p) { p.mutable_noise_profiles(0)->add_root_keys("short"); }},
  });
}

TEST(PlanRulesTest, TheNetwork) {
  ExpectEachIsNamed({
      {"resolvers: \"9.9.9.9:53\" is there twice",
       [](v1::Plan& p) { p.add_resolvers("9.9.9.9:53"); }},
      {"resolvers: at least one is needed, at most 8",
       [](v1::Plan& p) {
         for (int i = 1; i < 9; ++i) p.add_resolvers(absl::StrCat("9.9.8.", i, ":53"));
       }},
      {"resolvers: \"dns.example:53\" is not an IP address and port",
       [](v1::Plan& p) { p.set_resolvers(0, "dns.example:53"); }},
      {"injection_control: \"30.0.0.1\" is not an IP address and port",
       [](v1::Plan& p) { p.set_injection_control("30.0.0.1"); }},
      {"injection_control: \"9.9.9.9:5353\" is a resolver",
       [](v1::Plan& p) { p.set_injection_control("9.9.9.9:5353"); }},
      {"forged_ranges: \"2001::1\" must be CIDR",
       [](v1::Plan& p) { p.set_forged_ranges(0, "2001::1"); }},
      {"forged_ranges: \"0.0.0.0/0\"", [](v1::Plan& p) { p.add_forged_ranges("0.0.0.0/0"); }},
      {"forged_ranges: \"2000::/3\"", [](v1::Plan& p) { p.add_forged_ranges("2000::/3"); }},
      {"neutral_name", [](v1::Plan& p) { p.mutable_contrasts()->set_neutral_name("a b"); }},
      {"neutral_name: must be a name",
       [](v1::Plan& p) { p.mutable_contrasts()->set_neutral_name("9.9.9.9"); }},
      {"neutral server \"\" name",
       [](v1::Plan& p) { p.mutable_contrasts()->mutable_neutral_servers(0)->clear_name(); }},
      {"neutral server \"www.example.com\" address",
       [](v1::Plan& p) {
         p.mutable_contrasts()->mutable_neutral_servers(0)->set_address("45.60.4.1:443");
       }},
      {"neutral server \"www.example.com\" port",
       [](v1::Plan& p) { p.mutable_contrasts()->mutable_neutral_servers(0)->set_port(0); }},
      {"neutral server \"www.example.com\" other_port",
       [](v1::Plan& p) { p.mutable_contrasts()->mutable_neutral_servers(0)->set_other_port(443); }},
      {"echo_services address: \"45.60.9.9\" is not an IP address and port",
       [](v1::Plan& p) { p.mutable_echo_services(0)->set_address("45.60.9.9"); }},
      {"echo_services address: \"45.60.9.9:3478\" is there twice",
       [](v1::Plan& p) { *p.add_echo_services() = p.echo_services(0); }},
  });
}

TEST(PlanRulesTest, TheChecks) {
  ExpectEachIsNamed({
      {"noise_profile: is needed", [](v1::Plan& p) { CheckOf(p).clear_noise_profile(); }},
      {"no noise profile is named \"x\"", [](v1::Plan& p) { CheckOf(p).set_noise_profile("x"); }},
      {"noise_profile: is for the Noise protocols only",
       [](v1::Plan& p) { CheckOf(p, 2).set_noise_profile("whatsapp"); }},
      {"\"signal-web\" path", [](v1::Plan& p) { CheckOf(p, 1).clear_path(); }},
      {"origin", [](v1::Plan& p) { CheckOf(p, 1).set_origin("https://a.example\r\nX: y"); }},
      {"origin", [](v1::Plan& p) { CheckOf(p, 1).set_origin("https://a.example/path"); }},
      {"origin", [](v1::Plan& p) { CheckOf(p, 1).set_origin("a.example"); }},
      {"origin", [](v1::Plan& p) { CheckOf(p, 1).set_origin("https://"); }},
      {"\"wechat-web\" origin", [](v1::Plan& p) { CheckOf(p, 2).set_origin("https://a.example"); }},
      {"title_contains",
       [](v1::Plan& p) { CheckOf(p, 2).set_title_contains(std::string(257, 't')); }},
      {"\"whatsapp-web\" title_contains", [](v1::Plan& p) { CheckOf(p).set_title_contains("t"); }},
      {"body_contains",
       [](v1::Plan& p) { CheckOf(p, 2).set_body_contains(std::string(1025, 'b')); }},
      {"body_bytes_max", [](v1::Plan& p) { CheckOf(p, 2).set_body_bytes_max(524289); }},
      {"body_bytes_min",
       [](v1::Plan& p) {
         CheckOf(p, 2).set_body_bytes_min(3);
         CheckOf(p, 2).set_body_bytes_max(2);
       }},
      {"redirects_max: must be 0 to 10", [](v1::Plan& p) { CheckOf(p, 2).set_redirects_max(11); }},
      {"\"signal-web\" redirects_max", [](v1::Plan& p) { CheckOf(p, 1).set_redirects_max(1); }},
      {"genuine_addresses: \"a.example\" is not an IP address",
       [](v1::Plan& p) { CheckOf(p).add_genuine_addresses("a.example"); }},
      {"genuine_addresses: \"45.60.1.1\" is there twice",
       [](v1::Plan& p) { CheckOf(p).add_genuine_addresses("45.60.1.1"); }},
      {"genuine_addresses: must be at most 8",
       [](v1::Plan& p) {
         for (int i = 2; i < 9; ++i) CheckOf(p).add_genuine_addresses(absl::StrCat("9.9.9.", i));
       }},
      {"other_ports", [](v1::Plan& p) { CheckOf(p).add_other_ports(443); }},
      {"other_ports", [](v1::Plan& p) { CheckOf(p).add_other_ports(5222); }},
      {"other_ports", [](v1::Plan& p) { CheckOf(p).add_other_ports(65536); }},
      {"other_ports: must be at most 4",
       [](v1::Plan& p) {
         for (uint32_t port = 1; port < 5; ++port) CheckOf(p).add_other_ports(port);
       }},
      {"display_name: must be at most 128",
       [](v1::Plan& p) { p.mutable_targets(0)->set_display_name(std::string(129, 'n')); }},
      {"captive_portal: check \"portal\" host",
       [](v1::Plan& p) { p.mutable_captive_portal()->clear_host(); }},
      {"captive_portal: check \"wechat-web\" check_id",
       [](v1::Plan& p) { p.mutable_captive_portal()->set_check_id("wechat-web"); }},
      {"captive_portal protocol",
       [](v1::Plan& p) { p.mutable_captive_portal()->set_protocol(v1::CHECK_PROTOCOL_HTTPS); }},
      {"captive_portal: needs an expectation",
       [](v1::Plan& p) { p.mutable_captive_portal()->clear_body_contains(); }},
  });
}

TEST(PlanRulesTest, NoPlanHasMoreThan256Checks) {
  v1::Plan plan = TestPlan();
  v1::Feature& feature = *plan.mutable_targets(0)->mutable_features(0);
  const v1::Check model = feature.checks(0);
  for (int i = plan.targets_size(); i < 256; ++i) {
    *feature.add_checks() = model;
    feature.mutable_checks(feature.checks_size() - 1)->set_check_id(absl::StrCat("more-", i));
  }
  EXPECT_TRUE(ValidatePlan(plan).ok()) << ValidatePlan(plan);
  *feature.add_checks() = model;
  feature.mutable_checks(feature.checks_size() - 1)->set_check_id("one-too-many");
  EXPECT_THAT(std::string(ValidatePlan(plan).message()),
              AllOf(HasSubstr("checks: the plan has 257"), HasSubstr("drop some")));
}

// What an agent would refuse to visit is refused before it is signed, wherever it stands.
TEST(PlanRulesTest, AddressesThatAreNotPublicAreRefusedEverywhere) {
  const struct {
    const char* field;
    std::function<void(v1::Plan&, const std::string&)> set;
    bool with_port;
    bool v4_only;
  } places[] = {
      {"resolvers", [](v1::Plan& p, const std::string& a) { p.set_resolvers(0, a); }, true, false},
      {"injection_control", [](v1::Plan& p, const std::string& a) { p.set_injection_control(a); },
       true, false},
      {"echo_services address",
       [](v1::Plan& p, const std::string& a) { p.mutable_echo_services(0)->set_address(a); }, true,
       false},
      {"contrasts neutral server \"www.example.com\" address",
       [](v1::Plan& p, const std::string& a) {
         p.mutable_contrasts()->mutable_neutral_servers(0)->set_address(a);
       },
       false, false},
      {"contrasts neutral server \"9.9.9.9\" address",
       [](v1::Plan& p, const std::string& a) {
         p.mutable_contrasts()->mutable_neutral_servers(0)->set_name("9.9.9.9");
         p.mutable_contrasts()->mutable_neutral_servers(0)->set_address(a);
       },
       false, false},
      {"check \"whatsapp-web\" genuine_addresses",
       [](v1::Plan& p, const std::string& a) { CheckOf(p).set_genuine_addresses(0, a); }, false,
       false},
      {"check \"whatsapp-web\" host",
       [](v1::Plan& p, const std::string& a) { CheckOf(p).set_host(a); }, false, true},
      {"captive_portal: check \"portal\" host",
       [](v1::Plan& p, const std::string& a) { p.mutable_captive_portal()->set_host(a); }, false,
       true},
  };
  const struct {
    const char* address;
    const char* range;
  } addresses[] = {
      {"10.0.0.1", "10.0.0.0/8"},
      {"127.0.0.1", "127.0.0.0/8"},
      {"192.168.1.1", "192.168.0.0/16"},
      {"172.16.0.1", "172.16.0.0/12"},
      {"100.64.0.1", "100.64.0.0/10"},
      {"169.254.169.254", "169.254.0.0/16"},
      {"224.0.0.251", "224.0.0.0/4"},
      {"203.0.113.1", "203.0.113.0/24"},
      {"198.18.0.1", "198.18.0.0/15"},
      {"0.0.0.0", "0.0.0.0/8"},
      {"255.255.255.255", "240.0.0.0/4"},
      {"::1", "::1/128"},
      {"fd00::1", "fc00::/7"},
      {"fe80::1", "fe80::/10"},
      {"ff02::1", "ff00::/8"},
      {"::ffff:9.9.9.9", "::ffff:0:0/96"},
      {"2001:db8::1", "2001:db8::/32"},
  };
  for (const auto& place : places) {
    for (const auto& [address, range] : addresses) {
      const bool v6 = absl::string_view(address).find(':') != absl::string_view::npos;
      if (v6 && place.v4_only) continue;
      std::string text = address;
      if (place.with_port) text = v6 ? absl::StrCat("[", address, "]:53") : text + ":53";
      v1::Plan plan = FullPlan();
      place.set(plan, text);
      const absl::Status status = ValidatePlan(plan);
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << place.field << " " << text;
      EXPECT_THAT(std::string(status.message()),
                  AllOf(HasSubstr(absl::StrCat(place.field, ": \"", text,
                                               "\" lies in the reserved range ", range)),
                        HasSubstr("name a public one")));
    }
  }
}

TEST(SetMissingTimesTest, FillsOnlyWhatIsMissing) {
  v1::Plan plan;
  SetMissingTimes(plan, kTestNow + absl::Milliseconds(1500));
  EXPECT_EQ(FromProto(plan.issue_time()), kTestNow + absl::Seconds(1));
  EXPECT_EQ(FromProto(plan.expire_time()) - FromProto(plan.issue_time()), absl::Hours(30 * 24));

  const v1::Plan set = TestPlan();
  plan = set;
  plan.clear_expire_time();
  SetMissingTimes(plan, kTestNow + absl::Hours(7));
  EXPECT_EQ(FromProto(plan.issue_time()), kTestNow);
  EXPECT_EQ(FromProto(plan.expire_time()), kTestNow + absl::Hours(30 * 24));
  plan = set;
  plan.mutable_expire_time()->set_seconds(7);
  SetMissingTimes(plan, kTestNow);
  EXPECT_EQ(plan.expire_time().seconds(), 7);
}

}  // namespace
}  // namespace sightline
