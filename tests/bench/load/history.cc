#include "tests/bench/load/history.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "collector/store/store.h"
#include "collector/verdict/verdict.h"
#include "common/files.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"
#include "tests/bench/load/prepare.h"

namespace sightline::load {
namespace {

constexpr int kRegions = 34;
constexpr uint32_t kNetworks[] = {4134, 4808, 4837, 9808};
constexpr int kHoursAtOnce = 24;
constexpr absl::Duration kHour = absl::Hours(1);

// Blocked, but every fifth region, which opens and closes every two days.
bool IsOpen(int target, int region, int hour) {
  return (region + target) % 5 == 0 && hour / 48 % 2;
}

void FillAccess(bool open, uint32_t buckets, v1::Access& access) {
  access.set_state(open ? v1::ACCESS_STATE_OPEN : v1::ACCESS_STATE_BLOCKED);
  access.set_buckets_open(open ? buckets : 1);
  access.set_buckets_blocked(open ? 1 : buckets);
  access.set_rate_mean(open ? 0.93 : 0.06);
  access.set_rate_low(open ? 0.81 : 0.01);
  access.set_rate_high(open ? 0.99 : 0.17);
  access.set_state_probability(0.97);
  access.set_flip_cost(7);
  if (!open) access.set_blocked_layer("tls");
  if (!open) access.set_blocked_failure("connection_reset");
}

v1::TargetVerdict VerdictOf(const v1::Target& target, int number, const v1::CountryRegions& country,
                            int hour) {
  v1::TargetVerdict verdict;
  verdict.set_target_id(target.target_id());
  verdict.set_display_name(target.display_name());
  verdict.set_kind(target.kind());
  verdict.set_service_state(v1::SERVICE_STATE_UP);
  for (int i = 0; i < kRegions; ++i) {
    v1::RegionAccess& region = *verdict.add_regions();
    const bool known = i < country.regions_size();
    region.set_region(known ? country.regions(i) : absl::StrCat("CN-Z", i));
    region.set_display_name(absl::StrCat("Region number ", i));
    const bool open = IsOpen(number, i, hour);
    FillAccess(open, 48, *region.mutable_access());
    if (open) verdict.add_open_regions(region.region());
    for (const uint32_t asn : kNetworks) {
      v1::NetworkAccess& network = *region.add_networks();
      network.set_asn(asn);
      FillAccess(open, 12, *network.mutable_access());
    }
  }
  verdict.set_scope(verdict.open_regions().empty() ? v1::SCOPE_NOWHERE : v1::SCOPE_LOCAL);
  return verdict;
}

}  // namespace

absl::Status WriteHistory(const HistoryOptions& options) {
  const auto bytes = SystemFiles().Read(absl::StrCat(options.folder, "/", kPlanName));
  if (!bytes.ok()) return bytes.status();
  v1::SignedPlan signed_plan;
  v1::Plan plan;
  if (!signed_plan.ParseFromString(*bytes) || !plan.ParseFromString(signed_plan.plan())) {
    return absl::DataLossError("plan.signed: is no plan");
  }
  const auto store = OpenStore(options.store);
  if (!store.ok()) return store.status();
  const LeaseRecord lease = {"history", 1, 1};
  const absl::StatusOr<bool> taken = (*store)->MoveLease("fold", {}, lease);
  if (!taken.ok()) return taken.status();
  if (!*taken) return absl::FailedPreconditionError("--store: somebody folds on it already");
  const absl::Time now = absl::Now();
  const absl::Time end = now - (now - absl::UnixEpoch()) % kHour - 2 * kHour;
  const int hours = options.days * 24;
  std::vector<VerdictRecord> rows;
  for (int hour = 0; hour < hours; ++hour) {
    for (int i = 0; i < plan.targets_size(); ++i) {
      VerdictRecord& row = rows.emplace_back();
      row.target_id = plan.targets(i).target_id();
      row.country = plan.countries(0).country();
      row.window_start = end - (hours - hour) * kHour;
      row.window_length = kHour;
      row.ruleset_version = std::string(kRulesetVersion);
      row.verdict = VerdictOf(plan.targets(i), i, plan.countries(0), hour).SerializeAsString();
    }
    if (hour % kHoursAtOnce != kHoursAtOnce - 1 && hour + 1 < hours) continue;
    absl::Status written = (*store)->WriteFold("fold", lease, {.verdicts = rows});
    if (!written.ok()) return written;
    rows.clear();
  }
  return absl::OkStatus();
}

}  // namespace sightline::load
