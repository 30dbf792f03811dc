#ifndef SIGHTLINE_AGENT_PROBE_REPORT_H_
#define SIGHTLINE_AGENT_PROBE_REPORT_H_

// What one round saw, for the person at the machine. Pure; thread-safe.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/probe/prober.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

enum class ReportFormat { kText, kJson };

// One line a target with what it comes to, and one a feature: what is open, what is blocked, at
// which layer and why; with notes on what makes this
// machine's view a special one, and when no anchor answers, because then nothing can be said.
// `target_id` limits the lines to one target; empty means all. JSON has the observations in
// protobuf JSON (proto field names, defaults printed); the keys of each object are sorted, so that
// equal rounds give equal bytes.
std::string FormatReport(const v1::Plan& plan, const RoundReport& report,
                         absl::string_view target_id, ReportFormat format);

// Whether the plan has anchors that were tested and none of them is open or down.
bool OwnConnectionLooksDown(const v1::Plan& plan, const std::vector<v1::Observation>& observations);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_REPORT_H_
