// When rounds start and in which order a round runs its checks. Pure but for the generator passed
// in.
#ifndef SIGHTLINE_AGENT_SCHEDULE_H_
#define SIGHTLINE_AGENT_SCHEDULE_H_

#include <random>
#include <vector>

#include "absl/time/time.h"
#include "sightline/v1/ingest.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::agent {

// Rounds have nominal times one interval apart; each starts up to `jitter_ratio` of an interval
// before or after its nominal time. Nominal times that passed while the machine slept, or while a
// round took longer than the interval, are skipped and never made up for. Not thread-safe.
class Schedule {
 public:
  // The first round starts within the first interval or the first minute, whichever is shorter, at
  // a random time, so that agents that are started together do not probe together.
  // `interval` > 0; `jitter_ratio` 0 to 0.5.
  Schedule(absl::Duration interval, double jitter_ratio, absl::Time now, std::mt19937_64& random);

  // Start of the next round: at or after `now`, and less than 2.5 intervals away even when the
  // clock was set back. Each call moves on by one round.
  absl::Time Next(absl::Time now);

  // A round starts now, and those after it follow another plan.
  void Change(absl::Duration interval, double jitter_ratio, absl::Time now);

 private:
  absl::Duration interval_;
  double jitter_ratio_;
  // Nominal time of the next round.
  absl::Time nominal_;
  bool first_ = true;
  std::mt19937_64& random_;
};

// Every check of the plan in a random order, those of storefronts for controls alone. Points into
// `plan`.
std::vector<const v1::Check*> ShuffledChecks(const v1::Plan& plan, v1::AgentRole role,
                                             std::mt19937_64& random);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_SCHEDULE_H_
