// One round: probe, seal, spool.
#ifndef SIGHTLINE_AGENT_ROUND_H_
#define SIGHTLINE_AGENT_ROUND_H_

#include <cstddef>
#include <functional>
#include <random>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/detail.h"
#include "agent/probe/prober.h"
#include "agent/spool.h"
#include "agent/stop_flag.h"
#include "common/clock.h"
#include "common/seal.h"
#include "sightline/v1/ingest.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::agent {

// Above this share of the spool in use, rounds are sealed without detail. Ratio.
inline constexpr double kEvidenceSpoolRatioMax = 0.75;

struct RoundParts {
  probe::Prober& prober;
  const Sealer& sealer;
  Spool& spool;
  // Of this spool and no other.
  DetailFilter& detail;
  const Clock& clock;
  StopFlag& stop;
  std::mt19937_64& random;
  // As enrolled.
  v1::AgentRole role = v1::AGENT_ROLE_VOLUNTEER;
  // Asked about once a second while a round runs; false throws the round away. Empty: never asked.
  std::function<bool()> keep_going = {};
};

struct RoundResult {
  absl::Time round_time;
  size_t checks = 0;
  // What the prober used up to the end of the round.
  probe::ProbeUse use_of_hour = {};
  probe::ProbeUse use_of_day = {};
};

// Runs every check that the plan has for the role once, in random order, and appends the sealed
// batches to the spool, with the detail that is new. CANCELLED when a stop came in between, or
// keep_going said no: then nothing is kept, because half a round would look like a whole one.
// Otherwise the error of Spool::Append, and the round is lost.
absl::StatusOr<RoundResult> RunRound(const RoundParts& parts, const v1::Plan& plan);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_ROUND_H_
