#include "collector/cli/summary_csv.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/export/csv_row.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

bool IsKnown(const v1::Access& access) {
  return access.state() == v1::ACCESS_STATE_OPEN || access.state() == v1::ACCESS_STATE_PARTIAL ||
         access.state() == v1::ACCESS_STATE_BLOCKED;
}

void AddRegion(std::vector<std::string> row, const v1::RegionAccess& region, std::string& csv) {
  const v1::Access& access = region.access();
  row.insert(row.end(), {region.region(), ShortName(access.state())});
  if (IsKnown(access)) {
    row.insert(row.end(),
               {absl::StrCat(access.rate_mean()), absl::StrCat(access.rate_low()),
                absl::StrCat(access.rate_high()), absl::StrCat(access.buckets_open()),
                absl::StrCat(access.buckets_blocked()), absl::StrCat(access.flip_cost())});
  } else {
    row.resize(row.size() + 6);
  }
  row.insert(row.end(), {access.blocked_layer(), access.blocked_failure()});
  AddCsvRow(row, csv);
}

}  // namespace

std::string SummaryCsv(const v1::GetSummaryResponse& summary) {
  const std::vector<std::string> head = {
      "window_start_time", "country",       "target_id",      "scope",
      "service_state",     "region",        "state",          "rate_mean",
      "rate_low",          "rate_high",     "buckets_open",   "buckets_blocked",
      "flip_cost",         "blocked_layer", "blocked_failure"};
  std::string csv;
  AddCsvRow(head, csv);
  const std::string start = absl::FormatTime(
      absl::RFC3339_sec, FromProto(summary.window_start_time()), absl::UTCTimeZone());
  for (const v1::TargetVerdict& verdict : summary.verdicts()) {
    std::vector<std::string> row = {start, summary.country(), verdict.target_id(),
                                    ShortName(verdict.scope()), ShortName(verdict.service_state())};
    for (const v1::RegionAccess& region : verdict.regions()) AddRegion(row, region, csv);
    if (!verdict.regions().empty()) continue;
    row.resize(head.size());
    AddCsvRow(row, csv);
  }
  return csv;
}

}  // namespace sightline::cli
