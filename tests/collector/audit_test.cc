#include "collector/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "collector/verdict/cells.h"
#include "collector/verdict/fold.h"
#include "collector/verdict/verdict.h"
#include "common/message.h"
#include "common/plan.h"
#include "sightline/internal/v1/fold.pb.h"
#include "tests/collector/memory_store.h"
#include "tests/collector/test_agent.h"

namespace sightline {
namespace {

using internal::v1::AuditProblem;
using internal::v1::AuditReport;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
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

  void AppendBatch(TestAgent& agent, v1::Batch batch, const std::string& node,
                   v1::LayerState signal = v1::LAYER_STATE_OK) {
    if (!batch.has_tombstone()) Observe(batch, signal);
    const v1::SignedBatch sealed = agent.Seal(batch);
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

TEST_F(AuditTest, FindsNothingWhereNothingIsWrong) {
  for (const size_t page : {1, 3, 1000}) {
    const AuditReport report = Run(page);
    EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
    EXPECT_EQ(report.records(), 2 * kBatches);
    EXPECT_EQ(report.agents(), 2u);
    ASSERT_THAT(report.nodes(), SizeIs(2));
    EXPECT_EQ(report.nodes(0).last_node_seq(), kBatches);
    ASSERT_THAT(report.agent_chains(), SizeIs(2));
    EXPECT_EQ(report.agent_chains(0).last_seq(), kBatches);
    EXPECT_EQ(report.agent_chains(0).records(), kBatches);
    EXPECT_THAT(ToText(report), HasSubstr("everything fits"));
  }
}

TEST_F(AuditTest, ATombstoneContinuesItsChain) {
  v1::Batch batch = bob_.NextBatch(kTestNow + absl::Hours(3));
  batch.clear_observations();
  batch.set_batch_seq(kBatches + 7);
  v1::Tombstone& tombstone = *batch.mutable_tombstone();
  tombstone.set_first_seq(kBatches + 1);
  tombstone.set_last_seq(kBatches + 7);
  tombstone.set_continues_from(std::string(32, 'c'));
  AppendBatch(bob_, batch, "n1");
  Append(bob_, "n2");
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_EQ(report.tombstones(), 1u);
}

TEST_F(AuditTest, NamesTheRecordWhoseSignatureDoesNotFit) {
  Change("n1", 4, [](LogRecord& record) { record.signature[5] ^= 1; });
  const AuditReport report = Run();
  ASSERT_THAT(Kinds(report), ElementsAre("BAD_SIGNATURE")) << ToText(report);
  EXPECT_EQ(report.problems(0).node(), "n1");
  EXPECT_EQ(report.problems(0).node_seq(), 4u);
  EXPECT_THAT(ToText(report), HasSubstr("BAD_SIGNATURE, node n1 record 4, agent "));
  EXPECT_THAT(ToText(report), HasSubstr("SOMETHING IS WRONG"));
}

TEST_F(AuditTest, NamesTheColumnsThatDifferFromTheSignedBytes) {
  Change("n2", 2, [](LogRecord& record) {
    record.round_time += absl::Hours(1);
    record.batch_seq += 100;
  });
  const AuditReport report = Run();
  EXPECT_THAT(report.problems(0).detail(), HasSubstr("batch_seq, round_time"));
}

TEST_F(AuditTest, BytesThatAreNoBatchAreToldAndTheRestIsRead) {
  Change("n2", 2, [](LogRecord& record) { record.batch = "\xff\xff\xff"; });
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), ElementsAre("BAD_SIGNATURE", "MALFORMED"));
  EXPECT_EQ(report.records(), 2 * kBatches);
}

TEST_F(AuditTest, ARecordThatIsGoneLeavesAGapInItsNodeAndItsChain) {
  store_.SetDamage([](std::vector<LogRecord>& records) {
    std::erase_if(records, [](const LogRecord& record) {
      return record.node == "n1" && record.node_seq == 5;
    });
  });
  const AuditReport report = Run(1000);
  EXPECT_THAT(Kinds(report), ElementsAre("NODE_GAP", "CHAIN_GAP")) << ToText(report);
  EXPECT_EQ(report.problems(0).node_seq(), 6u);
  EXPECT_THAT(report.problems(1).detail(), HasSubstr("are missing"));
}

TEST_F(AuditTest, ALostEndOfTheLogIsNoticedByTheRegistry) {
  store_.SetDamage([](std::vector<LogRecord>& records) {
    std::erase_if(records, [](const LogRecord& record) {
      return record.node == "n1" && record.node_seq > 8;
    });
  });
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), ElementsAre("CHAIN_END", "CHAIN_END")) << ToText(report);
}

TEST_F(AuditTest, ARecordThatIsThereTwiceIsToldOnce) {
  store_.SetDamage([](std::vector<LogRecord>& records) {
    if (records.empty() || records[0].node != "n2" || records[0].node_seq != 1) return;
    LogRecord again = records[0];
    again.node_seq = records.back().node_seq + 1;
    records.push_back(again);
  });
  const AuditReport report = Run(1000);
  EXPECT_THAT(Kinds(report), ElementsAre("DUPLICATE")) << ToText(report);
  EXPECT_EQ(report.problems(0).node_seq(), kBatches + 1);
}

TEST_F(AuditTest, AHeadThatTheLogDoesNotHaveIsTold) {
  AgentRecord agent = *store_.FindAgent(bob_.key().public_key().Id());
  agent.head = std::string(32, 'x');
  store_.AddAgent(agent);
  EXPECT_THAT(Kinds(Run()), ElementsAre("CHAIN_END"));
}

TEST_F(AuditTest, ARecordThatTheRegistryDoesNotCoverIsTold) {
  AgentRecord agent = *store_.FindAgent(bob_.key().public_key().Id());
  agent.last_seq -= 1;
  agent.head = store_.log()[2 * kBatches - 3].chain_hash;
  store_.AddAgent(agent);
  const AuditReport report = Run();
  ASSERT_THAT(Kinds(report), ElementsAre("CHAIN_END")) << ToText(report);
  EXPECT_THAT(report.problems(0).detail(), HasSubstr("the registry ends with 9"));
}

TEST_F(AuditTest, AKeyThatIsNotTheAgentsIsTold) {
  AgentRecord agent = *store_.FindAgent(bob_.key().public_key().Id());
  agent.public_key = alice_.key().public_key().raw();
  store_.AddAgent(agent);
  EXPECT_THAT(Kinds(Run()), ElementsAre("UNKNOWN_AGENT"));
}

TEST_F(AuditTest, AChainThatDoesNotContinueIsTold) {
  // Both are signed, but the second one does not follow the first.
  Change("n2", 3, [](LogRecord& record) { record.prev_hash = std::string(32, 'p'); });
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), testing::UnorderedElementsAre("MALFORMED", "BROKEN_CHAIN"));
}

TEST_F(AuditTest, HolesOfDroppedDaysAreNoProblem) {
  ASSERT_TRUE(store_.DropDaysBefore(absl::ToUnixSeconds(kTestNow) / 86400 + 1).ok());
  ASSERT_THAT(store_.log(), IsEmpty());
  AppendBatch(bob_, bob_.NextBatch(kTestNow + absl::Hours(30)), "n1");
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_EQ(report.records(), 1u);
  EXPECT_EQ(report.gaps_dropped(), 2u);
}

// The same with the verdicts that a fold has written.
class AuditVerdictsTest : public AuditTest {
 protected:
  AuditVerdictsTest() {
    Fold fold(kWindow, absl::Hours(72));
    for (const LogRecord& record : store_.log()) {
      v1::Batch batch;
      EXPECT_TRUE(batch.ParseFromString(record.batch));
      fold.Add(MakeRound(record, batch, &plan_, *store_.FindAgent(record.agent_id)));
    }
    for (const absl::Time start : fold.Starts()) JudgeWindow(*fold.Find(start));
    checkpoint_.positions = {{"n1", kBatches}, {"n2", kBatches}};
    Write();
  }

  void JudgeWindow(const Window& window) {
    const Judgement judgement = JudgeWithTallies(window, plan_, "CN", regions_);
    for (size_t i = 0; i < judgement.tallies.size(); ++i) {
      const v1::TargetVerdict& verdict = judgement.summary.verdicts(static_cast<int>(i));
      rows_.push_back({verdict.target_id(), "CN", window.start, kWindow,
                       std::string(kRulesetVersion), verdict.SerializeAsString(),
                       SerializeCells(judgement.tallies[i])});
    }
  }

  void Write() {
    const LeaseRecord held{"n1", 1, 1};
    const LeaseRecord seen = *store_.ReadLease("fold");
    ASSERT_TRUE(*store_.MoveLease("fold", seen, held));
    ASSERT_TRUE(
        store_.WriteFold("fold", held, {.verdicts = rows_, .checkpoint = &checkpoint_}).ok());
  }

  static constexpr absl::Duration kWindow = absl::Minutes(30);
  const v1::Plan plan_ = TestPlan(1);
  std::vector<VerdictRecord> rows_;
  FoldCheckpoint checkpoint_;
};

TEST_F(AuditVerdictsTest, AFreshFoldGivesTheSameBytes) {
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_EQ(report.windows_compared(), 4u);  // 100 minutes
  EXPECT_EQ(report.verdicts_compared(), 4u * 5);
  EXPECT_GT(report.cells_compared(), 0u);
  EXPECT_EQ(report.verdicts_behind(), 0u);
  EXPECT_EQ(report.windows_without_verdicts(), 0u);
}

TEST_F(AuditVerdictsTest, ReadsOldDaysFirstAndForgetsThem) {
  // So late that everything before it is final and compared before this is read.
  AppendBatch(alice_, alice_.NextBatch(kTestNow + absl::Hours(24 * 9)), "n1");
  const AuditReport report = Run(1);
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_EQ(report.windows_compared(), 4u);
}

TEST_F(AuditVerdictsTest, NamesTheVerdictThatTheLogDoesNotGive) {
  v1::TargetVerdict verdict;
  ASSERT_TRUE(verdict.ParseFromString(rows_[7].verdict));
  verdict.add_open_regions("CN-BJ");
  rows_[7].verdict = verdict.SerializeAsString();
  Write();
  const AuditReport report = Run();
  ASSERT_THAT(Kinds(report), ElementsAre("VERDICT")) << ToText(report);
  EXPECT_EQ(report.problems(0).target_id(), rows_[7].target_id);
  EXPECT_EQ(report.problems(0).window_start_ms(), absl::ToUnixMillis(rows_[7].window_start));
  EXPECT_EQ(report.problems(0).country(), "CN");
}

TEST_F(AuditVerdictsTest, NamesTheCellsThatTheLogDoesNotGive) {
  internal::v1::Cells cells;
  ASSERT_TRUE(cells.ParseFromString(rows_[3].cells));
  cells.set_controls_decided(17);
  rows_[3].cells = cells.SerializeAsString();
  Write();
  EXPECT_THAT(Kinds(Run()), ElementsAre("CELLS"));
}

TEST_F(AuditVerdictsTest, ARecordThatTheFoldMissedShows) {
  // Its window was judged without it, and the checkpoint says that it was read.
  AppendBatch(alice_, alice_.NextBatch(kTestNow + absl::Minutes(40)), "n1",
              v1::LAYER_STATE_BLOCKED);
  checkpoint_.positions["n1"] = kBatches + 1;
  rows_.clear();
  Write();
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), Each(AnyOf("VERDICT", "CELLS")));
  EXPECT_GT(report.problems_total(), 0u);
}

TEST_F(AuditVerdictsTest, ARecordThatTheFoldHasNotReachedIsNoProblem) {
  AppendBatch(alice_, alice_.NextBatch(kTestNow + absl::Minutes(40)), "n1",
              v1::LAYER_STATE_BLOCKED);
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_GT(report.verdicts_behind(), 0u);
  EXPECT_THAT(ToText(report), AllOf(HasSubstr("may not have come that far: CELLS, window "),
                                    HasSubstr("everything that was compared fits")));
}

TEST_F(AuditVerdictsTest, WithoutARecordForAMinuteTheFoldHasJudgedAllThatItFolded) {
  // The newest window is not what its records say.
  rows_.back().cells.clear();
  Write();
  EXPECT_THAT(Kinds(Run()), IsEmpty());
  AuditOptions options;
  options.read_time = kTestNow + absl::Hours(10);
  const absl::StatusOr<AuditReport> report = Audit(store_, regions_, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(Kinds(*report), ElementsAre("CELLS"));
}

TEST_F(AuditVerdictsTest, AVerdictThatIsMissingOrTooMuchIsTold) {
  // Before the newest, so that there are others of its window.
  VerdictRecord extra = rows_[0];
  extra.target_id = "nobody";
  rows_.push_back(extra);
  Write();
  const AuditReport report = Run();
  ASSERT_THAT(Kinds(report), ElementsAre("VERDICT_SET"));
  EXPECT_EQ(report.problems(0).target_id(), "nobody");
}

TEST_F(AuditVerdictsTest, VerdictsByOtherRulesAreCounted) {
  for (VerdictRecord& row : rows_) {
    if (row.window_start == kTestNow) row.ruleset_version = "0";
  }
  Write();
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_EQ(report.verdicts_other_rules(), 5u);
  EXPECT_EQ(report.windows_compared(), 3u);
}

TEST_F(AuditTest, WhatTheStoreAnswersIsReturned) {
  store_.FailWith(absl::UnavailableError("gone"));
  EXPECT_EQ(Audit(store_, regions_, AuditOptions()).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sightline
