#include "collector/export/export_check.h"

#include <memory>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/audit.h"
#include "collector/audit_report.h"
#include "collector/export/export_store.h"
#include "common/message.h"
#include "common/operator_keys.h"
#include "common/plan.h"

namespace sightline {
namespace {

using internal::v1::AUDIT_PROBLEM_KIND_NODE_GAP;
using internal::v1::AUDIT_PROBLEM_KIND_PLAN;
using internal::v1::AUDIT_PROBLEM_KIND_VERDICT_SET;
using internal::v1::AuditProblem;
using internal::v1::AuditReport;
using internal::v1::ExportReport;

// Signatures and rules of the plans. Whether their rules are kept: nobody judges by others.
absl::StatusOr<bool> CheckPlans(ExportStore& store, const std::optional<VerifyKey>& key,
                                std::set<std::string>& countries, AuditReport& report) {
  const absl::StatusOr<std::vector<v1::SignedPlan>> plans = store.ListPlans();
  if (!plans.ok()) return plans.status();
  bool all_valid = true;
  uint64_t last_version = 0;
  std::optional<OperatorKeys> keys;
  if (key.has_value()) keys.emplace(*key);
  for (size_t i = 0; i < plans->size(); ++i) {
    const v1::SignedPlan& signed_plan = (*plans)[i];
    const auto add = [&](absl::string_view detail) {
      AuditProblem problem;
      problem.set_kind(AUDIT_PROBLEM_KIND_PLAN);
      problem.set_detail(absl::StrCat("plan ", i + 1, " of ", plans->size(), ": ", detail));
      AddProblem(report, std::move(problem));
    };
    v1::Plan plan;
    if (!plan.ParseFromString(signed_plan.plan())) {
      return absl::DataLossError(
          absl::StrCat("plan ", i + 1, " of ", plans->size(), " in the file cannot be parsed"));
    }
    for (const v1::CountryRegions& country : plan.countries()) countries.insert(country.country());
    if (plan.version() <= last_version) {
      add(absl::StrCat("version ", plan.version(), " follows version ", last_version));
    }
    last_version = plan.version();
    if (const absl::Status valid = ValidatePlan(plan); !valid.ok()) {
      all_valid = false;
      add(absl::StrCat("version ", plan.version(),
                       " breaks the rules of plans: ", valid.message()));
    }
    if (!keys.has_value()) continue;
    // Whether it holds today is not in question.
    const auto opened = keys->Open(signed_plan, /*held_version=*/0, FromProto(plan.issue_time()));
    const auto* refusal = std::get_if<v1::PlanRefusal>(&opened);
    if (refusal == nullptr) {
      keys->Follow(signed_plan, plan);
    } else if (refusal->reason() != v1::PLAN_REFUSAL_REASON_MALFORMED || ValidatePlan(plan).ok()) {
      add(absl::StrCat("version ", plan.version(), ": ", ToText(*refusal)));
    }
  }
  if (!key.has_value()) report.set_plans_unchecked(plans->size());
  return all_valid;
}

// What the audit does not look at because no plan asks for it, and where the header is not what
// the file holds.
void CheckFrame(const ExportStore& store, const std::set<std::string>& countries,
                AuditReport& report) {
  for (const std::string& country : store.Countries()) {
    if (countries.contains(country)) continue;
    AuditProblem problem;
    problem.set_kind(AUDIT_PROBLEM_KIND_VERDICT_SET);
    problem.set_country(country);
    problem.set_detail(
        absl::StrCat("there are verdicts or events on ", country, ", which no plan observes"));
    AddProblem(report, std::move(problem));
  }
  for (const internal::v1::ExportNode& node : store.header().nodes()) {
    const uint64_t last = store.LastRecord(node.node());
    // Of dropped days the numbers stay.
    if (last == node.last_node_seq() ||
        (last < node.last_node_seq() && store.header().first_day() > 0)) {
      continue;
    }
    AuditProblem problem;
    problem.set_kind(AUDIT_PROBLEM_KIND_NODE_GAP);
    problem.set_node(node.node());
    problem.set_node_seq(last);
    problem.set_detail(
        absl::StrCat("is the last one in the file, and the header says ", node.last_node_seq()));
    AddProblem(report, std::move(problem));
  }
}

// What comes of both; `first` are the problems that everything else rests on.
void Join(const AuditReport& first, AuditReport& report) {
  AuditReport joined = report;
  *joined.mutable_problems() = first.problems();
  joined.mutable_problems()->MergeFrom(report.problems());
  joined.set_problems_total(report.problems_total() + first.problems_total());
  joined.set_plans_unchecked(first.plans_unchecked());
  joined.set_result(ResultOf(joined));
  report = std::move(joined);
}

std::string TimeText(int64_t millis) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixMillis(millis),
                          absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<ExportReport> CheckExport(const std::string& path, const RegionNames& names,
                                         const CheckOptions& options) {
  absl::StatusOr<ExportBlockReader> reader = ExportBlockReader::Open(path);
  if (!reader.ok()) return reader.status();
  return CheckExport(*std::move(reader), names, options);
}

absl::StatusOr<ExportReport> CheckExport(ExportBlockReader reader, const RegionNames& names,
                                         const CheckOptions& options) {
  const auto said = [&](CheckStage stage) {
    return [&options, stage](uint64_t done, uint64_t total) {
      if (options.progress) options.progress(stage, done, total);
    };
  };
  const absl::StatusOr<std::unique_ptr<ExportStore>> opened =
      ExportStore::Open(std::move(reader), said(CheckStage::kFile));
  if (!opened.ok()) return opened.status();
  ExportStore& store = **opened;
  ExportReport report;
  const absl::StatusOr<std::string> fingerprint = store.Fingerprint();
  if (!fingerprint.ok()) return fingerprint.status();
  report.set_fingerprint(absl::BytesToHexString(*fingerprint));
  report.set_bytes(store.bytes());
  *report.mutable_header() = store.header();
  *report.mutable_end() = store.counts();
  if (options.operator_key.has_value()) {
    report.set_operator_key_id(absl::BytesToHexString(options.operator_key->Id()));
  }
  AuditReport first;
  std::set<std::string> countries;
  const absl::StatusOr<bool> plans = CheckPlans(store, options.operator_key, countries, first);
  if (!plans.ok()) return plans.status();
  CheckFrame(store, countries, first);
  if (*plans) {
    AuditOptions audit;
    audit.retain = absl::Milliseconds(store.header().retain_ms());
    audit.read_time = absl::FromUnixMillis(store.header().export_time_ms());
    audit.page_records = options.page_records;
    audit.silence_max = options.silence_max;
    audit.progress = said(CheckStage::kJudge);
    absl::StatusOr<AuditReport> audited = Audit(store, names, audit);
    if (!audited.ok()) return audited.status();
    *report.mutable_audit() = *std::move(audited);
  }
  Join(first, *report.mutable_audit());
  return report;
}

std::string ToText(const ExportReport& report) {
  std::string text =
      absl::StrCat("export of ", TimeText(report.header().export_time_ms()), ", ", report.bytes(),
                   " bytes, rules ", report.header().ruleset_version(), "\nfingerprint ",
                   report.fingerprint(), "\n");
  for (const internal::v1::ExportNode& node : report.header().nodes()) {
    absl::StrAppend(&text, "node ", node.node(), ": the log up to record ", node.last_node_seq(),
                    ", known to be folded up to ", node.folded_node_seq(), "\n");
  }
  absl::StrAppend(&text, "plans: ", report.end().plans(), ", ",
                  report.operator_key_id().empty()
                      ? "whose signatures were not checked; give --operator-key to check them\n"
                      : absl::StrCat("checked with the operator's key ",
                                     report.operator_key_id().substr(0, 16), "\n"));
  absl::StrAppend(&text, report.end().verdicts(), " verdicts and ", report.end().events(),
                  " events in the file\n", ToText(report.audit()));
  return text;
}

}  // namespace sightline
