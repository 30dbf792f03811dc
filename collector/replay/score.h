// Measures what a method said about a replay against what was true. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_SCORE_H_
#define SIGHTLINE_COLLECTOR_REPLAY_SCORE_H_

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "collector/replay/changes.h"
#include "collector/replay/replay.h"
#include "collector/replay/statements.h"

namespace sightline {

// How many of how many.
struct Share {
  uint64_t right = 0;
  uint64_t of = 0;

  void Add(bool is_right) {
    ++of;
    right += is_right ? 1 : 0;
  }
  // Ratio, 0 to 1; empty when there is nothing to divide by.
  std::optional<double> Ratio() const;
};

// Statements by the probability that they were made with, in bins of equal width.
struct Calibration {
  struct Bin {
    uint64_t count = 0;
    uint64_t right = 0;
    // Sum of the probabilities.
    double probability_sum = 0;
  };
  std::array<Bin, 10> bins;

  // `probability`: ratio, 0 to 1.
  void Add(double probability, bool is_right);
  uint64_t count() const;
  // Expected calibration error: the mean over all statements of the distance between the mean
  // probability and the share right of their bin (Naeini et al. 2015). Empty without statements.
  std::optional<double> Error() const;
};

// The delay of a change that was not reported, or not in time.
inline constexpr int kNever = std::numeric_limits<int>::max();

// What was counted; adding two is counting both. Windows within the grace, and rates that no word
// fits, are left out of all but delays and false alarms.
struct Score {
  // For each true step that had to be reported: windows from the first affected one, which is 1, to
  // the one at whose end it was reported; kNever when it was not.
  std::vector<int> delays;
  // Likewise for ramps, from the window that is due; 1 for those reported before it.
  std::vector<int> ramp_delays;
  // True changes that had to be reported, and those that were not, or not in time.
  uint64_t changes = 0;
  uint64_t missed = 0;
  // Windows between the true start of a reported change and the onset that was named for it.
  std::vector<int> onset_errors;
  // Claims that no true change explains. A change explains one claim of its kind and place, made
  // after it began and before the next change there is kGraceWindows old.
  uint64_t false_events = 0;
  // Changes from one stated scope to another that is not the true one, outside the grace.
  uint64_t false_scopes = 0;
  // Sum over targets of the time covered.
  double series_years = 0;

  // Windows whose scope was stated, among all judged ones; and, among the stated ones, the right.
  // While the service is down the right statement is that it is; where the truth is UNDETERMINED,
  // because the evidence can carry no statement, none.
  Share scope_stated;
  Share scope;
  // Windows in which the most probable class was the true one, stated or not.
  Share likeliest;
  // Windows with a stated scope in which the regions named open are those that are (among those
  // about which the method says anything), or, where the truth is BY_NETWORK, the networks.
  Share named;
  // Region states that were stated, among all whose true rate a word fits; and the right of these.
  Share states_stated;
  Share states;
  // Of the most probable scope, and of the region states.
  Calibration scope_calibration;
  Calibration state_calibration;

  double FalsePerSeriesYear() const;
  Score& operator+=(const Score& other);
};

// `statements` are about `replay`. Targets are those of the replay's verdicts.
Score ScoreStatements(const Replay& replay, const Statements& statements, const TruthOf& truth_of);

// The value that `share` (ratio, 0 to 1) of the values do not exceed: the nearest rank. Empty
// without values.
std::optional<int> Percentile(std::vector<int> values, double share);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_SCORE_H_
