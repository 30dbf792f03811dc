#include "collector/replay/scenario_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sightline::scenario_rules {
namespace {

template <typename T>
bool Holds(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

void ReadPolicy(TomlReader& table, Scenario& scenario) {
  Policy& policy = scenario.policies.emplace_back();
  table.Need("target", "the name of a target");
  table.Need("open", "the share of users who reach it, from 0 to 1");
  policy.target_ids = ReadTargets(table, "target", scenario);
  policy.period = ReadPeriod(table, scenario);
  policy.area = ReadArea(table, scenario);
  policy.open = table.Ratio("open", 0);
  policy.ramp = table.Length("ramp", absl::ZeroDuration());
}

void ReadVpn(TomlReader& table, Scenario& scenario) {
  VpnUsers& vpn = scenario.vpn.emplace_back();
  table.Need("share", "the share of agents behind a VPN, such as 0.05");
  vpn.share = table.Ratio("share", 0);
  vpn.area = ReadArea(table, scenario);
  vpn.visible = table.Ratio("visible", 0);
}

void ReadLiars(TomlReader& table, Scenario& scenario) {
  Liars& liars = scenario.liars.emplace_back();
  table.Need("share", "the share of agents that lie, such as 0.05");
  liars.share = table.Ratio("share", 0);
  liars.says = ReadSays(table, scenario);
  liars.target_ids = ReadTargets(table, "target", scenario);
  liars.area = ReadArea(table, scenario);
  liars.period = ReadPeriod(table, scenario);
}

void ReadSybils(TomlReader& table, Scenario& scenario) {
  Sybils& sybils = scenario.sybils.emplace_back();
  table.Need("region", "the region that they claim");
  table.Need("target", "the targets that they lie about");
  sybils.count = static_cast<uint32_t>(table.Integer("count", 1000, 1, 20'000));
  sybils.prefixes = static_cast<uint32_t>(table.Integer("prefixes", 1, 1, 250));
  sybils.region = table.Text("region");
  if (!Holds(scenario.regions, sybils.region)) {
    table.Refuse("region", "is no region of [country]");
  }
  const uint32_t first = scenario.networks.front().asn;
  sybils.asn = static_cast<uint32_t>(table.Integer("network", first, 1, UINT32_MAX));
  sybils.says = ReadSays(table, scenario);
  sybils.target_ids = ReadTargets(table, "target", scenario);
  sybils.period = ReadPeriod(table, scenario);
}

void ReadOutage(TomlReader& table, Scenario& scenario) {
  Outage& outage = scenario.outages.emplace_back();
  outage.kind = table.Word<OutageKind>("kind", {{"service", OutageKind::kService},
                                                {"anchors", OutageKind::kAnchors},
                                                {"lines", OutageKind::kLines},
                                                {"silence", OutageKind::kSilence},
                                                {"controls", OutageKind::kControls}});
  outage.target_ids = ReadTargets(table, "target", scenario);
  if ((outage.kind == OutageKind::kService) == outage.target_ids.empty()) {
    table.Refuse("target", "belongs to an outage of kind \"service\", and only to that");
  }
  outage.area = ReadArea(table, scenario);
  outage.share = table.Ratio("share", 1);
  outage.period = ReadPeriod(table, scenario);
}

void ReadLate(TomlReader& table, Scenario& scenario) {
  LateUploads& late = scenario.late.emplace_back();
  late.area = ReadArea(table, scenario);
  late.share = table.Ratio("share", 1);
  table.Need("from", "when they begin to keep their batches");
  table.Need("until", "when all of these arrive");
  late.period = ReadPeriod(table, scenario);
}

void ReadVersion(TomlReader& table, Scenario& scenario) {
  AgentVersion& version = scenario.versions.emplace_back();
  table.Need("name", "the version, such as \"0.2.0\"");
  version.version = table.Text("name");
  version.share = table.Ratio("share", 1);
  version.broken_target_ids = ReadTargets(table, "broken", scenario);
  version.period = ReadPeriod(table, scenario);
}

void ReadPopulation(TomlReader& table, Scenario& scenario) {
  constexpr int64_t kMost = 100'000;
  Population& population = scenario.population;
  population.per_cell = static_cast<uint32_t>(table.Integer("per_cell", 0, 1, 1000));
  population.per_region = static_cast<uint32_t>(table.Integer("per_region", 0, 1, kMost));
  population.total = static_cast<uint32_t>(table.Integer("total", 0, 1, kMost));
  const int given = static_cast<int>(table.Has("per_cell")) +
                    static_cast<int>(table.Has("per_region")) +
                    static_cast<int>(table.Has("total"));
  if (given != 1) table.Refuse("per_cell", "write either per_cell or per_region or total");
  population.per_prefix = static_cast<uint32_t>(table.Integer("per_prefix", 1, 1, 1000));
  population.controls = static_cast<uint32_t>(table.Integer("controls", 4, 0, 1000));
  population.age_min = table.Length("age_min", population.age_min);
  population.age_max = table.Length("age_max", std::max(population.age_min, population.age_max));
  if (population.age_max < population.age_min) {
    table.Refuse("age_max", "must not be below age_min");
  }
}

}  // namespace

Area ReadArea(TomlReader& table, const Scenario& scenario) {
  Area area;
  area.regions = table.Texts("regions");
  for (const std::string& region : area.regions) {
    if (Holds(scenario.regions, region)) continue;
    table.Refuse("regions", absl::StrCat("\"", region, "\" is no region of [country]; those are ",
                                         absl::StrJoin(scenario.regions, ", ")));
  }
  for (const int64_t asn : table.Integers("networks")) {
    area.networks.push_back(static_cast<uint32_t>(asn));
    if (std::any_of(scenario.networks.begin(), scenario.networks.end(),
                    [&](const ScenarioNetwork& network) { return network.asn == asn; })) {
      continue;
    }
    table.Refuse("networks", absl::StrCat(asn, " is no asn of a [[network]]"));
  }
  return area;
}

Period ReadPeriod(TomlReader& table, const Scenario& scenario) {
  Period period;
  period.from = table.Time("from", scenario.start);
  period.until = table.Time("until", scenario.end());
  if (period.from >= period.until) {
    table.Refuse(table.Has("until") ? "until" : "from",
                 "the period is empty: from must be before until, and that not after the end");
  }
  return period;
}

std::vector<std::string> ReadTargets(TomlReader& table, absl::string_view key,
                                     const Scenario& scenario) {
  std::vector<std::string> target_ids = table.Texts(key);
  for (const std::string& target_id : target_ids) {
    if (scenario.FindTarget(target_id) != nullptr) continue;
    table.Refuse(key, absl::StrCat("\"", target_id, "\" is no id of a [[target]]"));
  }
  return target_ids;
}

Says ReadSays(TomlReader& table, const Scenario&) {
  table.Need("says", "\"open\", \"blocked\", \"opposite\" or \"random\"");
  return table.Word<Says>("says", {{"random", Says::kRandom},
                                   {"open", Says::kOpen},
                                   {"blocked", Says::kBlocked},
                                   {"opposite", Says::kOpposite}});
}

void ReadWorld(TomlReader& top, Scenario& scenario) {
  const auto each = [&](absl::string_view key, void (*read)(TomlReader&, Scenario&)) {
    top.ForEach(key, [&](TomlReader& table) { read(table, scenario); });
  };
  top.Need("agents", "[agents] with per_cell, per_region or total");
  each("agents", ReadPopulation);
  top.ForEach("noise", [&](TomlReader& table) {
    scenario.noise.failure = table.Ratio("failure", 0);
    scenario.noise.offline = table.Ratio("offline", 0);
  });
  each("policy", ReadPolicy);
  each("vpn", ReadVpn);
  each("liars", ReadLiars);
  each("sybils", ReadSybils);
  each("outage", ReadOutage);
  each("late", ReadLate);
  each("version", ReadVersion);
}

}  // namespace sightline::scenario_rules
