#include "collector/export/cells_csv.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/export/csv_row.h"
#include "collector/export/verdict_pages.h"
#include "common/message.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {
namespace {

// What is the same in all rows of a verdict.
struct Place {
  const VerdictRecord& record;
  const v1::TargetVerdict& verdict;
  std::string region;
  uint32_t asn = 0;
};

bool SaysNothing(const v1::Access& access) {
  return access.state() == v1::ACCESS_STATE_UNKNOWN && access.buckets_open() == 0 &&
         access.buckets_blocked() == 0 && access.buckets_bypassing() == 0 &&
         access.buckets_suspected() == 0;
}

void AddRow(const Place& place, const v1::Access& access, std::string& csv, uint64_t& rows) {
  if (SaysNothing(access)) return;
  const VerdictRecord& record = place.record;
  AddCsvRow({record.country,
             place.region,
             place.asn == 0 ? "" : absl::StrCat(place.asn),
             record.target_id,
             absl::FormatTime(absl::RFC3339_sec, record.window_start, absl::UTCTimeZone()),
             absl::StrCat(absl::ToInt64Seconds(record.window_length)),
             ShortName(access.state()),
             absl::StrCat(access.buckets_open()),
             absl::StrCat(access.buckets_blocked()),
             absl::StrCat(access.rate_mean()),
             absl::StrCat(access.rate_low()),
             absl::StrCat(access.rate_high()),
             absl::StrCat(access.state_probability()),
             absl::StrCat(access.flip_cost()),
             access.blocked_layer(),
             access.blocked_failure(),
             absl::StrCat(access.buckets_bypassing()),
             absl::StrCat(access.buckets_suspected()),
             ShortName(place.verdict.service_state()),
             record.ruleset_version},
            csv);
  ++rows;
}

absl::StatusOr<std::set<std::string>> CountriesOf(StoreReader& store) {
  const absl::StatusOr<std::vector<v1::SignedPlan>> plans = store.ListPlans();
  if (!plans.ok()) return plans.status();
  std::set<std::string> countries;
  for (const v1::SignedPlan& signed_plan : *plans) {
    v1::Plan plan;
    if (!plan.ParseFromString(signed_plan.plan())) {
      return absl::DataLossError("a stored plan cannot be parsed");
    }
    for (const v1::CountryRegions& country : plan.countries()) countries.insert(country.country());
  }
  return countries;
}

}  // namespace

std::string CellsHead() {
  std::string csv;
  AddCsvRow({"country",
             "region",
             "asn",
             "target_id",
             "window_start",
             "window_length_s",
             "state",
             "buckets_open",
             "buckets_blocked",
             "rate_mean",
             "rate_low",
             "rate_high",
             "state_probability",
             "flip_cost",
             "blocked_layer",
             "blocked_failure",
             "buckets_bypassing",
             "buckets_suspected",
             "service_state",
             "ruleset_version"},
            csv);
  return csv;
}

absl::StatusOr<std::string> CellsRows(const VerdictRecord& record, uint64_t& rows) {
  std::string csv;
  v1::TargetVerdict verdict;
  if (!verdict.ParseFromString(record.verdict)) {
    return absl::DataLossError(
        absl::StrCat("the verdict on ", record.target_id, " in ", record.country, " at ",
                     absl::FormatTime(absl::RFC3339_sec, record.window_start, absl::UTCTimeZone()),
                     " cannot be read; check the store with \"audit\""));
  }
  for (const v1::NetworkAccess& network : verdict.networks()) {
    AddRow({record, verdict, "", network.asn()}, network.access(), csv, rows);
  }
  for (const v1::RegionAccess& region : verdict.regions()) {
    AddRow({record, verdict, region.region()}, region.access(), csv, rows);
    for (const v1::NetworkAccess& network : region.networks()) {
      AddRow({record, verdict, region.region(), network.asn()}, network.access(), csv, rows);
    }
  }
  return csv;
}

absl::StatusOr<CellsCounts> WriteCellsCsv(
    StoreReader& store, const CellsOptions& options,
    const std::function<absl::Status(absl::string_view rows)>& sink) {
  absl::StatusOr<std::set<std::string>> countries = CountriesOf(store);
  if (!countries.ok()) return countries.status();
  if (!options.country.empty()) {
    if (!countries->contains(options.country)) {
      return absl::InvalidArgumentError(
          absl::StrCat("country: no plan has \"", options.country, "\"; there are ",
                       countries->empty() ? "none" : absl::StrJoin(*countries, ", ")));
    }
    *countries = {options.country};
  }
  CellsCounts counts;
  absl::Status status = sink(CellsHead());
  for (const std::string& country : *countries) {
    if (!status.ok()) break;
    status = ForEachVerdict(
        store, country, options.from, options.until, [&](VerdictRecord& record) -> absl::Status {
          const absl::StatusOr<std::string> csv = CellsRows(record, counts.rows);
          if (!csv.ok()) return csv.status();
          ++counts.verdicts;
          return sink(*csv);
        });
  }
  if (!status.ok()) return status;
  return counts;
}

}  // namespace sightline
