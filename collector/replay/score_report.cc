#include "collector/replay/score_report.h"

#include <boost/json.hpp>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "collector/cli/table.h"
#include "collector/replay/baselines.h"

namespace sightline {
namespace {

using Value = std::optional<double>;

// Differences below this are none.
constexpr double kSame = 1e-9;

// A number by which methods are compared.
struct Measure {
  const char* name;
  Value (*of)(const Score&);
  bool more_is_better;
  int digits;
  // What the project asks of Sightline; empty when nothing.
  Value bound;
};

Value ToValue(std::optional<int> value) {
  return value.has_value() ? Value(static_cast<double>(*value)) : std::nullopt;
}

Value MissedShare(const Score& score) {
  if (score.changes == 0) return std::nullopt;
  return static_cast<double>(score.missed) / static_cast<double>(score.changes);
}

const std::vector<Measure>& Measures() {
  static const std::vector<Measure> kMeasures = {
      {"missed changes", MissedShare, false, 3, std::nullopt},
      {"delay p50", [](const Score& s) { return ToValue(Percentile(s.delays, 0.5)); }, false, 0, 2},
      {"delay p95", [](const Score& s) { return ToValue(Percentile(s.delays, 0.95)); }, false, 0,
       4},
      {"ramp delay p50", [](const Score& s) { return ToValue(Percentile(s.ramp_delays, 0.5)); },
       false, 0, std::nullopt},
      {"false alarms per series-year",
       [](const Score& s) {
         return s.series_years > 0 ? Value(s.FalsePerSeriesYear()) : std::nullopt;
       },
       false, 2, 1},
      {"scope right", [](const Score& s) { return s.scope.Ratio(); }, true, 3, 0.97},
      {"places named right", [](const Score& s) { return s.named.Ratio(); }, true, 3, std::nullopt},
      {"region states right", [](const Score& s) { return s.states.Ratio(); }, true, 3,
       std::nullopt},
      {"scope calibration error", [](const Score& s) { return s.scope_calibration.Error(); }, false,
       3, 0.05},
      {"state calibration error", [](const Score& s) { return s.state_calibration.Error(); }, false,
       3, 0.05},
  };
  return kMeasures;
}

std::string Format(const Value& value, int digits) {
  if (value == static_cast<double>(kNever)) return "never";
  return value.has_value() ? absl::StrFormat("%.*f", digits, *value) : "-";
}

// Above 0: `a` is better than `b`. A number that does not exist is compared with nothing.
double Better(const Measure& measure, const Value& a, const Value& b) {
  if (!a.has_value() || !b.has_value()) return 0;
  return measure.more_is_better ? *a - *b : *b - *a;
}

cli::Cell Right(std::string text) { return {std::move(text), cli::Tone::kPlain, true}; }

const std::vector<std::string>& Head() {
  static const std::vector<std::string> kHead = {
      "changes",   "missed", "p50",    "p95",   "false/year", "scope",  "stated",
      "likeliest", "places", "states", "named", "scope e",    "state e"};
  return kHead;
}

std::string Delay(const Score& score, double share) {
  if (!score.delays.empty() || score.ramp_delays.empty()) {
    return Format(ToValue(Percentile(score.delays, share)), 0);
  }
  return absl::StrCat("~", Format(ToValue(Percentile(score.ramp_delays, share)), 0));
}

std::vector<cli::Cell> Numbers(const Score& score) {
  return {Right(absl::StrCat(score.changes)),
          Right(absl::StrCat(score.missed)),
          Right(Delay(score, 0.5)),
          Right(Delay(score, 0.95)),
          Right(Format(score.FalsePerSeriesYear(), 2)),
          Right(Format(score.scope.Ratio(), 3)),
          Right(Format(score.scope_stated.Ratio(), 3)),
          Right(Format(score.likeliest.Ratio(), 3)),
          Right(Format(score.named.Ratio(), 3)),
          Right(Format(score.states.Ratio(), 3)),
          Right(Format(score.states_stated.Ratio(), 3)),
          Right(Format(score.scope_calibration.Error(), 3)),
          Right(Format(score.state_calibration.Error(), 3))};
}

void AddRows(const ScenarioScore& scenario, cli::Table& table) {
  const std::vector<std::string> worse = WhereNotBetter(scenario);
  const std::vector<std::string> missed = BoundsMissed(scenario);
  std::vector<std::string> reasons;
  if (!worse.empty()) reasons.push_back(absl::StrCat("not better: ", absl::StrJoin(worse, ", ")));
  if (!missed.empty()) reasons.push_back(absl::StrCat("bound: ", absl::StrJoin(missed, ", ")));
  for (size_t i = 0; i < kMethods; ++i) {
    std::vector<cli::Cell> row = {{i == 0 ? scenario.name : "", cli::Tone::kStrong},
                                  {kMethodNames[i]}};
    for (cli::Cell& cell : Numbers(scenario.methods[i])) row.push_back(std::move(cell));
    if (i == 0 && !reasons.empty()) {
      row.push_back({"!", cli::Tone::kWarning});
      row.push_back({absl::StrJoin(reasons, "; ")});
    }
    table.AddRow(std::move(row));
  }
}

constexpr char kLegend[] = R"(
changes     true changes that had to be reported; missed: of these
p50, p95    windows until a step was reported, the first affected one is 1; ~: of a ramp, from where
            it crosses one half
false/year  events and changes of scope that no true change explains, per target and year
scope       right, among windows whose scope was stated; stated: of all windows
likeliest   the most probable scope was the true one, stated or not
places      windows that name the right regions or networks
states      region states right, among those that were stated; named: of all
scope e     expected calibration error of the most probable scope; state e: of region states
Windows within four of a true change are not judged, nor shares between 0.2 and 0.5.
)";

namespace json = boost::json;

json::value ToJson(const Value& value) {
  return value.has_value() ? json::value(*value) : json::value(nullptr);
}

json::object ToJson(const Calibration& calibration) {
  json::array bins;
  for (const Calibration::Bin& bin : calibration.bins) {
    bins.push_back(json::object{
        {"count", bin.count}, {"right", bin.right}, {"probability_sum", bin.probability_sum}});
  }
  return {{"error", ToJson(calibration.Error())}, {"bins", std::move(bins)}};
}

json::object ToJson(const Share& share) {
  return {{"right", share.right}, {"of", share.of}, {"ratio", ToJson(share.Ratio())}};
}

json::value DelayToJson(const std::optional<int>& delay) {
  if (delay == kNever) return "never";
  return delay.has_value() ? json::value(*delay) : json::value(nullptr);
}

json::object DelaysToJson(const std::vector<int>& delays) {
  return {{"count", delays.size()},
          {"p50", DelayToJson(Percentile(delays, 0.5))},
          {"p95", DelayToJson(Percentile(delays, 0.95))},
          {"max", DelayToJson(Percentile(delays, 1))}};
}

json::object ToJson(const Score& score) {
  return {{"changes", score.changes},
          {"missed", score.missed},
          {"delay_windows", DelaysToJson(score.delays)},
          {"ramp_delay_windows", DelaysToJson(score.ramp_delays)},
          {"onset_error_windows", DelaysToJson(score.onset_errors)},
          {"false_events", score.false_events},
          {"false_scopes", score.false_scopes},
          {"series_years", score.series_years},
          {"false_per_series_year", score.FalsePerSeriesYear()},
          {"scope", ToJson(score.scope)},
          {"scope_stated", ToJson(score.scope_stated)},
          {"likeliest", ToJson(score.likeliest)},
          {"places_named", ToJson(score.named)},
          {"states", ToJson(score.states)},
          {"states_stated", ToJson(score.states_stated)},
          {"scope_calibration", ToJson(score.scope_calibration)},
          {"state_calibration", ToJson(score.state_calibration)}};
}

json::object ToJson(const ScenarioScore& scenario) {
  json::object methods;
  for (size_t i = 0; i < kMethods; ++i) methods[kMethodNames[i]] = ToJson(scenario.methods[i]);
  return {{"scenario", scenario.name},
          {"replays", scenario.replays},
          {"methods", std::move(methods)},
          {"not_better", json::value_from(WhereNotBetter(scenario))},
          {"bounds_missed", json::value_from(BoundsMissed(scenario))}};
}

}  // namespace

ScenarioScore& ScenarioScore::operator+=(const ScenarioScore& other) {
  replays += other.replays;
  for (size_t i = 0; i < kMethods; ++i) methods[i] += other.methods[i];
  return *this;
}

std::array<Score, kMethods> ScoreMethods(const Replay& replay, const TruthOf& truth_of) {
  return {ScoreStatements(replay, SightlineStatements(replay), truth_of),
          ScoreStatements(replay, MajorityStatements(replay), truth_of),
          ScoreStatements(replay, OoniStatements(replay), truth_of)};
}

ScenarioScore Total(const std::vector<ScenarioScore>& scenarios) {
  ScenarioScore total;
  total.name = "total";
  for (const ScenarioScore& scenario : scenarios) total += scenario;
  return total;
}

std::vector<std::string> WhereNotBetter(const ScenarioScore& scenario) {
  std::vector<std::string> worse;
  std::array<bool, kMethods> is_better = {};
  for (const Measure& measure : Measures()) {
    const Value ours = measure.of(scenario.methods[0]);
    for (size_t i = 1; i < kMethods; ++i) {
      const Value theirs = measure.of(scenario.methods[i]);
      const double better = Better(measure, ours, theirs);
      const std::string our_number = Format(ours, measure.digits);
      const std::string their_number = Format(theirs, measure.digits);
      if (our_number == their_number) continue;
      if (better > kSame) is_better[i] = true;
      if (better >= -kSame) continue;
      worse.push_back(absl::StrFormat("%s %s against %s (%s)", measure.name, our_number,
                                      their_number, kMethodNames[i]));
    }
  }
  for (size_t i = 1; i < kMethods && worse.empty(); ++i) {
    if (!is_better[i]) worse.push_back(absl::StrCat("no number better than ", kMethodNames[i]));
  }
  return worse;
}

std::vector<std::string> BoundsMissed(const ScenarioScore& scenario) {
  std::vector<std::string> missed;
  for (const Measure& measure : Measures()) {
    const Value ours = measure.of(scenario.methods[0]);
    if (Better(measure, ours, measure.bound) >= -kSame) continue;
    missed.push_back(absl::StrFormat("%s %s, not %s", measure.name, Format(ours, measure.digits),
                                     Format(measure.bound, measure.digits)));
  }
  return missed;
}

std::string ScoreTable(const std::vector<ScenarioScore>& scenarios, bool colour) {
  cli::Table table;
  std::vector<cli::Cell> head = {{"scenario", cli::Tone::kFaint}, {"method", cli::Tone::kFaint}};
  for (const std::string& name : Head()) head.push_back({name, cli::Tone::kFaint, true});
  table.AddRow(std::move(head));
  for (const ScenarioScore& scenario : scenarios) AddRows(scenario, table);
  AddRows(Total(scenarios), table);
  return absl::StrCat(table.Render(0, colour), kLegend);
}

std::string ScoreJson(const std::vector<ScenarioScore>& scenarios) {
  json::array rows;
  for (const ScenarioScore& scenario : scenarios) rows.push_back(ToJson(scenario));
  rows.push_back(ToJson(Total(scenarios)));
  return absl::StrCat(json::serialize(rows), "\n");
}

}  // namespace sightline
