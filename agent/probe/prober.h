#ifndef SIGHTLINE_AGENT_PROBE_PROBER_H_
#define SIGHTLINE_AGENT_PROBE_PROBER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "agent/probe/budget.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

struct RoundOptions {
  // Checks that run at the same time: 1 to 64; values outside are brought inside.
  int max_concurrency = 8;
  // What Observation.start_offset_ms counts from.
  std::chrono::steady_clock::time_point round_start = std::chrono::steady_clock::now();
  // The agent's clock at that time: milliseconds since 1970-01-01 UTC. Only for the clock offset; 0
  // when it does not matter.
  int64_t round_time_ms = 0;
  // Asked about once a second, on the calling thread, while the round runs; false ends it as Stop()
  // does, but later rounds run. Empty: the round runs to its end.
  std::function<bool()> keep_going;
};

// What one round saw.
struct RoundReport {
  // One per check, in the order given.
  std::vector<v1::Observation> observations;
  // Where the round was made; without region and agent_version, which the caller knows.
  v1::Vantage vantage;
  // What the prober used up to the end of the round.
  ProbeUse use_of_hour = {};
  ProbeUse use_of_day = {};
};

// Runs checks once and says what it saw. The seam between the agent's loop and the network. It
// never retries, schedules or keeps anything on disk.
class Prober {
 public:
  virtual ~Prober() = default;

  // Runs `checks` (which must belong to `plan`, and live until the return) and blocks until all are
  // done, each within plan.check_timeout and all within plan.round_timeout. Anchors go first. A
  // check that was not run, or that Stop() cut short, has every layer UNTESTED and no evidence.
  virtual RoundReport RunRound(const v1::Plan& plan, const std::vector<const v1::Check*>& checks,
                               const RoundOptions& options) = 0;

  // Ends the running round at once, and every later one before it starts. May be called from any
  // thread and from a signal handler.
  virtual void Stop() = 0;
};

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_PROBER_H_
