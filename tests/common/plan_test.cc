#include "common/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;

v1::PlanRefusalReason ReasonOf(const std::variant<v1::Plan, v1::PlanRefusal>& result) {
  const auto* refusal = std::get_if<v1::PlanRefusal>(&result);
  return refusal == nullptr ? v1::PLAN_REFUSAL_REASON_UNSPECIFIED : refusal->reason();
}

class OpenPlanTest : public ::testing::Test {
 protected:
  const SigningKey key_ = SigningKey::Generate();
  v1::SignedPlan signed_plan_ = SignPlan(TestPlan(3), key_);
};

TEST_F(OpenPlanTest, AGoodPlanOpens) {
  const auto result = OpenPlan(signed_plan_, {key_.public_key()}, 2, kTestNow);
  ASSERT_TRUE(std::holds_alternative<v1::Plan>(result));
  EXPECT_EQ(std::get<v1::Plan>(result).version(), 3u);
}

TEST_F(OpenPlanTest, AnotherKeyIsRefused) {
  const SigningKey other = SigningKey::Generate();
  EXPECT_EQ(ReasonOf(OpenPlan(signed_plan_, {other.public_key()}, 0, kTestNow)),
            v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
}

TEST_F(OpenPlanTest, AnAlteredPlanIsRefused) {
  signed_plan_.mutable_plan()->back() ^= 1;
  EXPECT_EQ(ReasonOf(OpenPlan(signed_plan_, {key_.public_key()}, 0, kTestNow)),
            v1::PLAN_REFUSAL_REASON_BAD_SIGNATURE);
}

TEST_F(OpenPlanTest, AnOlderOrEqualPlanIsRefusedInWords) {
  const auto result = OpenPlan(signed_plan_, {key_.public_key()}, 3, kTestNow);
  ASSERT_EQ(ReasonOf(result), v1::PLAN_REFUSAL_REASON_NOT_NEWER);
  EXPECT_EQ(ToText(std::get<v1::PlanRefusal>(result)),
            "NOT_NEWER: the plan has version 3, and version 3 is held");
}

TEST_F(OpenPlanTest, AnExpiredPlanIsRefused) {
  EXPECT_EQ(
      ReasonOf(OpenPlan(signed_plan_, {key_.public_key()}, 0, kTestNow + absl::Hours(24 * 31))),
      v1::PLAN_REFUSAL_REASON_EXPIRED);
}

TEST_F(OpenPlanTest, SignedNonsenseIsRefused) {
  v1::SignedPlan nonsense;
  nonsense.set_plan("\xff\xff");
  nonsense.set_signature(key_.Sign(absl::string_view("sightline-plan-v1\0", 18), "\xff\xff"));
  nonsense.set_key_id(key_.public_key().Id());
  EXPECT_EQ(ReasonOf(OpenPlan(nonsense, {key_.public_key()}, 0, kTestNow)),
            v1::PLAN_REFUSAL_REASON_MALFORMED);
}

TEST(ValidatePlanTest, EachBrokenRuleIsNamed) {
  auto check = [](v1::Plan& plan) {
    return plan.mutable_targets(0)->mutable_features(0)->mutable_checks(0);
  };
  const struct {
    const char* message;
    std::function<void(v1::Plan&)> damage;
  } kCases[] = {
      {"version", [](v1::Plan& p) { p.set_version(0); }},
      {"issue_time", [](v1::Plan& p) { p.clear_issue_time(); }},
      {"expire_time", [](v1::Plan& p) { *p.mutable_expire_time() = p.issue_time(); }},
      {"round_interval", [](v1::Plan& p) { p.clear_round_interval(); }},
      {"round_jitter_ratio", [](v1::Plan& p) { p.set_round_jitter_ratio(0.6); }},
      {"check_timeout", [](v1::Plan& p) { p.clear_check_timeout(); }},
      {"dns_hold", [](v1::Plan& p) { *p.mutable_dns_hold() = p.check_timeout(); }},
      {"resolvers", [](v1::Plan& p) { p.clear_resolvers(); }},
      {"countries", [](v1::Plan& p) { p.clear_countries(); }},
      {"regions \"US-CA\"", [](v1::Plan& p) { p.mutable_countries(0)->add_regions("US-CA"); }},
      {"root_sets", [](v1::Plan& p) { p.add_root_sets(); }},
      {"trusts nothing", [](v1::Plan& p) { p.add_root_sets()->set_name("x"); }},
      {"targets", [](v1::Plan& p) { p.clear_targets(); }},
      {"target_id", [](v1::Plan& p) { p.mutable_targets(1)->set_target_id("whatsapp"); }},
      {"kind", [](v1::Plan& p) { p.mutable_targets(0)->clear_kind(); }},
      {"essential",
       [](v1::Plan& p) { p.mutable_targets(0)->mutable_features(0)->set_essential(false); }},
      {"rule", [](v1::Plan& p) { p.mutable_targets(0)->mutable_features(0)->clear_rule(); }},
      {"check_id", [&](v1::Plan& p) { check(p)->set_check_id("signal-web"); }},
      {"protocol", [&](v1::Plan& p) { check(p)->clear_protocol(); }},
      {"host", [&](v1::Plan& p) { check(p)->set_host("a b"); }},
      {"port", [&](v1::Plan& p) { check(p)->set_port(65536); }},
      {"no root set is named \"none\"", [&](v1::Plan& p) { check(p)->set_root_set("none"); }},
      {"path", [&](v1::Plan& p) { check(p)->set_path("/a\r\nX: y"); }},
      {"status_min", [&](v1::Plan& p) { check(p)->set_status_min(200); }},
  };
  EXPECT_TRUE(ValidatePlan(TestPlan()).ok()) << ValidatePlan(TestPlan());
  for (const auto& test : kCases) {
    v1::Plan plan = TestPlan();
    test.damage(plan);
    const absl::Status status = ValidatePlan(plan);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(test.message));
  }
}

TEST(PlanIndexTest, FindsChecksById) {
  const v1::Plan plan = TestPlan();
  const PlanIndex index(plan);
  ASSERT_NE(index.Find("signal-web"), nullptr);
  EXPECT_EQ(index.Find("signal-web")->target->target_id(), "signal");
  EXPECT_EQ(index.Find("none"), nullptr);
  EXPECT_TRUE(IsObservedRegion(plan, "CN-SH"));
  EXPECT_FALSE(IsObservedRegion(plan, "CN-XJ"));
  EXPECT_TRUE(IsObservedCountry(plan, "CN"));
}

}  // namespace
}  // namespace sightline
