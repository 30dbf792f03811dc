// The tables of a scenario file by topic. For collector/replay/scenario*.cc only.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_SCENARIO_RULES_H_
#define SIGHTLINE_COLLECTOR_REPLAY_SCENARIO_RULES_H_

#include <string>
#include <vector>

#include "collector/replay/scenario.h"
#include "collector/replay/toml_reader.h"

namespace sightline::scenario_rules {

// scenario_rules.cc: words that the tables have in common. What is wrong is refused by the reader.
Area ReadArea(TomlReader& table, const Scenario& scenario);
// The whole scenario when neither `from` nor `until` is there.
Period ReadPeriod(TomlReader& table, const Scenario& scenario);
// Names under `key` that must be targets of the scenario.
std::vector<std::string> ReadTargets(TomlReader& table, absl::string_view key,
                                     const Scenario& scenario);
Says ReadSays(TomlReader& table, const Scenario& scenario);

// scenario_rules.cc: who is there, what happens, who misleads, what breaks. The country, networks
// and targets are read already.
void ReadWorld(TomlReader& top, Scenario& scenario);

// scenario_expect.cc: what must come of it.
void ReadExpectations(TomlReader& top, Scenario& scenario);

}  // namespace sightline::scenario_rules

#endif  // SIGHTLINE_COLLECTOR_REPLAY_SCENARIO_RULES_H_
