// The story of two cities as a response: WhatsApp open in Beijing and Shanghai only.
#ifndef SIGHTLINE_TESTS_COLLECTOR_CLI_TEST_SUMMARY_H_
#define SIGHTLINE_TESTS_COLLECTOR_CLI_TEST_SUMMARY_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/message.h"
#include "sightline/v1/summary.pb.h"

namespace sightline::cli {

inline const absl::Time kWindowStart = absl::FromUnixSeconds(1'712'361'600);  // 2024-04-06 00:00

inline v1::Access OpenAccess() {
  v1::Access access;
  access.set_state(v1::ACCESS_STATE_OPEN);
  access.set_buckets_open(8);
  access.set_rate_mean(0.9412);
  access.set_rate_low(0.8231);
  access.set_rate_high(0.9948);
  access.set_flip_cost(8);
  return access;
}

inline v1::Access BlockedAccess() {
  v1::Access access;
  access.set_state(v1::ACCESS_STATE_BLOCKED);
  access.set_buckets_blocked(8);
  access.set_rate_mean(0.0312);
  access.set_rate_low(0.0018);
  access.set_rate_high(0.0931);
  access.set_flip_cost(8);
  access.set_blocked_layer("tls");
  access.set_blocked_failure("connection_reset");
  return access;
}

inline v1::Access SilentAccess() {
  v1::Access access;
  access.set_state(v1::ACCESS_STATE_UNKNOWN);
  access.set_rate_mean(0.5);
  access.set_rate_high(1);
  return access;
}

// One access per region, in the order Beijing, Guangdong, Shanghai.
inline v1::TargetVerdict& AddVerdict(v1::GetSummaryResponse& summary, const std::string& target_id,
                                     const std::string& name, v1::TargetKind kind, v1::Scope scope,
                                     const std::vector<v1::Access>& accesses) {
  const std::vector<std::pair<std::string, std::string>> regions = {
      {"CN-BJ", "Beijing Shi"}, {"CN-GD", "Guangdong Sheng"}, {"CN-SH", "Shanghai Shi"}};
  v1::TargetVerdict& verdict = *summary.add_verdicts();
  verdict.set_target_id(target_id);
  verdict.set_display_name(name);
  verdict.set_kind(kind);
  verdict.set_scope(scope);
  verdict.set_service_state(v1::SERVICE_STATE_UP);
  for (size_t i = 0; i < accesses.size(); ++i) {
    v1::RegionAccess& region = *verdict.add_regions();
    region.set_region(regions[i].first);
    region.set_display_name(regions[i].second);
    *region.mutable_access() = accesses[i];
    if (accesses[i].state() == v1::ACCESS_STATE_OPEN ||
        accesses[i].state() == v1::ACCESS_STATE_PARTIAL) {
      verdict.add_open_regions(regions[i].first);
    }
  }
  return verdict;
}

inline v1::GetSummaryResponse TwoCities() {
  v1::GetSummaryResponse summary;
  summary.set_country("CN");
  *summary.mutable_window_start_time() = ToProto(kWindowStart);
  *summary.mutable_window_length() = ToProto(absl::Hours(1));
  summary.set_ruleset_version("1");
  AddVerdict(summary, "signal", "Signal", v1::TARGET_KIND_SERVICE, v1::SCOPE_NOWHERE,
             {BlockedAccess(), BlockedAccess(), SilentAccess()});
  AddVerdict(summary, "wechat", "WeChat", v1::TARGET_KIND_DOMESTIC_ANCHOR, v1::SCOPE_WIDESPREAD,
             {OpenAccess(), OpenAccess(), OpenAccess()});
  v1::TargetVerdict& whatsapp =
      AddVerdict(summary, "whatsapp", "WhatsApp", v1::TARGET_KIND_SERVICE, v1::SCOPE_LOCAL,
                 {OpenAccess(), BlockedAccess(), OpenAccess()});
  whatsapp.add_reasons("Open in 2 of 3 regions (Beijing Shi, Shanghai Shi); blocked in 1.");
  return summary;
}

}  // namespace sightline::cli

#endif  // SIGHTLINE_TESTS_COLLECTOR_CLI_TEST_SUMMARY_H_
