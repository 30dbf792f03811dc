#include "agent/round.h"

#include <utility>
#include <vector>

#include "agent/schedule.h"

namespace sightline::agent {

absl::StatusOr<RoundResult> RunRound(const RoundParts& parts, const v1::Plan& plan) {
  const std::vector<const v1::Check*> checks = ShuffledChecks(plan, parts.random);
  const absl::Time round_time = parts.clock.Now();
  probe::RoundReport report = parts.prober.RunRound(plan, checks, probe::RoundOptions());
  std::vector<v1::Observation>& observations = report.observations;
  if (parts.stop.requested()) return absl::CancelledError("the round was cut short");

  const double used = static_cast<double>(parts.spool.totals().bytes);
  if (used > kEvidenceSpoolRatioMax * static_cast<double>(parts.spool.bytes_max())) {
    for (v1::Observation& observation : observations) DropEvidence(observation);
  }
  const absl::Time seal_time = parts.clock.Now();
  for (std::vector<v1::Observation>& part : SplitRound(std::move(observations))) {
    absl::Status status = parts.spool.Append(parts.sealer.Seal(
        parts.spool.totals().tail, plan.version(), round_time, seal_time, std::move(part)));
    if (!status.ok()) return status;
  }
  return RoundResult{round_time, checks.size()};
}

}  // namespace sightline::agent
