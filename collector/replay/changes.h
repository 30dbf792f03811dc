// What was true in a replay, made ready for judging what was said: true changes, and the windows in
// which a statement can be judged at all. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_CHANGES_H_
#define SIGHTLINE_COLLECTOR_REPLAY_CHANGES_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/replay/replay.h"
#include "collector/replay/statements.h"

namespace sightline {

// The truth about a target in the window that starts at a time.
using TruthOf = std::function<Truth(const std::string& target_id, absl::Time window_start)>;

// Windows after a true change in which no statement is judged, the first affected one included.
inline constexpr int kGraceWindows = 4;
// True shares of origins with access, ratio: up to the first a region is blocked; from the second
// on it is open at least for some; from the third on "open" is a fair word for it, and beyond the
// fourth the only one. Between the first two no word is judged.
inline constexpr double kBlockedMax = 0.2;
inline constexpr double kReachableMin = 0.5;
inline constexpr double kOpenMin = 0.8;
inline constexpr double kSomeMax = 0.95;

// A true change of one place: a step, or a ramp (steps of one direction, less than a day apart).
struct Movement {
  Place place;
  v1::EventKind kind = v1::EVENT_KIND_UNSPECIFIED;
  // Indices of the first and the last window that differ from the one before.
  int start = 0;
  int end = 0;
  // The window that a detector must not miss: the first on the other side of kReachableMin. Empty
  // when a detector may be silent: the change stays on one side, or it is one of networks while the
  // scope is not BY_NETWORK, or one of regions while it is, or the scenario gives so little
  // evidence that the true scope there is UNDETERMINED.
  std::optional<int> due;
};

// The truth about one target, one entry per window.
struct TargetTruth {
  std::vector<Truth> windows;
  // False within the grace after a change, and while a ramp is between blocked and reachable.
  std::vector<bool> judged;
  // Ordered by place, then start.
  std::vector<Movement> movements;
};

// Rates of windows in which the service is down, and rates that are not given, are those before.
TargetTruth FollowTruth(const Replay& replay, const std::string& target_id,
                        const TruthOf& truth_of);

// Whether any word fits the true share (ratio): it is not between blocked and reachable.
bool HasWord(double rate);

// Whether the state says how reachable a region is: it is BLOCKED, PARTIAL or OPEN.
bool IsWord(v1::AccessState state);

// Whether `state` is a right word for a share that has one. A method that does not know the word
// PARTIAL may call OPEN what is open for half.
bool IsRightState(v1::AccessState state, double rate, bool knows_partial);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_CHANGES_H_
