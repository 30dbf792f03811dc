// How agents end and change their keys, and the audit log, on both stores.
#include <thread>

#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kAll = 1'000'000;

class StoreAgentsTest : public StoreTest {
 protected:
  StoreAgentsTest() : store_(Open()) { Enroll(*store_, agent_); }

  v1::KeySuccession Succession(uint64_t generation, uint64_t from_seq,
                               const std::string& flavour = "") const {
    v1::KeySuccession succession;
    succession.set_agent_id(agent_.id());
    succession.set_generation(generation);
    succession.set_from_seq(from_seq);
    const std::string seed = absl::StrCat(generation, flavour);
    succession.set_public_key(AwkwardBytes("new key" + seed, kPublicKeyBytes));
    succession.set_signature(AwkwardBytes("signature" + seed, kSignatureBytes));
    succession.set_proof(AwkwardBytes("proof" + seed, kSignatureBytes));
    return succession;
  }

  LogRecord Record(uint64_t seq, uint64_t key_generation) const {
    LogRecord record = agent_.Record(seq);
    record.key_generation = key_generation;
    return record;
  }

  std::vector<std::string> ChangesAfter(int64_t after, size_t limit = 100) {
    std::vector<std::string> changes;
    for (const AgentChangeRecord& each : Value(store_->ReadAgentChanges(after, limit))) {
      EXPECT_EQ(each.change_seq, ++after);
      changes.push_back(each.agent_id);
    }
    return changes;
  }

  AuditEntryRecord Entry(const std::string& detail) const {
    return {0, TestTime(), "n1", "socket", "RevokeAgent", detail, ""};
  }

  const TestAgent agent_{1};
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(All, StoreAgentsTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreAgentsTest, OfAnEndedAgentNothingIsAppendedAndWhatIsThereStays) {
  ASSERT_EQ(AppendOne(*store_, "n1", agent_.Record(1)), AppendOutcome::kAppended);
  const AgentRecord ended =
      Value(store_->EndAgent(agent_.id(), v1::AGENT_END_REVOKED, TestTime() + absl::Hours(1)));
  EXPECT_EQ(ended.end, v1::AGENT_END_REVOKED);
  EXPECT_EQ(ended.end_time, TestTime() + absl::Hours(1));
  EXPECT_EQ(ended.last_seq, 1u);
  EXPECT_EQ(AppendOne(*store_, "n1", agent_.Record(2)), AppendOutcome::kConflict);
  EXPECT_EQ(AppendOne(*Open(), "n2", agent_.Record(2)), AppendOutcome::kConflict);
  CheckInvariants(*store_, {agent_});
  EXPECT_EQ(Value(store_->ReadLog("n1", 0, 10)).size(), 1u);
}

TEST_P(StoreAgentsTest, TheFirstEndStandsAndOnlyItIsToldOf) {
  ASSERT_OK(store_->EndAgent(agent_.id(), v1::AGENT_END_REVOKED, TestTime()).status());
  const AgentRecord again =
      Value(store_->EndAgent(agent_.id(), v1::AGENT_END_LEFT, TestTime() + absl::Hours(1)));
  EXPECT_EQ(again.end, v1::AGENT_END_REVOKED);
  EXPECT_EQ(again.end_time, TestTime());
  EXPECT_THAT(ChangesAfter(0), ElementsAre(agent_.id()));
  EXPECT_EQ(CodeOf(store_->EndAgent(TestAgent(2).id(), v1::AGENT_END_REVOKED, TestTime())),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store_->EndAgent(agent_.id(), v1::AGENT_END_UNSPECIFIED, TestTime())),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(StoreAgentsTest, WhoNeverSentAnythingIsForgottenWithNameInviteAndKeys) {
  ASSERT_OK(store_->AddKeySuccession(Succession(1, 1)));
  EXPECT_TRUE(Value(store_->ForgetOrEndAgent(agent_.id(), TestTime())));
  EXPECT_EQ(CodeOf(store_->FindAgent(agent_.id())), absl::StatusCode::kNotFound);
  EXPECT_THAT(Value(store_->ReadKeySuccessions(agent_.id())), IsEmpty());
  // Its number stays taken, by nobody.
  EXPECT_THAT(ChangesAfter(0), ElementsAre(std::string(kHashBytes, '\0')));
  EXPECT_EQ(AppendOne(*store_, "n1", agent_.Record(1)), AppendOutcome::kConflict);
  EXPECT_EQ(CodeOf(store_->ForgetOrEndAgent(agent_.id(), TestTime())), absl::StatusCode::kNotFound);
  // The invite is used for good, and does not say by whom.
  const auto again = store_->Enroll(agent_.token_hash(), agent_.ToEnroll());
  EXPECT_EQ(CodeOf(again), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(again.status().message()), HasSubstr("used by another key"));
}

TEST_P(StoreAgentsTest, WhoHasReportsInTheLogIsEndedInstead) {
  ASSERT_EQ(AppendOne(*store_, "n1", agent_.Record(1)), AppendOutcome::kAppended);
  EXPECT_FALSE(Value(store_->ForgetOrEndAgent(agent_.id(), TestTime())));
  EXPECT_FALSE(Value(store_->ForgetOrEndAgent(agent_.id(), TestTime() + absl::Hours(1))));
  const AgentRecord agent = Value(store_->FindAgent(agent_.id()));
  EXPECT_EQ(agent.end, v1::AGENT_END_LEFT);
  EXPECT_EQ(agent.end_time, TestTime());
  EXPECT_EQ(AppendOne(*store_, "n1", agent_.Record(2)), AppendOutcome::kConflict);
}

TEST_P(StoreAgentsTest, ASuccessionComesBackByteForByteAndARepeatIsNoError) {
  const v1::KeySuccession first = Succession(1, 1);
  const v1::KeySuccession second = Succession(2, 5);
  for (int i = 0; i < 2; ++i) ASSERT_OK(store_->AddKeySuccession(first));
  for (int i = 0; i < 2; ++i) ASSERT_OK(store_->AddKeySuccession(second));
  ASSERT_OK(store_->AddKeySuccession(first));
  const std::vector<v1::KeySuccession> held = Value(Open()->ReadKeySuccessions(agent_.id()));
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held[0].SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(held[1].SerializeAsString(), second.SerializeAsString());
  const AgentRecord agent = Value(store_->FindAgent(agent_.id()));
  EXPECT_EQ(agent.key_generation, 2u);
  EXPECT_EQ(agent.public_key, agent_.ToEnroll().public_key) << "the one that its name is made of";
  EXPECT_THAT(ChangesAfter(0), ElementsAre(agent_.id(), agent_.id()));
  EXPECT_THAT(ChangesAfter(1, 1), ElementsAre(agent_.id()));
}

TEST_P(StoreAgentsTest, AnotherGenerationOrAStoredBatchOrAnEndRefuseASuccession) {
  const auto refusal = [&](const v1::KeySuccession& succession) {
    const absl::Status status = store_->AddKeySuccession(succession);
    EXPECT_EQ(CodeOf(status), absl::StatusCode::kFailedPrecondition) << status;
    return std::string(status.message());
  };
  ASSERT_EQ(AppendOne(*store_, "n1", agent_.Record(1)), AppendOutcome::kAppended);
  EXPECT_THAT(refusal(Succession(2, 2)), HasSubstr("generation: the next is 1"));
  EXPECT_THAT(refusal(Succession(1, 1)), HasSubstr("from_seq: batches up to 1 are stored"));
  ASSERT_OK(store_->AddKeySuccession(Succession(1, 2)));
  EXPECT_THAT(refusal(Succession(1, 2, "other key")), HasSubstr("generation: the next is 2"));
  ASSERT_OK(store_->EndAgent(agent_.id(), v1::AGENT_END_REVOKED, TestTime()).status());
  EXPECT_THAT(refusal(Succession(2, 9)), HasSubstr("agent_id"));
  v1::KeySuccession stranger = Succession(1, 1);
  stranger.set_agent_id(TestAgent(2).id());
  EXPECT_EQ(CodeOf(store_->AddKeySuccession(stranger)), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store_->AddKeySuccession(Succession(0, 1))), absl::StatusCode::kInvalidArgument);
}

TEST_P(StoreAgentsTest, WhatWasVerifiedBeforeTheKeyChangedIsNotAppendedAfterIt) {
  ASSERT_EQ(AppendOne(*store_, "n1", Record(1, 0)), AppendOutcome::kAppended);
  ASSERT_OK(store_->AddKeySuccession(Succession(1, 3)));
  // Batch 2 is the old key's, but it was verified before the change was seen.
  EXPECT_EQ(AppendOne(*store_, "n1", Record(2, 0)), AppendOutcome::kConflict);
  EXPECT_EQ(AppendOne(*store_, "n1", Record(3, 0)), AppendOutcome::kConflict);
  EXPECT_EQ(AppendOne(*store_, "n1", Record(2, 1)), AppendOutcome::kAppended);
  const AppendResult mixed = Value(store_->Append("n1", {Record(3, 1), Record(4, 0)}));
  EXPECT_THAT(mixed.outcomes, ElementsAre(AppendOutcome::kAppended, AppendOutcome::kConflict));
  CheckInvariants(*store_, {agent_});
}

TEST_P(StoreAgentsTest, OfASuccessionAndABatchThatRaceForANumberOneWins) {
  for (uint64_t seq = 1; seq <= 8; ++seq) {
    const uint64_t generation = Value(store_->FindAgent(agent_.id())).key_generation;
    AppendOutcome appended = AppendOutcome::kConflict;
    absl::Status changed;
    std::thread appender([&] { appended = AppendOne(*store_, "n1", Record(seq, generation)); });
    changed = store_->AddKeySuccession(Succession(generation + 1, seq));
    appender.join();
    EXPECT_NE(appended == AppendOutcome::kAppended, changed.ok()) << changed;
    if (changed.ok()) {
      ASSERT_EQ(AppendOne(*store_, "n1", Record(seq, generation + 1)), AppendOutcome::kAppended);
    }
  }
  CheckInvariants(*store_, {agent_});
}

TEST_P(StoreAgentsTest, ChangesThatComeTogetherGetNumbersOfTheirOwn) {
  constexpr int kAgents = 6;
  std::vector<std::thread> threads;
  for (int i = 0; i < kAgents; ++i) Enroll(*store_, TestAgent(10 + i));
  for (int i = 0; i < kAgents; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_TRUE(store_->EndAgent(TestAgent(10 + i).id(), v1::AGENT_END_REVOKED, TestTime()).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ChangesAfter(0).size(), size_t{kAgents});
}

TEST_P(StoreAgentsTest, AuditEntriesAreNumberedFinishedAndReadNewestFirst) {
  const std::string odd = "reason=\"\xe8\xaf\xb4 '\\\\' %s\"";
  EXPECT_EQ(Value(store_->BeginAuditEntry(Entry(odd))), 1);
  EXPECT_EQ(Value(Open()->BeginAuditEntry(Entry("second"))), 2);
  EXPECT_EQ(Value(store_->BeginAuditEntry(Entry("third"))), 3);
  ASSERT_OK(store_->FinishAuditEntry(1, "OK"));
  EXPECT_EQ(CodeOf(store_->FinishAuditEntry(9, "OK")), absl::StatusCode::kNotFound);
  const std::vector<AuditEntryRecord> all = Value(store_->ListAuditEntries(kAll, 10));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].audit_seq, 3);
  EXPECT_EQ(all[0].outcome, "") << "the call has not ended";
  EXPECT_EQ(all[2].audit_seq, 1);
  EXPECT_EQ(all[2].time, TestTime());
  EXPECT_EQ(all[2].node, "n1");
  EXPECT_EQ(all[2].actor, "socket");
  EXPECT_EQ(all[2].method, "RevokeAgent");
  EXPECT_EQ(all[2].detail, odd);
  EXPECT_EQ(all[2].outcome, "OK");
  const std::vector<AuditEntryRecord> page = Value(store_->ListAuditEntries(3, 1));
  ASSERT_EQ(page.size(), 1u);
  EXPECT_EQ(page[0].audit_seq, 2);
}

TEST_P(StoreAgentsTest, TextsThatCannotBeKeptRefuseAnEntry) {
  EXPECT_EQ(CodeOf(store_->BeginAuditEntry(Entry(std::string("a\0b", 3)))),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(store_->BeginAuditEntry(Entry(std::string(1001, 'x')))),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Value(store_->ListAuditEntries(kAll, 10)), IsEmpty());
}

}  // namespace
}  // namespace sightline
