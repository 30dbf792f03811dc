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
#include "common/plan.h"

namespace sightline {
namespace {

using internal::v1::AUDIT_PROBLEM_KIND_EVENT;
using internal::v1::AUDIT_PROBLEM_KIND_PLAN;
using internal::v1::AUDIT_PROBLEM_KIND_VERDICT_SET;
using internal::v1::AuditProblem;
using internal::v1::ExportReport;

// Signatures of the plans, and what the audit does not look at because no plan asks for it.
absl::Status CheckPlans(ExportStore& store, const std::optional<VerifyKey>& key,
                        internal::v1::AuditReport& report) {
  const absl::StatusOr<std::vector<v1::SignedPlan>> plans = store.ListPlans();
  if (!plans.ok()) return plans.status();
  std::set<std::string> countries;
  uint64_t last_version = 0;
  for (size_t i = 0; i < plans->size(); ++i) {
    const v1::SignedPlan& signed_plan = (*plans)[i];
    AuditProblem problem;
    problem.set_kind(AUDIT_PROBLEM_KIND_PLAN);
    const auto add = [&](std::string detail) {
      problem.set_detail(absl::StrCat("plan ", i + 1, " of ", plans->size(), ": ", detail));
      AddProblem(report, problem);
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
    if (!key.has_value()) continue;
    // Whether it holds today is not in question.
    const auto opened =
        OpenPlan(signed_plan, *key, /*held_version=*/0, FromProto(plan.issue_time()));
    if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) {
      add(absl::StrCat("version ", plan.version(), ": ", ToText(*refusal)));
    }
  }
  for (const std::string& country : store.Countries()) {
    if (countries.contains(country)) continue;
    AuditProblem problem;
    problem.set_kind(AUDIT_PROBLEM_KIND_VERDICT_SET);
    problem.set_country(country);
    problem.set_detail(
        absl::StrCat("there are verdicts or events on ", country, ", which no plan observes"));
    AddProblem(report, std::move(problem));
  }
  if (store.counts().events() > 0 && store.counts().verdicts() == 0) {
    AuditProblem problem;
    problem.set_kind(AUDIT_PROBLEM_KIND_EVENT);
    problem.set_detail("there are events, and no cells that they could come from");
    AddProblem(report, std::move(problem));
  }
  return absl::OkStatus();
}

std::string TimeText(int64_t millis) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixMillis(millis),
                          absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<ExportReport> CheckExport(const std::string& path, const RegionNames& names,
                                         const CheckOptions& options) {
  const auto said = [&](CheckStage stage) {
    return [&options, stage](uint64_t done, uint64_t total) {
      if (options.progress) options.progress(stage, done, total);
    };
  };
  const absl::StatusOr<std::unique_ptr<ExportStore>> opened =
      ExportStore::Open(path, said(CheckStage::kFile));
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
  internal::v1::AuditReport plans;
  if (absl::Status status = CheckPlans(store, options.operator_key, plans); !status.ok()) {
    return status;
  }
  AuditOptions audit;
  audit.retain = absl::Milliseconds(store.header().retain_ms());
  audit.read_time = absl::FromUnixMillis(store.header().export_time_ms());
  audit.page_records = options.page_records;
  audit.progress = said(CheckStage::kJudge);
  absl::StatusOr<internal::v1::AuditReport> audited = Audit(store, names, audit);
  if (!audited.ok()) return audited.status();
  // Plans come first: everything else rests on them.
  plans.mutable_problems()->MergeFrom(audited->problems());
  audited->mutable_problems()->Swap(plans.mutable_problems());
  audited->set_problems_total(audited->problems_total() + plans.problems_total());
  *report.mutable_audit() = *std::move(audited);
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
