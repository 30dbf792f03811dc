#ifndef SIGHTLINE_AGENT_PROBE_PROBE_ONCE_H_
#define SIGHTLINE_AGENT_PROBE_PROBE_ONCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/probe/report.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

// Runs every check of the target once (of all targets when `target_id` is empty), together with
// those of the plan's anchors, and returns the report. Blocks for as long as the slowest check.
// INVALID_ARGUMENT says what is wrong with the plan; NOT_FOUND names the targets that the plan has.
absl::StatusOr<std::string> ProbeOnce(const v1::Plan& plan, absl::string_view target_id,
                                      ReportFormat format);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_PROBE_ONCE_H_
