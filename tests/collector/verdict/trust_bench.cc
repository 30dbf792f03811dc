// What judging voters costs for one window:
//   cmake --build --preset release --target trust_bench && build/release/bin/trust_bench
#include <benchmark/benchmark.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "tests/collector/verdict/crowd.h"

namespace sightline {
namespace {

// Agents in 31 regions x 3 networks, one in ten behind a VPN and one in twenty a liar, with six
// rounds each on ten contrasts.
Crowd CrowdOf(int agents) {
  std::mt19937 random(1);
  Crowd crowd(SomeContrasts(4, 4, 2));
  for (int i = 0; i < agents; ++i) {
    const Reaches reaches = i % 10 == 0   ? Reaches(BehindVpn)
                            : i % 20 == 1 ? CoinTosser(random)
                                          : WithMistakes(random, 50);
    crowd.Join(absl::StrCat("region ", i % 31), 4134 + static_cast<uint32_t>(i % 3), reaches, 6);
  }
  return crowd;
}

// For all targets that are no contrasts, together.
void JudgeOnce(benchmark::State& state) {
  const Crowd crowd = CrowdOf(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(crowd.Judge());
}

// For these and each of the ten contrasts: a whole window.
void JudgeWindow(benchmark::State& state) {
  const Crowd crowd = CrowdOf(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    const TrustJudge judge(crowd.witnesses, crowd.contrasts);
    benchmark::DoNotOptimize(judge.Judge(""));
    for (const KnownTarget& contrast : crowd.contrasts) {
      benchmark::DoNotOptimize(judge.Judge(contrast.target_id));
    }
  }
}

BENCHMARK(JudgeOnce)->Arg(600)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK(JudgeWindow)->Arg(600)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sightline

BENCHMARK_MAIN();
