// What an audit comes to, and its report for a person.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "collector/audit.h"
#include "collector/audit_report.h"
#include "common/message.h"

namespace sightline {
namespace {

using internal::v1::AuditReport;

void AddLine(const internal::v1::AuditProblem& problem, std::string& text) {
  text += ShortName(problem.kind());
  if (!problem.node().empty()) {
    absl::StrAppend(&text, ", node ", problem.node(), " record ", problem.node_seq());
  }
  if (!problem.agent_id().empty()) absl::StrAppend(&text, ", agent ", problem.agent_id());
  if (!problem.target_id().empty() || problem.window_start_ms() != 0) {
    absl::StrAppend(
        &text, ", window ",
        absl::FormatTime(absl::FromUnixMillis(problem.window_start_ms()), absl::UTCTimeZone()),
        ", ", problem.country(), problem.target_id().empty() ? "" : " ", problem.target_id());
  }
  absl::StrAppend(&text, ": ", problem.detail(), "\n");
}

// Everything that was not compared, as "3 verdicts on days that were dropped".
std::vector<std::string> NotCompared(const AuditReport& report) {
  const std::pair<uint64_t, const char*> counts[] = {
      {report.plans_unchecked(), "signatures of plans, for want of the operator's key"},
      {report.gaps_dropped(), "holes in the log, of days that were dropped"},
      {report.records_unjudged(), "records without any verdict"},
      {report.windows_without_verdicts(), "windows with records and without verdicts"},
      {report.verdicts_behind(), "verdicts that await the fold"},
      {report.verdicts_other_rules(), "verdicts by other rules or another window length"},
      {report.verdicts_dropped(), "verdicts on days that were dropped"},
      {report.verdicts_untold(), "verdicts that no events were told from yet"},
      {report.events_behind(), "events that await the fold"},
      {report.events_other_rules(), "events by other rules or another window length"},
      {report.timelines_other_rules(), "histories by other rules"},
      {report.events_withdrawn(), "events that were withdrawn"},
      {report.events_amended(), "events with corrections, which nothing tells of"},
  };
  std::vector<std::string> parts;
  for (const auto& [count, what] : counts) {
    if (count > 0) parts.push_back(absl::StrCat(count, " ", what));
  }
  return parts;
}

}  // namespace

internal::v1::AuditResult ResultOf(const AuditReport& report) {
  if (report.problems_total() > 0) return internal::v1::AUDIT_RESULT_WRONG;
  return NotCompared(report).empty() ? internal::v1::AUDIT_RESULT_FITS
                                     : internal::v1::AUDIT_RESULT_PARTIAL;
}

std::string ToText(const AuditReport& report) {
  std::string text;
  for (const internal::v1::AuditProblem& problem : report.problems()) AddLine(problem, text);
  for (const internal::v1::AuditProblem& problem : report.undecided()) {
    text += "differs, but the fold may not have come that far: ";
    AddLine(problem, text);
  }
  if (report.problems_total() > kAuditProblemsMax) {
    absl::StrAppend(&text, report.problems_total(), " problems in all; the first are above\n");
  }
  for (const internal::v1::AuditNode& node : report.nodes()) {
    absl::StrAppend(&text, "node ", node.node(), ": records ", node.first_node_seq(), " to ",
                    node.last_node_seq(), "\n");
  }
  absl::StrAppend(&text, report.records(), " records of ", report.agents(), " agents, ",
                  report.tombstones(), " of them tombstones\n");
  absl::StrAppend(&text, report.verdicts_compared(), " verdicts of ", report.windows_compared(),
                  " windows with ", report.cells_compared(), " cells made again from the log\n");
  absl::StrAppend(&text, report.events_compared(), " events and ", report.timelines_compared(),
                  " timelines made again from the cells\n");
  const std::string rest = absl::StrJoin(NotCompared(report), "; ");
  switch (ResultOf(report)) {
    case internal::v1::AUDIT_RESULT_FITS:
      return text + "everything fits\n";
    case internal::v1::AUDIT_RESULT_PARTIAL:
      return absl::StrCat(text, "what was compared fits, but NOT EVERYTHING WAS COMPARED: ", rest,
                          "\n");
    default:
      if (!rest.empty()) absl::StrAppend(&text, "not compared: ", rest, "\n");
      return text + "SOMETHING IS WRONG\n";
  }
}

}  // namespace sightline
