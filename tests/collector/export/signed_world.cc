#include "tests/collector/export/signed_world.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "collector/fold_leader.h"
#include "collector/metrics.h"
#include "common/plan.h"
#include "common/regions.h"
#include "common/wire.h"
#include "tests/collector/fake_steady_clock.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

constexpr int kControls = 3;

void Observe(v1::Batch& batch, const std::string& check, bool reached) {
  v1::Observation& observation = *batch.add_observations();
  observation.set_check_id(check);
  v1::LayerVector& layers = *observation.mutable_layers();
  layers.set_dns(v1::LAYER_STATE_OK);
  layers.set_tcp(reached ? v1::LAYER_STATE_OK : v1::LAYER_STATE_BLOCKED);
  layers.set_tls(reached ? v1::LAYER_STATE_OK : v1::LAYER_STATE_UNTESTED);
  layers.set_http(layers.tls());
  layers.set_app(layers.tls());
  if (!reached) observation.set_failure("generic_timeout_error");
}

}  // namespace

SignedWorld::SignedWorld(SignedWorldOptions options) : options_(options) {
  for (size_t i = 0; i < 2 * Each() + kControls; ++i) {
    const char* region = IsControl(i) ? "DE" : i < Each() ? "CN-BJ" : "CN-SH";
    agents_.push_back(std::make_unique<TestAgent>(region));
  }
}

AgentRecord SignedWorld::Registry(size_t agent) const {
  AgentRecord record = agents_[agent]->Record();
  if (IsControl(agent)) record.role = v1::AGENT_ROLE_CONTROL;
  return record;
}

LogRecord SignedWorld::Round(size_t agent, int window) {
  TestAgent& sender = *agents_[agent];
  v1::Batch batch = sender.NextBatch(kTestNow + absl::Hours(window) + absl::Minutes(20));
  batch.clear_observations();
  const bool beijing = agent < Each();
  for (const char* target : {"whatsapp", "signal", "wechat", "weibo", "example"}) {
    const bool banned =
        absl::string_view(target) == "whatsapp" || absl::string_view(target) == "signal";
    const bool opened =
        beijing && window >= options_.opening && absl::string_view(target) == "whatsapp";
    Observe(batch, std::string(target) + "-web", IsControl(agent) || !banned || opened);
  }
  const v1::SignedBatch sealed = sender.Seal(batch);
  LogRecord record;
  record.agent_id = batch.agent_id();
  record.first_seq = record.batch_seq = batch.batch_seq();
  record.prev_hash = batch.prev_hash();
  record.chain_hash = ChainHash(sealed, batch);
  record.round_time = absl::FromUnixMillis(batch.round_time_ms());
  record.receive_time = record.round_time + absl::Seconds(3);
  record.country = IsControl(agent) ? "DE" : "CN";
  record.asn = IsControl(agent) ? 3320 : agent % 2 == 0 ? 4134 : 4837;
  record.bucket = batch.agent_id().substr(0, 16);  // an origin of its own
  record.batch = sealed.batch();
  record.signature = sealed.signature();
  return record;
}

void SignedWorld::Append(Store& store) {
  ASSERT_TRUE(store.AddPlan(1, SignPlan(TestPlan(1), operator_key_)).ok());
  for (size_t i = 0; i < agents_.size(); ++i) {
    const AgentRecord agent = Registry(i);
    const std::string token = Sha256(agent.agent_id);
    ASSERT_TRUE(store.AddInvites({{token, agent.role, kTestNow}}).ok());
    ASSERT_TRUE(store.Enroll(token, agent).ok());
  }
  for (int window = 0; window < options_.windows; ++window) {
    std::vector<LogRecord> group;
    for (size_t i = 0; i < agents_.size(); ++i) group.push_back(Round(i, window));
    const auto appended = store.Append(window % 3 == 2 ? "n2" : "n1", group);
    ASSERT_TRUE(appended.ok()) << appended.status();
    for (const AppendOutcome outcome : appended->outcomes) {
      ASSERT_EQ(outcome, AppendOutcome::kAppended);
    }
  }
}

void SignedWorld::Judge(Store& store) const {
  const LeaseRecord seen = *store.ReadLease(kFoldLease);
  const LeaseRecord held = {"n1", seen.term + 1, 0};
  ASSERT_TRUE(*store.MoveLease(kFoldLease, seen, held));
  const RegionNames names = *RegionNames::Load();
  FakeSteadyClock clock;
  Metrics metrics;
  FoldLeaderOptions options;
  options.node = "n1";
  FoldLeader leader(FoldLeaderParts{store, names, clock, metrics, nullptr}, options);
  ASSERT_TRUE(leader.Begin([] {}).ok());
  for (int quiet = 0; quiet < 3;) {
    clock.Advance(absl::Seconds(2));
    const absl::Status turned = leader.Turn(end(), held);
    ASSERT_TRUE(turned.ok()) << turned;
    quiet = leader.published() == 0 && leader.follower().caught_up() ? quiet + 1 : 0;
  }
  ASSERT_TRUE(leader.End(held).ok());
}

}  // namespace sightline
