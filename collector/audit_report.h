// The report of an audit while it grows: counts everything that is wrong, keeps the first of it.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_REPORT_H_
#define SIGHTLINE_COLLECTOR_AUDIT_REPORT_H_

#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "collector/store/store.h"
#include "sightline/internal/v1/audit.pb.h"

namespace sightline {

inline constexpr uint64_t kAuditProblemsMax = 1000;

// A problem with one record of the log.
inline internal::v1::AuditProblem ProblemWith(const LogRecord& record,
                                              internal::v1::AuditProblemKind kind,
                                              std::string detail) {
  internal::v1::AuditProblem problem;
  problem.set_kind(kind);
  problem.set_node(record.node);
  problem.set_node_seq(record.node_seq);
  problem.set_agent_id(absl::BytesToHexString(record.agent_id));
  problem.set_detail(std::move(detail));
  return problem;
}

inline void AddProblem(internal::v1::AuditReport& report, internal::v1::AuditProblem problem) {
  report.set_problems_total(report.problems_total() + 1);
  if (report.problems_total() <= kAuditProblemsMax) *report.add_problems() = std::move(problem);
}

// What differs, but may be so because the fold has not come that far.
inline void AddUndecided(internal::v1::AuditReport& report, internal::v1::AuditProblem problem) {
  if (static_cast<uint64_t>(report.undecided_size()) >= kAuditProblemsMax) return;
  *report.add_undecided() = std::move(problem);
}

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_REPORT_H_
