// Folds the log into windows: which agent, seen where, reached what in how many rounds.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_FOLD_H_
#define SIGHTLINE_COLLECTOR_VERDICT_FOLD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/time/time.h"
#include "collector/verdict/round.h"
#include "collector/verdict/window.h"

namespace sightline {

// What became of one record.
enum class FoldOutcome {
  kFolded,
  kTombstone,    // RoundKind
  kFromFuture,   // RoundKind
  kUnknownPlan,  // RoundKind
  kTooLate,      // received when its window was final: never counted, whoever folds it when
  kForgotten,    // its window was forgotten already
};

// Records by what became of them, since the fold was made.
struct FoldCounters {
  uint64_t folded = 0;
  uint64_t tombstones = 0;
  uint64_t from_future = 0;
  uint64_t unknown_plan = 0;
  uint64_t too_late = 0;
  uint64_t forgotten = 0;
};

// Not thread-safe; no I/O; no clock. After Forget(t), the windows depend on the set of records
// that were added and on t, not on the order of the calls nor on which collector took a record in.
// The caller adds each record of the log once. Memory grows with agents x targets x windows kept.
class Fold {
 public:
  // `window_length` is positive; windows start at its multiples since 1970-01-01 UTC. A round that
  // was received `retain` or more after the end of its window is too late.
  Fold(absl::Duration window_length, absl::Duration retain);

  // Counts the round in the window of its round time.
  FoldOutcome Add(const Round& round);

  // Puts back a window that was taken from another fold of the same length, in place of what is
  // here, unless it is forgotten.
  void Restore(Window window);

  // Starts of the windows that Add has changed since the last call, ordered; some may be forgotten
  // already.
  std::vector<absl::Time> TakeChanged();

  // Drops the windows that end at or before `horizon` and ignores them from now on. A horizon
  // earlier than a previous one changes nothing.
  void Forget(absl::Time horizon);

  // The window that starts at `start`, or nullptr when nothing was folded into it. Valid until the
  // next call that is not const.
  const Window* Find(absl::Time start) const;

  // Start of the earliest window that holds anything.
  std::optional<absl::Time> Earliest() const;

  // Starts of all windows that hold anything, ordered.
  std::vector<absl::Time> Starts() const;

  // Windows that hold anything.
  size_t size() const { return windows_.size(); }

  // Windows that end at or before it are forgotten.
  absl::Time horizon() const { return horizon_; }

  // Start of the window that `time` falls into.
  absl::Time WindowStart(absl::Time time) const;

  // Start of the newest window that ended at least `grace` before `now`.
  absl::Time LatestComplete(absl::Time now, absl::Duration grace) const;

  absl::Duration window_length() const { return window_length_; }
  const FoldCounters& counters() const { return counters_; }

 private:
  absl::Duration window_length_;
  absl::Duration retain_;
  absl::Time horizon_ = absl::InfinitePast();
  std::map<absl::Time, Window> windows_;
  std::set<absl::Time> changed_;
  FoldCounters counters_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_FOLD_H_
