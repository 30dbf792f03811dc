// The scores of several scenarios and methods as text. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_SCORE_REPORT_H_
#define SIGHTLINE_COLLECTOR_REPLAY_SCORE_REPORT_H_

#include <array>
#include <string>
#include <vector>

#include "collector/replay/score.h"

namespace sightline {

inline constexpr size_t kMethods = 3;
inline constexpr std::array<const char*, kMethods> kMethodNames = {"Sightline", "majority",
                                                                   "OONI CUSUM"};

// One scenario, over all of its seeds.
struct ScenarioScore {
  std::string name;
  int replays = 0;
  // In the order of kMethodNames.
  std::array<Score, kMethods> methods;

  ScenarioScore& operator+=(const ScenarioScore& other);
};

// What all methods make of a replay.
std::array<Score, kMethods> ScoreMethods(const Replay& replay, const TruthOf& truth_of);

// All scenarios as one, called "total".
ScenarioScore Total(const std::vector<ScenarioScore>& scenarios);

// Each number in which Sightline is worse than a baseline, with the baseline's, such as "delay p50
// 2 against 1 (majority)". When there is none and no number is better than both baselines', that is
// said instead. Empty when Sightline is better.
std::vector<std::string> WhereNotBetter(const ScenarioScore& scenario);

// Each number of Sightline that misses what the project asks of itself: delay of a step p50 <= 2
// and p95 <= 4 windows, at most one false alarm per series-year, scope right in 0.97 of the stated
// windows, calibration errors of at most 0.05.
std::vector<std::string> BoundsMissed(const ScenarioScore& scenario);

// A row per scenario and method, and the total. A row of Sightline that is not better than both
// baselines is marked "!" and says why, and so does one that misses a bound. `colour` as in Table.
std::string ScoreTable(const std::vector<ScenarioScore>& scenarios, bool colour);

// The same numbers and more as one JSON document. Numbers that do not exist are null, and
// delays of what was never reported "never".
std::string ScoreJson(const std::vector<ScenarioScore>& scenarios);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_SCORE_REPORT_H_
