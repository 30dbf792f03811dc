// What one record of the log says, ready to be counted. Intake makes it from the batch that it has
// parsed anyway, the fold from the log: the same function, so the same round.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_ROUND_H_
#define SIGHTLINE_COLLECTOR_VERDICT_ROUND_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/store/store.h"
#include "collector/verdict/window.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// Which of the six numbers of TargetCounts a round adds to.
enum class TargetRuling { kOpen, kBlocked, kDown, kUndecided, kOwnOutage, kNoAnchor };

// What the round says about one target.
struct TargetRound {
  std::string target_id;
  TargetRuling ruling = TargetRuling::kUndecided;
  Cause cause;  // set when the ruling is kBlocked
};

// Whether a record can be counted at all. When it is received is not looked at here.
enum class RoundKind {
  kCountable,
  kTombstone,    // stands for batches that the agent lost; carries no observation
  kFromFuture,   // its round began later than any clock skew explains
  kUnknownPlan,  // names a plan that the history does not hold
};

struct Round {
  RoundKind kind = RoundKind::kCountable;
  absl::Time round_time;
  absl::Time receive_time;
  std::string agent_id;  // 32 bytes
  v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
  std::string region;  // as enrolled
  absl::Time enroll_time;
  SeenFrom seen;
  std::vector<TargetRound> targets;  // ordered by target_id; only those that were tested
};

// `batch` is `record.batch` parsed; `plan` is the plan that it names, nullptr when there is none;
// `agent` is its entry in the registry. Pure.
Round MakeRound(const LogRecord& record, const v1::Batch& batch, const v1::Plan* plan,
                const AgentRecord& agent);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_ROUND_H_
