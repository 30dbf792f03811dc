// The rules of ValidatePlan about app stores.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/plan.h"
#include "tests/common/test_plan.h"
#include "tests/common/test_storefront.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

v1::Plan StorePlan() {
  v1::Plan plan = TestPlan();
  AddStorefront(plan, "whatsapp");
  return plan;
}

TEST(PlanStorefrontRulesTest, AStoreForEachTargetAndCountryIsGood) {
  v1::Plan plan = StorePlan();
  AddStorefront(plan, "signal");
  EXPECT_EQ(ValidatePlan(plan), absl::OkStatus());
  plan.mutable_storefronts(1)->mutable_check()->set_port(8443);
  EXPECT_EQ(ValidatePlan(plan), absl::OkStatus());
}

TEST(PlanStorefrontRulesTest, EveryRuleNamesItsField) {
  const struct {
    const char* message;
    std::function<void(v1::Plan&, v1::Storefront&)> apply;
  } kDamages[] = {
      {"store_id: must be lower-case",
       [](v1::Plan&, v1::Storefront& s) { s.set_store_id("App Store"); }},
      {"store_id: must be lower-case", [](v1::Plan&, v1::Storefront& s) { s.set_store_id("a.b"); }},
      {"target_id: no target is named \"line\"",
       [](v1::Plan&, v1::Storefront& s) { s.set_target_id("line"); }},
      {"country: \"US\" is none of countries",
       [](v1::Plan&, v1::Storefront& s) { s.set_country("US"); }},
      {"display_name: must be", [](v1::Plan&, v1::Storefront& s) { s.clear_display_name(); }},
      {"display_name: must be", [](v1::Plan&, v1::Storefront& s) { s.set_display_name("a\nb"); }},
      {"display_name: must be",
       [](v1::Plan&, v1::Storefront& s) { s.set_display_name(std::string(65, 'x')); }},
      {"check \"whatsapp-web\" check_id: must be",
       [](v1::Plan&, v1::Storefront& s) { s.mutable_check()->set_check_id("whatsapp-web"); }},
      {"host: must be", [](v1::Plan&, v1::Storefront& s) { s.mutable_check()->clear_host(); }},
      {"check protocol: must be CHECK_PROTOCOL_HTTPS",
       [](v1::Plan&, v1::Storefront& s) {
         s.mutable_check()->set_protocol(v1::CHECK_PROTOCOL_HTTP);
       }},
      {"check count_member: must be",
       [](v1::Plan&, v1::Storefront& s) { s.mutable_check()->clear_count_member(); }},
      {"check count_member: must be",
       [](v1::Plan&, v1::Storefront& s) {
         s.mutable_check()->set_count_member(std::string(65, 'x'));
       }},
      {"store_id: is there twice for CN",
       [](v1::Plan& p, v1::Storefront& s) {
         v1::Storefront again = s;
         again.mutable_check()->set_check_id("again");
         *p.add_storefronts() = again;
       }},
      {"storefronts: must be at most 32",
       [](v1::Plan& p, v1::Storefront&) {
         for (int i = 0; i < 32; ++i) p.add_storefronts();
       }},
      {"check \"whatsapp-web\" count_member: is for the checks of storefronts only",
       [](v1::Plan& p, v1::Storefront&) {
         p.mutable_targets(0)->mutable_features(0)->mutable_checks(0)->set_count_member("n");
       }},
  };
  for (const auto& damage : kDamages) {
    v1::Plan plan = StorePlan();
    damage.apply(plan, *plan.mutable_storefronts(0));
    const absl::Status status = ValidatePlan(plan);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << damage.message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(damage.message));
  }
}

TEST(PlanStorefrontRulesTest, TheirChecksCountWithTheOthers) {
  v1::Plan plan = StorePlan();
  v1::Feature& feature = *plan.mutable_targets(0)->mutable_features(0);
  const v1::Check check = feature.checks(0);
  while (feature.checks_size() + 4 < static_cast<int>(kChecksMax)) {
    v1::Check& more = *feature.add_checks();
    more = check;
    more.set_check_id(absl::StrCat("more-", feature.checks_size()));
  }
  EXPECT_THAT(std::string(ValidatePlan(plan).message()),
              AllOf(HasSubstr("checks: the plan has 257"), HasSubstr("drop some")));
  plan.clear_storefronts();
  EXPECT_EQ(ValidatePlan(plan), absl::OkStatus());
}

}  // namespace
}  // namespace sightline
