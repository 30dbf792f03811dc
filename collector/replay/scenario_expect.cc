#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/replay/scenario_rules.h"

namespace sightline::scenario_rules {
namespace {

using Scopes = std::vector<std::pair<std::string, v1::Scope>>;

const Scopes& KnownScopes() {
  static const auto& known = *new Scopes{{"NOWHERE", v1::SCOPE_NOWHERE},
                                         {"ISOLATED", v1::SCOPE_ISOLATED},
                                         {"LOCAL", v1::SCOPE_LOCAL},
                                         {"BY_NETWORK", v1::SCOPE_BY_NETWORK},
                                         {"WIDESPREAD", v1::SCOPE_WIDESPREAD},
                                         {"MIXED", v1::SCOPE_MIXED},
                                         {"UNDETERMINED", v1::SCOPE_UNDETERMINED}};
  return known;
}

using States = std::vector<std::pair<std::string, v1::AccessState>>;

const States& KnownStates() {
  static const auto& known =
      *new States{{"OPEN", v1::ACCESS_STATE_OPEN},       {"BLOCKED", v1::ACCESS_STATE_BLOCKED},
                  {"PARTIAL", v1::ACCESS_STATE_PARTIAL}, {"UNKNOWN", v1::ACCESS_STATE_UNKNOWN},
                  {"DOWN", v1::ACCESS_STATE_DOWN},       {"DISPUTED", v1::ACCESS_STATE_DISPUTED}};
  return known;
}

// The values of the words under `key`.
template <typename T>
std::vector<T> Values(TomlReader& table, absl::string_view key,
                      const std::vector<std::string>& words,
                      const std::vector<std::pair<std::string, T>>& known) {
  std::vector<T> values;
  for (const std::string& word : words) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const auto& entry) { return entry.first == word; });
    if (found != known.end()) {
      values.push_back(found->second);
      continue;
    }
    const auto name = [](std::string* out, const auto& entry) { out->append(entry.first); };
    table.Refuse(key, absl::StrCat("\"", word, "\" is not known; write one of ",
                                   absl::StrJoin(known, ", ", name)));
  }
  return values;
}

void ReadStates(TomlReader& table, const Scenario& scenario, Expectation& expectation) {
  for (const auto& [region, words] : table.TextsByKey("states")) {
    const bool known = region == "*" || std::find(scenario.regions.begin(), scenario.regions.end(),
                                                  region) != scenario.regions.end();
    if (!known) {
      table.Refuse("states", absl::StrCat("\"", region,
                                          "\" is no region of [country]; \"*\" is all that are "
                                          "not named"));
    }
    expectation.states[region] = Values(table, "states", words, KnownStates());
  }
}

void ReadTime(TomlReader& table, Expectation& expectation) {
  expectation.duration =
      table.Word<v1::EventDuration>("duration", {{"", v1::EVENT_DURATION_UNSPECIFIED},
                                                 {"GLITCH", v1::EVENT_DURATION_GLITCH},
                                                 {"TEMPORARY", v1::EVENT_DURATION_TEMPORARY},
                                                 {"SUSTAINED", v1::EVENT_DURATION_SUSTAINED},
                                                 {"LONG_RUN", v1::EVENT_DURATION_LONG_RUN}});
  if (table.Has("events")) {
    expectation.events = static_cast<uint32_t>(table.Integer("events", 0, 0, 100'000));
  }
  if (table.Has("onset")) expectation.onset = table.Time("onset", absl::InfiniteFuture());
  expectation.onset_tolerance = static_cast<uint32_t>(table.Integer("within", 2, 0, 1000));
  if (table.Has("within") && !expectation.onset) {
    table.Refuse("within", "is for onset only: windows that it may be off");
  }
}

void ReadExpectation(TomlReader& table, Scenario& scenario) {
  Expectation expectation;
  expectation.line = table.line();
  table.Need("target", "the name of a target, or several in brackets");
  const std::vector<std::string> target_ids = ReadTargets(table, "target", scenario);
  expectation.period = ReadPeriod(table, scenario);
  expectation.scopes = Values(table, "scope", table.Texts("scope"), KnownScopes());
  const bool has_regions = table.Has("regions");
  const bool has_networks = table.Has("networks");
  Area area = ReadArea(table, scenario);
  std::sort(area.regions.begin(), area.regions.end());
  std::sort(area.networks.begin(), area.networks.end());
  if (has_regions) expectation.regions = std::move(area.regions);
  if (has_networks) expectation.networks = std::move(area.networks);
  ReadStates(table, scenario, expectation);
  expectation.service =
      table.Word<v1::ServiceState>("service", {{"", v1::SERVICE_STATE_UNSPECIFIED},
                                               {"UP", v1::SERVICE_STATE_UP},
                                               {"DOWN", v1::SERVICE_STATE_DOWN},
                                               {"UNKNOWN", v1::SERVICE_STATE_UNKNOWN}});
  expectation.windows = table.Ratio("windows", 1);
  ReadTime(table, expectation);
  for (const std::string& target_id : target_ids) {
    expectation.target_id = target_id;
    scenario.expectations.push_back(expectation);
  }
}

}  // namespace

void ReadExpectations(TomlReader& top, Scenario& scenario) {
  top.ForEach("expect", [&](TomlReader& table) { ReadExpectation(table, scenario); });
}

}  // namespace sightline::scenario_rules
