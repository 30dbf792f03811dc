#ifndef SIGHTLINE_AGENT_PROBE_PROBE_ONCE_H_
#define SIGHTLINE_AGENT_PROBE_PROBE_ONCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/probe/report.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

struct ProbeOnceOptions {
  // Only this target, with the plan's anchors; empty means all.
  std::string target_id;
  ReportFormat format = ReportFormat::kText;
  // At least 1. Later rounds know what earlier ones met, as an agent's do.
  int rounds = 1;
  // From the end of a round to the start of the next.
  absl::Duration pause;
};

// Runs the checks and returns the report; several rounds make one report after the other in text
// and an array in JSON. Blocks for as long as the rounds take. INVALID_ARGUMENT says what is wrong
// with the plan; NOT_FOUND names the targets that the plan has.
absl::StatusOr<std::string> ProbeOnce(const v1::Plan& plan, const ProbeOnceOptions& options);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_PROBE_ONCE_H_
