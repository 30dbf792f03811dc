#include "agent/round.h"

#include <utility>
#include <vector>

#include "agent/schedule.h"
#include "agent/split_round.h"

namespace sightline::agent {
namespace {

// Leaves out what earlier batches say, and everything when the spool is nearly full.
void ThinDetail(const RoundParts& parts, absl::Time round_time,
                std::vector<v1::Observation>& observations) {
  parts.detail.Thin(round_time, observations);
  const double used = static_cast<double>(parts.spool.totals().bytes);
  if (used > kEvidenceSpoolRatioMax * static_cast<double>(parts.spool.bytes_max())) {
    for (v1::Observation& observation : observations) DropDetail(observation);
  }
}

absl::Status AppendParts(const RoundParts& parts, const RoundFacts& facts,
                         std::vector<v1::Observation> observations) {
  for (std::vector<v1::Observation>& part : SplitRound(std::move(observations))) {
    const SealedBatch sealed = parts.sealer.Seal(parts.spool.totals().tail, facts, std::move(part));
    if (absl::Status status = parts.spool.Append(sealed); !status.ok()) return status;
    parts.detail.Remember(sealed.batch.batch_seq(), facts.round_time, sealed.batch.observations());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RoundResult> RunRound(const RoundParts& parts, const v1::Plan& plan) {
  const std::vector<const v1::Check*> checks = ShuffledChecks(plan, parts.role, parts.random);
  const absl::Time round_time = parts.clock.Now();
  probe::RoundOptions options;
  options.round_time_ms = absl::ToUnixMillis(round_time);
  bool wanted = true;
  if (parts.keep_going) options.keep_going = [&] { return wanted = wanted && parts.keep_going(); };
  probe::RoundReport report = parts.prober.RunRound(plan, checks, options);
  if (parts.stop.requested() || !wanted) return absl::CancelledError("the round was cut short");

  ThinDetail(parts, round_time, report.observations);
  const RoundFacts facts = {plan.version(), round_time, parts.clock.Now(),
                            std::move(report.vantage)};
  const uint64_t lost_before = parts.spool.totals().lost.batches;
  const absl::Status status = AppendParts(parts, facts, std::move(report.observations));
  // The detail may be among what a tombstone replaced, also when the append failed after that.
  if (parts.spool.totals().lost.batches != lost_before) parts.detail.Reset();
  if (!status.ok()) return status;
  return RoundResult{round_time, checks.size(), report.use_of_hour, report.use_of_day};
}

}  // namespace sightline::agent
