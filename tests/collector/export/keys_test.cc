// Agents that changed their key, in a store and in an export of it.
#include "collector/export/export_check.h"
#include "collector/export/export_store.h"
#include "collector/export/export_writer.h"
#include "tests/collector/audit_fixture.h"
#include "tests/collector/key_chain.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

// Alice's eleventh batch and those behind it are signed by `next_`.
class KeysTest : public AuditTest {
 protected:
  KeysTest() {
    EXPECT_TRUE(store_.AddKeySuccession(Succession()).ok());
    AppendNew();
  }

  std::string id() const { return alice_.key().public_key().Id(); }
  v1::KeySuccession Succession() const {
    return MakeSuccession(id(), 1, kBatches + 1, alice_.key(), next_);
  }
  void AppendNew(const SigningKey* by = nullptr) {
    AppendBatch(alice_, alice_.NextBatch(kTestNow + absl::Minutes(10) * alice_.seq()), "n1",
                v1::LAYER_STATE_OK, by == nullptr ? &next_ : by);
  }

  // What is wrong with an export of the store.
  std::vector<std::string> KindsInExport() {
    ExportOptions options;
    options.now = kTestNow;
    const std::string path = folder_ / std::to_string(++exports_);
    EXPECT_TRUE(WriteExport(store_, path, options).ok());
    const auto report = CheckExport(path, regions_, CheckOptions());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? Kinds(report->audit()) : std::vector<std::string>{"none"};
  }

  const SigningKey next_ = SigningKey::Generate();
  const TempFolder folder_;
  int exports_ = 0;
};

TEST_F(KeysTest, EachBatchIsCheckedWithTheKeyOfItsNumber) {
  EXPECT_THAT(Kinds(Run()), IsEmpty());
  EXPECT_THAT(KindsInExport(), IsEmpty());
}

TEST_F(KeysTest, ABatchByTheKeyOfAnotherNumberIsFound) {
  AppendNew(&alice_.key());
  EXPECT_THAT(Kinds(Run()), ElementsAre("BAD_SIGNATURE"));
  EXPECT_THAT(KindsInExport(), ElementsAre("BAD_SIGNATURE"));
}

TEST_F(KeysTest, AForgedStatementIsFound) {
  // By a collector that wants to speak for bob.
  const SigningKey forger = SigningKey::Generate();
  EXPECT_TRUE(store_
                  .AddKeySuccession(
                      MakeSuccession(bob_.key().public_key().Id(), 1, kBatches + 1, forger, forger))
                  .ok());
  EXPECT_THAT(Kinds(Run()), ElementsAre("UNKNOWN_AGENT"));
  EXPECT_THAT(KindsInExport(), ElementsAre("UNKNOWN_AGENT"));
}

TEST_F(KeysTest, AnExportHoldsTheStatementsAndTheEnd) {
  EXPECT_TRUE(store_.EndAgent(id(), v1::AGENT_END_LEFT, kTestNow).ok());
  ExportOptions options;
  options.now = kTestNow;
  ASSERT_TRUE(WriteExport(store_, folder_ / "export", options).ok());
  const auto read = ExportStore::Open(folder_ / "export", nullptr);
  ASSERT_TRUE(read.ok()) << read.status();
  const auto successions = (*read)->ReadKeySuccessions(id());
  ASSERT_TRUE(successions.ok());
  ASSERT_THAT(*successions, SizeIs(1));
  EXPECT_EQ(successions->front().SerializeAsString(), Succession().SerializeAsString());
  const auto agent = (*read)->FindAgent(id());
  ASSERT_TRUE(agent.ok());
  EXPECT_EQ(agent->end, v1::AGENT_END_LEFT);
  EXPECT_EQ(agent->end_time, kTestNow);
  EXPECT_EQ(agent->key_generation, 1u);
  EXPECT_TRUE((*read)->ReadKeySuccessions(bob_.key().public_key().Id())->empty());
}

TEST_F(KeysTest, AKeyThatChangesWhileTheLogIsReadIsFollowed) {
  // The registry is read first; then the key changes and a batch comes.
  class ChangingStore : public DamagedStore {
   public:
    absl::StatusOr<std::vector<std::string>> ListNodes() override {
      if (then) std::exchange(then, nullptr)();
      return DamagedStore::ListNodes();
    }
    std::function<void()> then;
  };
  ChangingStore store;
  TestAgent agent;
  store.AddAgent(agent.Record());
  EXPECT_TRUE(store.AddPlan(1, SignPlan(TestPlan(1), operator_key_)).ok());
  store.then = [&] {
    const SigningKey next = SigningKey::Generate();
    const std::string agent_id = agent.key().public_key().Id();
    EXPECT_TRUE(store.AddKeySuccession(MakeSuccession(agent_id, 1, 1, agent.key(), next)).ok());
    v1::Batch batch = agent.NextBatch();
    Observe(batch, v1::LAYER_STATE_OK);
    const v1::SignedBatch sealed = SealBatch(batch, next);
    LogRecord record;
    record.agent_id = agent_id;
    record.first_seq = record.batch_seq = 1;
    record.prev_hash = GenesisHash();
    record.chain_hash = ChainHash(sealed, batch);
    record.round_time = record.receive_time = absl::FromUnixMillis(batch.round_time_ms());
    record.bucket = agent_id.substr(0, 16);
    record.batch = sealed.batch();
    record.signature = sealed.signature();
    record.key_generation = 1;
    EXPECT_EQ(store.Append("n1", {record})->outcomes[0], AppendOutcome::kAppended);
  };
  const auto report = Audit(store, regions_, AuditOptions());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(Kinds(*report), IsEmpty()) << ToText(*report);
  EXPECT_EQ(report->records(), 1u);
}

}  // namespace
}  // namespace sightline
