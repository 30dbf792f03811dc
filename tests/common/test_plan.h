// A small valid plan that tests start from.
#ifndef SIGHTLINE_TESTS_COMMON_TEST_PLAN_H_
#define SIGHTLINE_TESTS_COMMON_TEST_PLAN_H_

#include "absl/time/time.h"
#include "common/message.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

inline const absl::Time kTestNow = absl::FromUnixSeconds(1'712'361'600);  // 2024-04-06 00:00 UTC

inline void AddTarget(v1::Plan& plan, const std::string& target_id, v1::TargetKind kind,
                      const std::string& host) {
  v1::Target& target = *plan.add_targets();
  target.set_target_id(target_id);
  target.set_display_name(target_id);
  target.set_kind(kind);
  v1::Feature& feature = *target.add_features();
  feature.set_feature_id("web");
  feature.set_essential(true);
  feature.set_rule(v1::FEATURE_RULE_ALL_OF);
  v1::Check& check = *feature.add_checks();
  check.set_check_id(target_id + "-web");
  check.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
  check.set_host(host);
  check.set_port(443);
  check.set_path("/");
}

// Targets whatsapp, signal (services), wechat, weibo (domestic anchors), example (foreign anchor),
// each with one check "<target>-web"; regions CN-BJ, CN-SH, CN-GD. Issued at kTestNow, expires 30
// days later.
inline v1::Plan TestPlan(uint64_t version = 1) {
  v1::Plan plan;
  plan.set_version(version);
  *plan.mutable_issue_time() = ToProto(kTestNow);
  *plan.mutable_expire_time() = ToProto(kTestNow + absl::Hours(24 * 30));
  *plan.mutable_round_interval() = ToProto(absl::Minutes(10));
  plan.set_round_jitter_ratio(0.2);
  *plan.mutable_check_timeout() = ToProto(absl::Seconds(10));
  *plan.mutable_dns_hold() = ToProto(absl::Seconds(2));
  plan.add_resolvers("9.9.9.9:53");
  v1::CountryRegions& china = *plan.add_countries();
  china.set_country("CN");
  for (const char* region : {"CN-BJ", "CN-SH", "CN-GD"}) china.add_regions(region);
  AddTarget(plan, "whatsapp", v1::TARGET_KIND_SERVICE, "web.whatsapp.com");
  AddTarget(plan, "signal", v1::TARGET_KIND_SERVICE, "chat.signal.org");
  AddTarget(plan, "wechat", v1::TARGET_KIND_DOMESTIC_ANCHOR, "www.wechat.com");
  AddTarget(plan, "weibo", v1::TARGET_KIND_DOMESTIC_ANCHOR, "weibo.com");
  AddTarget(plan, "example", v1::TARGET_KIND_FOREIGN_ANCHOR, "www.example.com");
  return plan;
}

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COMMON_TEST_PLAN_H_
