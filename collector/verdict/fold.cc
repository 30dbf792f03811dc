#include "collector/verdict/fold.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "collector/verdict/control.h"
#include "common/outcome.h"
#include "common/wire.h"

namespace sightline {
namespace {

// Of two observations of one check the first one counts.
TargetOutcomes OutcomesOf(const v1::Batch& batch, const v1::Plan& plan) {
  absl::flat_hash_map<absl::string_view, const v1::Observation*> by_check;
  for (const v1::Observation& observation : batch.observations()) {
    by_check.emplace(observation.check_id(), &observation);
  }
  const auto lookup = [&](absl::string_view check_id) -> const v1::Observation* {
    const auto found = by_check.find(check_id);
    return found == by_check.end() ? nullptr : found->second;
  };
  TargetOutcomes outcomes;
  for (const v1::Target& target : plan.targets()) {
    outcomes.emplace(target.target_id(), OutcomeOfTarget(target, lookup));
  }
  return outcomes;
}

void Count(const CheckOutcome& round, Contrast line, TargetCounts& counts) {
  if (line == Contrast::kNotReached) {
    ++counts.own_outage;
  } else if (line == Contrast::kUnknown) {
    ++counts.no_anchor;
  } else if (round.outcome == Outcome::kOpen) {
    ++counts.open;
  } else if (round.outcome == Outcome::kBlocked) {
    ++counts.blocked;
    ++counts.causes[{std::string(round.layer), round.failure}];
  } else if (round.outcome == Outcome::kDown) {
    ++counts.down;
  } else {
    ++counts.undecided;
  }
}

}  // namespace

Fold::Fold(absl::Duration window_length) : window_length_(window_length) {}

FoldOutcome Fold::Add(const LogRecord& record, const v1::Batch& batch, const v1::Plan* plan,
                      const AgentRecord& agent) {
  const absl::Time start = WindowStart(record.round_time);
  if (start + window_length_ <= horizon_) {
    ++counters_.too_old;
    return FoldOutcome::kTooOld;
  }
  if (record.round_time > record.receive_time + kFutureSkewMax) {
    ++counters_.from_future;
    return FoldOutcome::kFromFuture;
  }
  if (batch.has_tombstone()) {
    ++counters_.tombstones;
    return FoldOutcome::kTombstone;
  }
  if (plan == nullptr) {
    ++counters_.unknown_plan;
    return FoldOutcome::kUnknownPlan;
  }
  Window& window = windows_[start];
  window.start = start;
  window.length = window_length_;
  AgentWindow& entry = window.agents[record.agent_id];
  entry.role = agent.role;
  entry.region = agent.region;
  entry.enroll_time = agent.enroll_time;
  OriginCounts& seen = entry.origins[{record.country, record.asn, record.bucket}];
  ++seen.rounds;
  const TargetOutcomes outcomes = OutcomesOf(batch, *plan);
  for (const auto& [target_id, outcome] : outcomes) {
    if (outcome.outcome == Outcome::kUntested) continue;
    const Contrast line = agent.role == v1::AGENT_ROLE_CONTROL
                              ? LineOfControl(outcomes)
                              : AnchorsOf(*plan, outcomes, target_id);
    Count(outcome, line, seen.targets[target_id]);
  }
  ++counters_.folded;
  return FoldOutcome::kFolded;
}

void Fold::Forget(absl::Time horizon) {
  if (horizon <= horizon_) return;
  horizon_ = horizon;
  while (!windows_.empty() && windows_.begin()->first + window_length_ <= horizon_) {
    windows_.erase(windows_.begin());
  }
}

const Window* Fold::Find(absl::Time start) const {
  const auto found = windows_.find(start);
  return found == windows_.end() ? nullptr : &found->second;
}

std::optional<absl::Time> Fold::Earliest() const {
  if (windows_.empty()) return std::nullopt;
  return windows_.begin()->first;
}

absl::Time Fold::WindowStart(absl::Time time) const {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), window_length_);
}

absl::Time Fold::LatestComplete(absl::Time now, absl::Duration grace) const {
  return WindowStart(now - grace) - window_length_;
}

}  // namespace sightline
