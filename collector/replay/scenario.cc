#include "collector/replay/scenario.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/replay/scenario_rules.h"
#include "common/files.h"

namespace sightline {
namespace {

// Of a whole replay, so that a slip of the pen does not fill the disk.
constexpr double kBatchesMax = 50e6;
constexpr int64_t kDaysMax = 1000;

void ReadTimes(TomlReader& top, TomlFile& file, Scenario& scenario) {
  top.Need("start", "a date such as 2024-04-01");
  scenario.start = top.Time("start", absl::UnixEpoch());
  file.start = scenario.start;
  scenario.window_length = top.Length("window", scenario.window_length);
  // As the collector wants it: a bucket's key changes at midnight, so no window may span it.
  if (scenario.window_length < absl::Minutes(1) ||
      absl::Hours(24) % scenario.window_length != absl::ZeroDuration()) {
    top.Refuse("window", "must be at least 1m and divide a day evenly");
    scenario.window_length = absl::Hours(1);
  }
  if ((scenario.start - absl::UnixEpoch()) % scenario.window_length != absl::ZeroDuration()) {
    top.Refuse("start", "must be the start of a window; midnight always is");
  }
  top.Need("days", "how many days the history takes");
  const int64_t days = top.Integer("days", 1, 1, kDaysMax);
  scenario.windows = static_cast<int>(days * (absl::Hours(24) / scenario.window_length));
  scenario.rounds_per_window = static_cast<int>(top.Integer("rounds_per_window", 1, 1, 60));
}

void ReadCountry(TomlReader& table, Scenario& scenario) {
  table.Need("code", "an ISO 3166-1 code such as \"CN\"");
  table.Need("regions", "ISO 3166-2 codes such as [\"CN-BJ\", \"CN-SH\"]");
  scenario.country = table.Text("code");
  scenario.regions = table.Texts("regions");
  for (const std::string& region : scenario.regions) {
    if (!absl::StartsWith(region, absl::StrCat(scenario.country, "-"))) {
      table.Refuse("regions", absl::StrCat("\"", region, "\" must begin with the country's code, ",
                                           "as in \"CN-BJ\""));
    }
    if (std::count(scenario.regions.begin(), scenario.regions.end(), region) > 1) {
      table.Refuse("regions", absl::StrCat("\"", region, "\" is there twice"));
    }
  }
}

void ReadNetwork(TomlReader& table, Scenario& scenario) {
  table.Need("asn", "the number of the autonomous system");
  table.Need("share", "its share of the agents, such as 0.4");
  const auto asn = static_cast<uint32_t>(table.Integer("asn", 1, 1, UINT32_MAX));
  for (const ScenarioNetwork& other : scenario.networks) {
    if (other.asn == asn) table.Refuse("asn", "is there twice");
  }
  scenario.networks.push_back({asn, table.Ratio("share", 0)});
}

void ReadTarget(TomlReader& table, Scenario& scenario) {
  ScenarioTarget target;
  table.Need("id", "a name of its own in lower case, such as \"whatsapp\"");
  target.target_id = table.Text("id");
  if (scenario.FindTarget(target.target_id) != nullptr) table.Refuse("id", "is there twice");
  target.display_name = table.Text("name", target.target_id);
  target.kind =
      table.Word<v1::TargetKind>("kind", {{"service", v1::TARGET_KIND_SERVICE},
                                          {"domestic_anchor", v1::TARGET_KIND_DOMESTIC_ANCHOR},
                                          {"foreign_anchor", v1::TARGET_KIND_FOREIGN_ANCHOR},
                                          {"canary", v1::TARGET_KIND_CANARY}});
  const bool anchor = target.kind == v1::TARGET_KIND_DOMESTIC_ANCHOR ||
                      target.kind == v1::TARGET_KIND_FOREIGN_ANCHOR;
  target.open = table.Ratio("open", anchor ? 1 : 0);
  target.layer = table.Word<v1::Layer>("layer", {{"tls", v1::LAYER_TLS},
                                                 {"dns", v1::LAYER_DNS},
                                                 {"tcp", v1::LAYER_TCP},
                                                 {"http", v1::LAYER_HTTP}});
  target.failure = table.Text("failure", target.failure);
  scenario.targets.push_back(std::move(target));
}

void ReadPlaces(TomlReader& top, Scenario& scenario) {
  top.Need("country", "[country] with code and regions");
  top.ForEach("country", [&](TomlReader& table) { ReadCountry(table, scenario); });
  top.Need("network", "[[network]] with asn and share, at least once");
  top.ForEach("network", [&](TomlReader& table) { ReadNetwork(table, scenario); });
  double shares = 0;
  for (const ScenarioNetwork& network : scenario.networks) shares += network.share;
  if (!scenario.networks.empty() && std::abs(shares - 1) > 1e-6) {
    top.Refuse("network", absl::StrCat("the shares must sum to 1; these sum to ", shares));
  }
  top.Need("target", "[[target]] with id and kind, at least once");
  top.ForEach("target", [&](TomlReader& table) { ReadTarget(table, scenario); });
}

void CheckSize(TomlReader& top, const Scenario& scenario) {
  const Population& population = scenario.population;
  double agents = population.total + population.controls;
  agents += static_cast<double>(scenario.regions.size()) *
            (population.per_region + static_cast<double>(population.per_cell) *
                                         static_cast<double>(scenario.networks.size()));
  for (const Sybils& sybils : scenario.sybils) agents += sybils.count;
  const double batches = agents * scenario.windows * scenario.rounds_per_window;
  if (batches > kBatchesMax) {
    top.Refuse("days", absl::StrCat("this makes ", std::llround(batches / 1e6),
                                    " million batches; at most 50 million are replayed"));
  }
}

}  // namespace

bool Area::Contains(absl::string_view region, uint32_t asn) const {
  const auto holds = [](const auto& all, const auto& one) {
    return all.empty() || std::find(all.begin(), all.end(), one) != all.end();
  };
  return holds(regions, region) && holds(networks, asn);
}

const ScenarioTarget* Scenario::FindTarget(absl::string_view target_id) const {
  for (const ScenarioTarget& target : targets) {
    if (target.target_id == target_id) return &target;
  }
  return nullptr;
}

absl::StatusOr<Scenario> ParseScenario(absl::string_view toml, absl::string_view file) {
  TomlFile errors{std::string(file)};
  Scenario scenario;
  scenario.file = std::string(file);
  toml::table root;
  try {
    root = toml::parse(std::string_view(toml.data(), toml.size()));
  } catch (const toml::parse_error& error) {
    errors.Refuse(static_cast<int>(error.source().begin.line),
                  absl::StrCat("no TOML: ", std::string(error.description())));
    return errors.status();
  }
  TomlReader top(root, "", errors);
  top.Need("name", "a name for this history");
  scenario.name = top.Text("name");
  scenario.description = top.Text("description");
  ReadTimes(top, errors, scenario);
  ReadPlaces(top, scenario);
  // What follows refers to these.
  if (!errors.status().ok()) return errors.status();
  scenario_rules::ReadWorld(top, scenario);
  scenario_rules::ReadExpectations(top, scenario);
  CheckSize(top, scenario);
  top.Finish();
  if (!errors.status().ok()) return errors.status();
  return scenario;
}

absl::StatusOr<Scenario> ReadScenario(const std::string& path) {
  const absl::StatusOr<std::string> text = SystemFiles().Read(path);
  if (!text.ok()) return text.status();
  return ParseScenario(*text, path);
}

}  // namespace sightline
