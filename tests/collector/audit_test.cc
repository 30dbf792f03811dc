#include <set>

#include "tests/collector/audit_fixture.h"

namespace sightline {
namespace {

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
    // There are no verdicts that it could be compared with.
    EXPECT_EQ(report.result(), internal::v1::AUDIT_RESULT_PARTIAL);
    EXPECT_THAT(ToText(report), EndsWith("what was compared fits, but NOT EVERYTHING WAS COMPARED: "
                                         "20 records without any verdict\n"));
  }
}

TEST_F(AuditTest, AnEmptyStoreFits) {
  MemoryStore empty;
  const auto report = Audit(empty, regions_, AuditOptions());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->result(), internal::v1::AUDIT_RESULT_FITS);
  EXPECT_THAT(ToText(*report), EndsWith("\neverything fits\n"));
}

TEST(AuditTextTest, NothingThatWasNotComparedIsLeftOutOfTheLastLine) {
  // Every count of the report but these says that something was not compared.
  const std::set<std::string> compared = {
      "records",          "tombstones",        "agents",
      "windows_compared", "verdicts_compared", "cells_compared",
      "problems_total",   "events_compared",   "timelines_compared"};
  const auto* fields = AuditReport::descriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = fields->field(i);
    if (field->type() != google::protobuf::FieldDescriptor::TYPE_UINT64) continue;
    AuditReport report;
    report.GetReflection()->SetUInt64(&report, field, 77);
    if (field->name() == "problems_total") {
      EXPECT_EQ(ResultOf(report), internal::v1::AUDIT_RESULT_WRONG);
      EXPECT_THAT(ToText(report), EndsWith("\nSOMETHING IS WRONG\n"));
    } else if (compared.contains(field->name())) {
      EXPECT_EQ(ResultOf(report), internal::v1::AUDIT_RESULT_FITS) << field->name();
    } else {
      EXPECT_EQ(ResultOf(report), internal::v1::AUDIT_RESULT_PARTIAL) << field->name();
      EXPECT_THAT(ToText(report), HasSubstr("NOT EVERYTHING WAS COMPARED: 77 ")) << field->name();
      report.set_problems_total(1);
      EXPECT_THAT(ToText(report), HasSubstr("\nnot compared: 77 ")) << field->name();
    }
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
  // The beginnings of the log and of both chains, of which one is gone whole.
  EXPECT_EQ(report.gaps_dropped(), 3u);
  EXPECT_EQ(report.result(), internal::v1::AUDIT_RESULT_PARTIAL);
}

TEST_F(AuditTest, WhatTheStoreAnswersIsReturned) {
  store_.FailWith(absl::UnavailableError("gone"));
  EXPECT_EQ(Audit(store_, regions_, AuditOptions()).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sightline
