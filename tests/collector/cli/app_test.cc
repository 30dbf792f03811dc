// The commands that need no collector, through their flags.
#include "collector/cli/app.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/crypto.h"
#include "common/files.h"
#include "common/plan.h"
#include "tests/collector/cli/run_app.h"
#include "tests/common/temp_folder.h"
#include "tests/common/test_plan.h"

namespace sightline::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Every field in use, and no times.
constexpr char kFullPlan[] = R"(
version: 2
round_interval { seconds: 600 } round_jitter_ratio: 0.2 round_timeout { seconds: 300 }
check_timeout { seconds: 10 } dns_hold { seconds: 2 } cool_down { seconds: 200 }
budget { connections_per_destination_per_minute: 9 bytes_per_hour: 70000 }
resolvers: ["9.9.9.9:53", "[2620:fe::fe]:53"] ask_system_resolver: true
injection_control: "30.0.0.1:53" forged_ranges: "2001::/32"
contrasts {
  neutral_name: "www.example.com"
  neutral_servers { address: "30.0.0.2" port: 443 other_port: 853 name: "dns.example" }
  neutral_servers { address: "30.0.0.3" port: 443 name: "www.example" }
}
echo_services { address: "30.0.0.4:3478" domestic: true }
echo_services { address: "30.0.0.5:3478" }
captive_portal {
  check_id: "portal" protocol: CHECK_PROTOCOL_HTTP host: "portal.example" port: 80 path: "/"
  status_min: 200 status_max: 200 body_contains: "yes"
}
countries { country: "CN" regions: "CN-BJ" }
root_sets { name: "own" include_system: true }
noise_profiles {
  name: "chat" header: "WA" pattern: "Noise_XX_25519_AESGCM_SHA256"
  root_keys: "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
}
targets {
  target_id: "chat" display_name: "Chat" kind: TARGET_KIND_SERVICE
  features {
    feature_id: "talk" essential: true rule: FEATURE_RULE_ANY_OF
    checks {
      check_id: "noise" protocol: CHECK_PROTOCOL_NOISE host: "chat.example" port: 443
      noise_profile: "chat" other_ports: [80, 5222] genuine_addresses: ["30.0.0.6", "30.0.0.7"]
    }
    checks {
      check_id: "socket" protocol: CHECK_PROTOCOL_NOISE_WEBSOCKET host: "chat.example" port: 443
      path: "/ws" origin: "https://chat.example" noise_profile: "chat"
    }
    checks { check_id: "name" protocol: CHECK_PROTOCOL_DNS host: "chat.example" }
  }
  features {
    feature_id: "web" rule: FEATURE_RULE_ALL_OF
    checks {
      check_id: "page" protocol: CHECK_PROTOCOL_HTTPS host: "chat.example" port: 443 path: "/"
      status_min: 200 status_max: 399 title_contains: "Chat" body_bytes_min: 9 body_bytes_max: 99
      redirects_max: 3 root_set: "own"
    }
  }
}
storefronts {
  target_id: "chat" country: "CN" store_id: "store" display_name: "App Store"
  check {
    check_id: "store" protocol: CHECK_PROTOCOL_HTTPS host: "store.example" port: 443 path: "/?id=1"
    count_member: "n"
  }
}
)";

class AppTest : public ::testing::Test {
 protected:
  AppTest() : app_(kTestNow + absl::Hours(1)) {}

  std::string Write(const std::string& name, const std::string& data) {
    EXPECT_TRUE(SystemFiles().WriteAtomically(folder_ / name, data, 0600).ok());
    return folder_ / name;
  }

  std::string WritePlan(const v1::Plan& plan) {
    std::string text;
    google::protobuf::TextFormat::PrintToString(plan, &text);
    return Write("plan.txtpb", text);
  }

  std::string NewKey() {
    const std::string path = folder_ / "operator.pem";
    EXPECT_EQ(app_.Run({"keys", "new", "--out", path}).exit_code, kExitOk);
    return path;
  }

  static mode_t Mode(const std::string& path) {
    struct stat info = {};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_mode & 0777;
  }

  TempFolder folder_;
  AppUnderTest app_;
};

TEST_F(AppTest, WrongUsageIsExitCode2AndGoesToStandardError) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"nonsense"},
      {"plan"},
      {"keys", "new"},
      {"summary"},
      {"summary", "--collector", "x:1", "--format", "xml"},
      {"invite", "--admin", "s", "--count", "0"},
      {"invite", "--admin", "s", "--role", "king"}};
  for (const std::vector<std::string>& arguments : wrong) {
    const Ran ran = app_.Run(arguments);
    EXPECT_EQ(ran.exit_code, kExitUsage);
    EXPECT_THAT(ran.out, IsEmpty());
    EXPECT_THAT(ran.err, Not(IsEmpty()));
  }
}

TEST_F(AppTest, HelpSaysWhatExitCodesMean) {
  EXPECT_THAT(
      app_.Run({"--help"}).out,
      HasSubstr("Exit codes: 0 done, 1 failed, 2 wrong usage, 3 (of verify) not everything"));
}

TEST_F(AppTest, HelpHasExamples) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{},
                                             {"keys", "new"},
                                             {"plan", "sign"},
                                             {"plan", "show"},
                                             {"plan", "publish"},
                                             {"invite"},
                                             {"agents"},
                                             {"agents", "revoke"},
                                             {"audit-log"},
                                             {"summary"},
                                             {"events"},
                                             {"timeline"},
                                             {"watch"},
                                             {"note", "add"},
                                             {"note", "list"},
                                             {"note", "remove"},
                                             {"webhook", "add"},
                                             {"completion"},
                                             {"replay"},
                                             {"score"},
                                             {"export"},
                                             {"verify"}}) {
    std::vector<std::string> arguments = command;
    arguments.push_back("--help");
    const Ran ran = app_.Run(arguments);
    EXPECT_EQ(ran.exit_code, kExitOk);
    EXPECT_THAT(ran.out, HasSubstr("Example"));
  }
}

TEST_F(AppTest, NewKeyIsPrivateAndFitsItsPublicHalf) {
  const std::string path = NewKey();
  EXPECT_EQ(Mode(path), 0600U);
  const auto key = SigningKey::FromPem(*SystemFiles().Read(path));
  const auto public_key = VerifyKey::FromPem(*SystemFiles().Read(folder_ / "operator.pub.pem"));
  ASSERT_TRUE(key.ok());
  ASSERT_TRUE(public_key.ok());
  EXPECT_EQ(key->public_key().raw(), public_key->raw());
}

TEST_F(AppTest, NewKeyNeverOverwrites) {
  const std::string path = NewKey();
  const std::string before = *SystemFiles().Read(path);
  const Ran ran = app_.Run({"keys", "new", "--out", path});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("exists and is not overwritten"));
  EXPECT_EQ(*SystemFiles().Read(path), before);
}

TEST_F(AppTest, NewKeyLeavesNothingWhenThePublicNameIsTaken) {
  Write("operator.pub.pem", "other");
  const Ran ran = app_.Run({"keys", "new", "--out", folder_ / "operator.pem"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("operator.pub.pem exists"));
  EXPECT_FALSE(SystemFiles().Read(folder_ / "operator.pem").ok());
  EXPECT_EQ(*SystemFiles().Read(folder_ / "operator.pub.pem"), "other");
}

TEST_F(AppTest, SignedPlanOpensWithTheOperatorKey) {
  const std::string key = NewKey();
  const std::string out = folder_ / "plan.signed";
  const Ran ran =
      app_.Run({"plan", "sign", "--key", key, "--in", WritePlan(TestPlan(3)), "--out", out});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Signed plan version 3"));
  v1::SignedPlan signed_plan;
  ASSERT_TRUE(signed_plan.ParseFromString(*SystemFiles().Read(out)));
  const auto public_key = VerifyKey::FromPem(*SystemFiles().Read(folder_ / "operator.pub.pem"));
  const auto opened = OpenPlan(signed_plan, {*public_key}, 2, kTestNow);
  ASSERT_TRUE(std::holds_alternative<v1::Plan>(opened));
  EXPECT_EQ(std::get<v1::Plan>(opened).version(), 3U);
}

TEST_F(AppTest, PlanErrorsNameFileAndPlace) {
  const std::string key = NewKey();
  const std::string out = folder_ / "plan.signed";
  const std::string bad = Write("bad.txtpb", "version: 1\nnonsense: 2\n");
  Ran ran = app_.Run({"plan", "sign", "--key", key, "--in", bad, "--out", out});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("bad.txtpb"), HasSubstr("line 2"), HasSubstr("nonsense")));

  v1::Plan plan = TestPlan();
  plan.mutable_targets(0)->mutable_features(0)->mutable_checks(0)->set_port(70000);
  ran = app_.Run({"plan", "sign", "--key", key, "--in", WritePlan(plan), "--out", out});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("check \"whatsapp-web\" port: must be 1 to 65535"));

  plan = TestPlan();
  *plan.mutable_expire_time() = ToProto(kTestNow + absl::Minutes(1));
  ran = app_.Run({"plan", "sign", "--key", key, "--in", WritePlan(plan), "--out", out});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("agents would refuse this plan: EXPIRED"));
  EXPECT_FALSE(SystemFiles().Read(out).ok());
}

TEST_F(AppTest, PublicKeyIsNoSigningKey) {
  NewKey();
  const Ran ran = app_.Run({"plan", "sign", "--key", folder_ / "operator.pub.pem", "--in",
                            WritePlan(TestPlan()), "--out", folder_ / "out"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("holds no Ed25519 private key"));
}

TEST_F(AppTest, ShowTellsWhatThePlanHolds) {
  const Ran ran = app_.Run({"plan", "show", WritePlan(TestPlan())});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(ran.out.substr(0, ran.out.find("  signal")), R"(Plan version 1
  Signature      none: this is a plan in text format
  Issued         2024-04-06 00:00 UTC
  Expires        2024-05-06 00:00 UTC
  Rounds         every 10m, up to 20% early or late
  Checks         at most 10s each; DNS socket held 2s
  Resolvers      9.9.9.9:53
  Regions of CN  CN-BJ CN-SH CN-GD

Targets
  whatsapp          whatsapp (service)
    web             essential, all of
      whatsapp-web  https web.whatsapp.com:443/
)");
}

TEST_F(AppTest, ShowTellsWhatFailuresAreComparedWith) {
  const Ran ran = app_.Run({"plan", "show", Write("full.txtpb", kFullPlan)});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, R"(Plan version 2
  Signature       none: this is a plan in text format, with times as if it were signed now
  Issued          2024-04-06 01:00 UTC
  Expires         2024-05-06 01:00 UTC
  Rounds          every 10m, up to 20% early or late, at most 5m
  Checks          at most 10s each; DNS socket held 2s
  Cool-down       3m20s after a probe was cut, for that address and port
  Budget          built-in connections a minute (9 to one destination), 70000 bytes an hour
  Resolvers       9.9.9.9:53, [2620:fe::fe]:53 and the system's
  No resolver at  30.0.0.1:53
  Forged ranges   2001::/32
  Neutral name    www.example.com
  Neutral server  dns.example at 30.0.0.2 port 443 and 853
  Neutral server  www.example at 30.0.0.3 port 443
  Own address by  30.0.0.4:3478, domestic
  Own address by  30.0.0.5:3478, abroad
  Captive portal  http portal.example:80/, status 200, body has "yes"
  Storefront      chat in the App Store of CN: https store.example:443/?id=1, counts "n"
  Regions of CN   CN-BJ
  Roots own       the system's
  Noise chat      Noise_XX_25519_AESGCM_SHA256, header 5741, root 6b6b6b6b6b6b6b6b

Targets
  chat        Chat (service)
    talk      essential, any of
      noise   noise chat.example:443, profile chat, else port 80 or 5222, known at 30.0.0.6 30.0.0.7
      socket  noise websocket chat.example:443/ws, origin https://chat.example, profile chat
      name    dns chat.example
    web       not essential, all of
      page    https chat.example:443/, status 200-399, title has "Chat", body of at least 9 bytes, )"
                     R"(body of at most 99 bytes, at most 3 redirects, roots own
)");
}

TEST_F(AppTest, APlanWithoutTimesIsSignedFromNowFor30Days) {
  const std::string key = NewKey();
  const std::string out = folder_ / "plan.signed";
  const Ran ran = app_.Run(
      {"plan", "sign", "--key", key, "--in", Write("full.txtpb", kFullPlan), "--out", out});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("It expires at 2024-05-06 01:00 UTC"));
  v1::SignedPlan signed_plan;
  ASSERT_TRUE(signed_plan.ParseFromString(*SystemFiles().Read(out)));
  v1::Plan plan;
  ASSERT_TRUE(plan.ParseFromString(signed_plan.plan()));
  EXPECT_EQ(FromProto(plan.issue_time()), kTestNow + absl::Hours(1));
  EXPECT_EQ(FromProto(plan.expire_time()), kTestNow + absl::Hours(1) + kPlanLifetime);
  EXPECT_THAT(app_.Run({"plan", "sign", "--help"}).out, HasSubstr("30 days"));
}

TEST_F(AppTest, APlanWithAPrivateAddressIsNotSigned) {
  v1::Plan plan = TestPlan();
  plan.set_resolvers(0, "192.168.1.1:53");
  const std::string out = folder_ / "plan.signed";
  const Ran ran =
      app_.Run({"plan", "sign", "--key", NewKey(), "--in", WritePlan(plan), "--out", out});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("resolvers: \"192.168.1.1:53\" lies in the reserved range"));
  EXPECT_FALSE(SystemFiles().Read(out).ok());
}

TEST_F(AppTest, ShowChecksTheSignatureOnlyWhenAskedTo) {
  const std::string out = folder_ / "plan.signed";
  ASSERT_EQ(
      app_.Run({"plan", "sign", "--key", NewKey(), "--in", WritePlan(TestPlan()), "--out", out})
          .exit_code,
      kExitOk);
  EXPECT_THAT(app_.Run({"plan", "show", out}).out, HasSubstr("not checked"));
  const std::string public_key = folder_ / "operator.pub.pem";
  EXPECT_THAT(app_.Run({"plan", "show", out, "--operator-key", public_key}).out,
              HasSubstr("Signature      good, by key "));

  const std::string other = folder_ / "other.pem";
  ASSERT_EQ(app_.Run({"keys", "new", "--out", other}).exit_code, kExitOk);
  Ran ran = app_.Run({"plan", "show", out, "--operator-key", folder_ / "other.pub.pem"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("UNKNOWN_KEY"));

  v1::SignedPlan altered;
  ASSERT_TRUE(altered.ParseFromString(*SystemFiles().Read(out)));
  altered.set_plan(TestPlan(9).SerializeAsString());
  ran = app_.Run({"plan", "show", Write("altered", altered.SerializeAsString()), "--operator-key",
                  public_key});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("BAD_SIGNATURE"));
}

TEST_F(AppTest, ExpiredPlanIsShownAsExpired) {
  v1::Plan plan = TestPlan();
  *plan.mutable_expire_time() = ToProto(kTestNow + absl::Minutes(1));
  EXPECT_THAT(app_.Run({"plan", "show", WritePlan(plan)}).out, HasSubstr("EXPIRED"));
}

TEST_F(AppTest, UnsignedPlanIsNotPublished) {
  const Ran ran = app_.Run({"plan", "publish", WritePlan(TestPlan()), "--admin", folder_ / "none"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("is not signed; sign it with"));
}

TEST_F(AppTest, MissingFilesAreNamed) {
  EXPECT_THAT(app_.Run({"plan", "show", folder_ / "none"}).err, HasSubstr("/none"));
  EXPECT_THAT(app_.Run({"summary", "--collector", "localhost:1", "--roots", folder_ / "ca"}).err,
              AllOf(HasSubstr("/ca"), HasSubstr("must name a PEM file")));
}

}  // namespace
}  // namespace sightline::cli
