// Two simple ways to read the same raw results, which Sightline has to beat. Both take every result
// as it came: no buckets, no weights, no controls, no contrasts. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_BASELINES_H_
#define SIGHTLINE_COLLECTOR_REPLAY_BASELINES_H_

#include <optional>

#include "absl/time/time.h"
#include "collector/replay/replay.h"
#include "collector/replay/statements.h"

namespace sightline {

// The majority of the raw results. In each window a region, a network across regions, and a cell
// (network in a region) is open when more than half of its results are, blocked otherwise, unknown
// without results. A change of a region or network against its last known state is an event.
Statements MajorityStatements(const Replay& replay);

// OONI's change-point detection on the hourly median of the raw results, run for each region, each
// network across regions and each cell. What is not established yet is unknown.
Statements OoniStatements(const Replay& replay);

// The change-point detector of OONI, by its description and its parameters: a two-sided CUSUM
// (Basseville and Nikiforov, Detection of Abrupt Changes, 1993, 2.2.5) on a series of hourly
// medians of how blocked a target is, from 0, reachable, to 1, blocked. The mean of a reachable
// series is taken to be 0, of a blocked one 0.7; half of the difference is allowed as drift, and
// the threshold is 10 times that (10 is OONI's estimated detection delay), 3.5. Only the side that
// can leave the current state accumulates. In the beginning both do, and the first to cross the
// threshold sets the state without an event. After a silence of more than a day both sums decay
// with a half-life of 48 h. Source: github.com/ooni/data,
// oonipipeline/src/oonipipeline/analysis/detector.py (2025-26).
class OoniCusum {
 public:
  enum class State { kUnknown, kReachable, kBlocked };

  // Adds the median of an hour, later than the one before. Returns what became different, if
  // anything did.
  std::optional<v1::EventKind> Step(absl::Time hour, double blocked);

  State state() const { return state_; }

 private:
  State state_ = State::kUnknown;
  double toward_blocked_ = 0;
  double toward_reachable_ = 0;
  std::optional<absl::Time> last_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_BASELINES_H_
