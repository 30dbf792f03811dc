#include "collector/verdict/round.h"

#include <utility>

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
  by_check.reserve(static_cast<size_t>(batch.observations_size()));
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

TargetRound RuleOn(const std::string& target_id, const CheckOutcome& outcome, Contrast line) {
  TargetRound round;
  round.target_id = target_id;
  if (line == Contrast::kNotReached) {
    round.ruling = TargetRuling::kOwnOutage;
  } else if (line == Contrast::kUnknown) {
    round.ruling = TargetRuling::kNoAnchor;
  } else if (outcome.outcome == Outcome::kOpen) {
    round.ruling = TargetRuling::kOpen;
  } else if (outcome.outcome == Outcome::kBlocked) {
    round.ruling = TargetRuling::kBlocked;
    round.cause = {std::string(outcome.layer), outcome.failure};
  } else if (outcome.outcome == Outcome::kDown) {
    round.ruling = TargetRuling::kDown;
  }
  return round;
}

}  // namespace

Round MakeRound(const LogRecord& record, const v1::Batch& batch, const v1::Plan* plan,
                const AgentRecord& agent) {
  Round round;
  round.round_time = record.round_time;
  round.receive_time = record.receive_time;
  round.agent_id = record.agent_id;
  round.role = agent.role;
  round.region = agent.region;
  round.enroll_time = agent.enroll_time;
  round.seen = {record.country, record.asn, record.bucket};
  if (record.round_time > record.receive_time + kFutureSkewMax) {
    round.kind = RoundKind::kFromFuture;
    return round;
  }
  if (batch.has_tombstone()) {
    round.kind = RoundKind::kTombstone;
    return round;
  }
  if (plan == nullptr) {
    round.kind = RoundKind::kUnknownPlan;
    return round;
  }
  const TargetOutcomes outcomes = OutcomesOf(batch, *plan);
  for (const auto& [target_id, outcome] : outcomes) {
    if (outcome.outcome == Outcome::kUntested) continue;
    const Contrast line = agent.role == v1::AGENT_ROLE_CONTROL
                              ? LineOfControl(outcomes)
                              : AnchorsOf(*plan, outcomes, target_id);
    round.targets.push_back(RuleOn(target_id, outcome, line));
  }
  return round;
}

}  // namespace sightline
