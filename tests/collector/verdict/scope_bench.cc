// What the states and scopes of a window cost, without the tally:
//   cmake --build --preset release --target scope_bench && build/release/bin/scope_bench
#include <benchmark/benchmark.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "collector/verdict/published.h"
#include "common/regions.h"
#include "tests/collector/verdict/country.h"

namespace sightline {
namespace {

constexpr size_t kRegions = 34;
constexpr uint32_t kNetworks = 4;
constexpr uint64_t kTargets = 50;

// Every class of scope, some of them with liars.
std::vector<Country> Targets() {
  std::vector<Country> targets;
  for (uint64_t i = 0; i < kTargets; ++i) {
    CountryOptions options;
    options.regions = kRegions;
    options.networks = kNetworks;
    options.agents = 6;
    options.scope = static_cast<v1::Scope>(v1::SCOPE_NOWHERE + static_cast<int>(i % kScopes));
    options.rate = i % 2 == 0 ? 1 : 0.6;
    options.contamination = 0.05 * static_cast<double>(i % 3);
    targets.push_back(MakeCountry(options, i));
  }
  return targets;
}

// One window: 34 regions x 4 networks x 50 targets.
void Scopes(benchmark::State& state) {
  const std::vector<Country> targets = Targets();
  for (auto _ : state) {
    std::vector<double> posteriors;
    for (const Country& target : targets) {
      posteriors.push_back(OddsOf(target.input)->best_posterior);
    }
    benchmark::DoNotOptimize(Stateable(posteriors));
  }
}

// The same window: rates with intervals and states of every region, network and cell.
void States(benchmark::State& state) {
  const RegionNames names = RegionNames::Load().value();
  std::vector<std::string> regions;
  for (size_t i = 0; i < kRegions; ++i) regions.push_back(absl::StrFormat("CN-%02d", i));
  const std::set<std::string> heard(regions.begin(), regions.end());
  std::vector<TargetTally> tallies;
  for (const Country& target : Targets()) {
    TargetTally& tally = tallies.emplace_back();
    tally.outside = Contrast::kReached;
    for (const ScopeCell& cell : target.input.cells) {
      Evidence& evidence = tally.cells[{regions[cell.region], cell.asn}];
      evidence.votes = cell.votes;
      evidence.buckets_open = static_cast<uint32_t>(cell.votes.weight_open);
      evidence.buckets_blocked = cell.votes.buckets - evidence.buckets_open;
    }
  }
  for (auto _ : state) {
    for (const TargetTally& tally : tallies) {
      v1::TargetVerdict verdict;
      benchmark::DoNotOptimize(Publish(tally, regions, heard, names, verdict));
    }
  }
}

BENCHMARK(Scopes)->Unit(benchmark::kMillisecond);
BENCHMARK(States)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sightline

BENCHMARK_MAIN();
