#include "collector/replay/score.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace sightline {
namespace {

constexpr double kHoursPerYear = 365.25 * 24;

template <typename T>
void Append(std::vector<T>& values, const std::vector<T>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

Share& operator+=(Share& share, const Share& more) {
  share.right += more.right;
  share.of += more.of;
  return share;
}

Calibration& operator+=(Calibration& calibration, const Calibration& more) {
  for (size_t i = 0; i < calibration.bins.size(); ++i) {
    calibration.bins[i].count += more.bins[i].count;
    calibration.bins[i].right += more.bins[i].right;
    calibration.bins[i].probability_sum += more.bins[i].probability_sum;
  }
  return calibration;
}

// The first window at which the next change of the same place is older than the grace.
int ExplainsBefore(const std::vector<Movement>& movements, size_t index) {
  if (index + 1 == movements.size() || movements[index + 1].place != movements[index].place) {
    return std::numeric_limits<int>::max();
  }
  return movements[index + 1].start + kGraceWindows;
}

// Whether a claim made at a window can be about the change.
bool Explains(const std::vector<Movement>& movements, size_t index, const Claim& claim) {
  const Movement& movement = movements[index];
  return movement.place == claim.place && movement.kind == claim.kind &&
         claim.detect >= movement.start && claim.detect < ExplainsBefore(movements, index);
}

// Matches the claims about one target, in the order in which they were made, with true changes.
void ScoreClaims(const std::vector<Claim>& claims, const std::string& target_id,
                 const TargetTruth& truth, Score& score) {
  const std::vector<Movement>& movements = truth.movements;
  std::vector<const Claim*> reports(movements.size(), nullptr);
  for (const Claim& claim : claims) {
    if (claim.target_id != target_id) continue;
    bool is_explained = false;
    for (size_t i = 0; i < movements.size() && !is_explained; ++i) {
      if (reports[i] != nullptr || !Explains(movements, i, claim)) continue;
      reports[i] = &claim;
      is_explained = true;
    }
    if (!is_explained) ++score.false_events;
  }
  for (size_t i = 0; i < movements.size(); ++i) {
    const Movement& movement = movements[i];
    if (!movement.due.has_value()) continue;
    ++score.changes;
    std::vector<int>& delays = movement.start == movement.end ? score.delays : score.ramp_delays;
    if (reports[i] == nullptr || !reports[i]->in_time) {
      ++score.missed;
      delays.push_back(kNever);
      continue;
    }
    delays.push_back(std::max(reports[i]->detect - *movement.due + 1, 1));
    score.onset_errors.push_back(std::abs(reports[i]->onset - movement.start));
  }
}

// Whether the method says that the region is open at least for some; empty when it says nothing.
std::optional<bool> SaysOpen(const Said& said, const std::string& region) {
  if (said.open_regions.contains(region)) return true;
  if (said.blocked_regions.contains(region)) return false;
  const auto state = said.states.find(region);
  // A region that has a state without being named is one that the method left out.
  if (state == said.states.end() || !IsWord(state->second.state)) return std::nullopt;
  return false;
}

bool NamesTruePlaces(const Said& said, const Truth& truth) {
  if (truth.scope == v1::SCOPE_BY_NETWORK) {
    return said.scope == truth.scope && said.open_networks == truth.open_networks;
  }
  return std::all_of(truth.rate.begin(), truth.rate.end(), [&](const auto& entry) {
    const auto& [region, rate] = entry;
    const std::optional<bool> says_open = SaysOpen(said, region);
    const bool is_open = truth.open_regions.contains(region);
    // No word fits a region that is open for few; but that it is one of those named can be said.
    if (!says_open.has_value() || (!is_open && !HasWord(rate))) return true;
    return *says_open == is_open;
  });
}

// While the service is down, or the evidence can carry no statement, saying so is right.
void ScoreSilence(const Said& said, const Truth& truth, Score& score) {
  const bool is_right = truth.service_down ? said.service_down : !said.scope.has_value();
  const bool is_stated = is_right || said.scope.has_value();
  score.scope_stated.Add(is_stated);
  if (is_stated) score.scope.Add(is_right);
}

void ScoreScope(const Said& said, const Truth& truth, Score& score) {
  if (truth.service_down || truth.scope == v1::SCOPE_UNDETERMINED) {
    ScoreSilence(said, truth, score);
    return;
  }
  score.scope_stated.Add(said.scope.has_value());
  if (said.scope.has_value()) {
    score.scope.Add(*said.scope == truth.scope);
    score.named.Add(NamesTruePlaces(said, truth));
  }
  if (!said.likeliest.has_value()) return;
  const bool is_right = *said.likeliest == truth.scope;
  score.likeliest.Add(is_right);
  if (said.likeliest_probability > 0) {
    score.scope_calibration.Add(said.likeliest_probability, is_right);
  }
}

void ScoreStates(const Said& said, const Truth& truth, bool knows_partial, Score& score) {
  if (truth.service_down) return;
  for (const auto& [region, rate] : truth.rate) {
    if (!HasWord(rate)) continue;
    const auto found = said.states.find(region);
    const bool is_stated = found != said.states.end() && IsWord(found->second.state);
    score.states_stated.Add(is_stated);
    if (!is_stated) continue;
    const bool is_right = IsRightState(found->second.state, rate, knows_partial);
    score.states.Add(is_right);
    if (found->second.probability > 0) {
      score.state_calibration.Add(found->second.probability, is_right);
    }
  }
}

void ScoreWindows(const Statements& statements, const std::string& target_id,
                  const TargetTruth& truth, Score& score) {
  std::optional<v1::Scope> stated;
  for (size_t i = 0; i < statements.windows.size(); ++i) {
    static const Said kNothing;
    const auto found = statements.windows[i].find(target_id);
    const Said& said = found == statements.windows[i].end() ? kNothing : found->second;
    if (said.scope.has_value()) {
      if (stated.has_value() && *stated != *said.scope && truth.judged[i] &&
          *said.scope != truth.windows[i].scope) {
        ++score.false_scopes;
      }
      stated = said.scope;
    }
    if (!truth.judged[i]) continue;
    ScoreScope(said, truth.windows[i], score);
    ScoreStates(said, truth.windows[i], statements.knows_partial, score);
  }
}

}  // namespace

std::optional<double> Share::Ratio() const {
  if (of == 0) return std::nullopt;
  return static_cast<double>(right) / static_cast<double>(of);
}

void Calibration::Add(double probability, bool is_right) {
  const double last = static_cast<double>(bins.size()) - 1;
  const double place = std::floor(probability * static_cast<double>(bins.size()));
  Bin& bin = bins[static_cast<size_t>(std::clamp(place, 0.0, last))];
  ++bin.count;
  bin.right += is_right ? 1 : 0;
  bin.probability_sum += probability;
}

uint64_t Calibration::count() const {
  uint64_t total = 0;
  for (const Bin& bin : bins) total += bin.count;
  return total;
}

std::optional<double> Calibration::Error() const {
  if (count() == 0) return std::nullopt;
  double sum = 0;
  for (const Bin& bin : bins) sum += std::abs(bin.probability_sum - static_cast<double>(bin.right));
  return sum / static_cast<double>(count());
}

double Score::FalsePerSeriesYear() const {
  return series_years > 0 ? static_cast<double>(false_events + false_scopes) / series_years : 0;
}

Score& Score::operator+=(const Score& other) {
  Append(delays, other.delays);
  Append(ramp_delays, other.ramp_delays);
  Append(onset_errors, other.onset_errors);
  changes += other.changes;
  missed += other.missed;
  false_events += other.false_events;
  false_scopes += other.false_scopes;
  series_years += other.series_years;
  scope_stated += other.scope_stated;
  scope += other.scope;
  likeliest += other.likeliest;
  named += other.named;
  states_stated += other.states_stated;
  states += other.states;
  scope_calibration += other.scope_calibration;
  state_calibration += other.state_calibration;
  return *this;
}

Score ScoreStatements(const Replay& replay, const Statements& statements, const TruthOf& truth_of) {
  Score score;
  const double hours = absl::FDivDuration(WindowLengthOf(replay), absl::Hours(1)) *
                       static_cast<double>(replay.windows.size());
  for (const std::string& target_id : TargetsOf(replay)) {
    const TargetTruth truth = FollowTruth(replay, target_id, truth_of);
    score.series_years += hours / kHoursPerYear;
    ScoreClaims(statements.claims, target_id, truth, score);
    ScoreWindows(statements, target_id, truth, score);
  }
  return score;
}

std::optional<int> Percentile(std::vector<int> values, double share) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const size_t index = static_cast<size_t>(std::max(rank, 1.0)) - 1;
  return values[std::min(index, values.size() - 1)];
}

}  // namespace sightline
