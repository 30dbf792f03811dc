// A store with a log that may be damaged on its way out, and the audit of it.
#ifndef SIGHTLINE_TESTS_COLLECTOR_AUDIT_FIXTURE_H_
#define SIGHTLINE_TESTS_COLLECTOR_AUDIT_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "collector/audit.h"
#include "collector/verdict/cells.h"
#include "collector/verdict/fold.h"
#include "collector/verdict/verdict.h"
#include "common/message.h"
#include "common/plan.h"
#include "sightline/internal/v1/fold.pb.h"
#include "tests/collector/memory_store.h"
#include "tests/collector/test_agent.h"

namespace sightline {

using internal::v1::AuditProblem;
using internal::v1::AuditReport;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What a reader gets is not what was appended.
class DamagedStore : public MemoryStore {
 public:
  using Damage = std::function<void(std::vector<LogRecord>&)>;
  void SetDamage(Damage damage) { damage_ = std::move(damage); }

  absl::StatusOr<std::vector<LogRecord>> ReadLog(absl::string_view node, uint64_t after,
                                                 size_t limit) override {
    absl::StatusOr<std::vector<LogRecord>> records = MemoryStore::ReadLog(node, after, limit);
    if (records.ok() && damage_) damage_(*records);
    return records;
  }

 private:
  Damage damage_;
};

// Two agents whose chains lie in the logs of two nodes, ten records in each log.
class AuditTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kBatches = 10;

  AuditTest() {
    EXPECT_TRUE(store_.AddPlan(1, SignPlan(TestPlan(1), operator_key_)).ok());
    store_.AddAgent(alice_.Record());
    store_.AddAgent(bob_.Record());
    for (uint64_t i = 0; i < kBatches; ++i) {
      // The later node is read first: what it holds of a chain comes before the beginning.
      Append(alice_, i < kBatches / 2 ? "n2" : "n1");
      Append(bob_, i % 2 == 0 ? "n2" : "n1");
    }
  }

  void Append(TestAgent& agent, const std::string& node) {
    const v1::Batch batch = agent.NextBatch(kTestNow + absl::Minutes(10) * agent.seq());
    AppendBatch(agent, batch, node);
  }

  // The round of a line on which everything else works.
  static void Observe(v1::Batch& batch, v1::LayerState signal) {
    batch.clear_observations();
    for (const char* check : {"whatsapp-web", "signal-web", "wechat-web", "weibo-web"}) {
      v1::Observation& observation = *batch.add_observations();
      observation.set_check_id(check);
      v1::LayerVector& layers = *observation.mutable_layers();
      layers.set_dns(v1::LAYER_STATE_OK);
      layers.set_tcp(v1::LAYER_STATE_OK);
      layers.set_tls(absl::string_view(check) == "signal-web" ? signal : v1::LAYER_STATE_OK);
      layers.set_http(v1::LAYER_STATE_OK);
      layers.set_app(v1::LAYER_STATE_OK);
    }
  }

  // Signed with `new_key` when that is given, else with the agent's first one.
  void AppendBatch(TestAgent& agent, v1::Batch batch, const std::string& node,
                   v1::LayerState signal = v1::LAYER_STATE_OK,
                   const SigningKey* new_key = nullptr) {
    if (!batch.has_tombstone()) Observe(batch, signal);
    v1::SignedBatch sealed = agent.Seal(batch);
    if (new_key != nullptr) sealed = SealBatch(batch, *new_key);
    LogRecord record;
    record.agent_id = batch.agent_id();
    record.first_seq = FirstSeq(batch);
    record.batch_seq = batch.batch_seq();
    record.prev_hash = batch.prev_hash();
    record.chain_hash = ChainHash(sealed, batch);
    record.round_time = absl::FromUnixMillis(batch.round_time_ms());
    record.receive_time = record.round_time + absl::Seconds(3);
    record.country = "CN";
    record.asn = 4134;
    record.bucket = batch.agent_id().substr(0, 16);  // an origin of its own
    record.batch = sealed.batch();
    record.signature = sealed.signature();
    record.key_generation = store_.FindAgent(record.agent_id)->key_generation;
    const auto result = store_.Append(node, {record});
    ASSERT_TRUE(result.ok());
    ASSERT_EQ(result->outcomes[0], AppendOutcome::kAppended);
  }

  // Changes one record on its way to the auditor.
  void Change(const std::string& node, uint64_t node_seq, std::function<void(LogRecord&)> change) {
    store_.SetDamage([=](std::vector<LogRecord>& records) {
      for (LogRecord& record : records) {
        if (record.node == node && record.node_seq == node_seq) change(record);
      }
    });
  }

  AuditReport Run(size_t page_records = 3) {
    AuditOptions options;
    options.page_records = page_records;
    options.list_agents = true;
    const absl::StatusOr<AuditReport> report = Audit(store_, regions_, options);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : AuditReport();
  }

  // Kinds of what is wrong, in the order of the report.
  std::vector<std::string> Kinds(const AuditReport& report) {
    std::vector<std::string> kinds;
    for (const AuditProblem& problem : report.problems())
      kinds.push_back(ShortName(problem.kind()));
    return kinds;
  }

  const SigningKey operator_key_ = SigningKey::Generate();
  const RegionNames regions_ = *RegionNames::Load();
  DamagedStore store_;
  TestAgent alice_{"CN-BJ"};
  TestAgent bob_{"CN-SH"};
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_AUDIT_FIXTURE_H_
