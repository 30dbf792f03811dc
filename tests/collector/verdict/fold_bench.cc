// What one batch costs until it is counted:
//   cmake --build --preset release --target fold_bench && build/release/bin/fold_bench
#include <benchmark/benchmark.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/verdict/fold.h"
#include "collector/verdict/round.h"
#include "common/crypto.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

constexpr int kAgents = 10'000;

// `targets` targets with observations / targets checks each, as HTTPS.
v1::Plan PlanOf(int targets, int observations) {
  v1::Plan plan = TestPlan();
  plan.clear_targets();
  for (int i = 0; i < targets; ++i) {
    const std::string name = absl::StrCat("target-", i);
    AddTarget(plan, name, i < 2 ? v1::TARGET_KIND_DOMESTIC_ANCHOR : v1::TARGET_KIND_SERVICE,
              "www.example.com");
    v1::Feature& feature = *plan.mutable_targets(i)->mutable_features(0);
    const v1::Check check = feature.checks(0);
    feature.clear_checks();
    for (int c = 0; c < observations / targets; ++c) {
      v1::Check& added = *feature.add_checks() = check;
      added.set_check_id(absl::StrCat(name, "-check-", c));
    }
  }
  return plan;
}

// Every eighth check is blocked.
v1::Batch BatchOf(const v1::Plan& plan) {
  v1::Batch batch;
  int count = 0;
  for (const v1::Target& target : plan.targets()) {
    for (const v1::Check& check : target.features(0).checks()) {
      v1::Observation& observation = *batch.add_observations();
      observation.set_check_id(check.check_id());
      v1::LayerVector& layers = *observation.mutable_layers();
      layers.set_dns(v1::LAYER_STATE_OK);
      layers.set_tcp(v1::LAYER_STATE_OK);
      const bool blocked = ++count % 8 == 0;
      layers.set_tls(blocked ? v1::LAYER_STATE_BLOCKED : v1::LAYER_STATE_OK);
      if (blocked) {
        observation.set_failure("connection_reset");
        continue;
      }
      layers.set_http(v1::LAYER_STATE_OK);
      layers.set_app(v1::LAYER_STATE_OK);
    }
  }
  return batch;
}

struct Scene {
  explicit Scene(benchmark::State& state)
      : plan(PlanOf(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)))),
        batch(BatchOf(plan)) {
    for (int i = 0; i < kAgents; ++i) {
      AgentRecord& agent = agents.emplace_back();
      agent.agent_id = Sha256(absl::StrCat("agent ", i));
      agent.role = v1::AGENT_ROLE_VOLUNTEER;
      agent.region = "CN-BJ";
      agent.enroll_time = kTestNow;
    }
    record.round_time = record.receive_time = kTestNow;
    record.country = "CN";
    record.asn = 4134;
    record.bucket = std::string(16, 'b');
  }

  Round RoundOf(const AgentRecord& agent) {
    record.agent_id = agent.agent_id;
    return MakeRound(record, batch, &round_plan, agent);
  }

  v1::Plan plan;
  v1::Batch batch;
  RoundPlan round_plan{plan};
  std::vector<AgentRecord> agents;
  LogRecord record;
};

void MakeRounds(benchmark::State& state) {
  Scene scene(state);
  for (auto _ : state) benchmark::DoNotOptimize(scene.RoundOf(scene.agents[0]));
}

void AddRounds(benchmark::State& state) {
  Scene scene(state);
  std::vector<Round> rounds;
  for (const AgentRecord& agent : scene.agents) rounds.push_back(scene.RoundOf(agent));
  Fold fold(absl::Hours(1), absl::Hours(72));
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(fold.Add(rounds[next]));
    next = (next + 7919) % rounds.size();  // as agents come: in no order
  }
}

// Targets and observations of a batch.
BENCHMARK(MakeRounds)->Args({6, 32})->Args({32, 32})->Args({6, 256})->Args({64, 256});
BENCHMARK(AddRounds)->Args({6, 32})->Args({32, 32})->Args({64, 256});

}  // namespace
}  // namespace sightline

BENCHMARK_MAIN();
