#include "collector/store/append_plan.h"
#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr AppendOutcome kAppended = AppendOutcome::kAppended;
constexpr AppendOutcome kConflict = AppendOutcome::kConflict;

// The day of the log that the record is kept in.
int64_t DayOfRecord(const TestAgent& agent, uint64_t seq) {
  return DayOf(absl::ToUnixMillis(agent.Record(seq).round_time));
}

class StoreLogTest : public StoreTest {
 protected:
  StoreLogTest() : store_(Open()) {
    for (const TestAgent& agent : agents_) Enroll(*store_, agent);
  }

  std::vector<uint64_t> SeqsOf(absl::string_view node) {
    const auto records = store_->ReadLog(node, 0, 1000);
    EXPECT_TRUE(records.ok()) << records.status();
    std::vector<uint64_t> seqs;
    for (const LogRecord& record : *records) seqs.push_back(record.batch_seq);
    return seqs;
  }

  const TestAgent a_{1};
  const TestAgent b_{2};
  const TestAgent c_{3};
  const std::vector<TestAgent> agents_ = {a_, b_, c_};
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(All, StoreLogTest, testing::Values(Backend::kSqlite, Backend::kPostgresql),
                         BackendName);

TEST_P(StoreLogTest, RecordComesBackByteForByte) {
  LogRecord sent = a_.Record(1);
  ASSERT_EQ(AppendOne(*store_, "n1", sent), kAppended);
  const auto read = store_->ReadLog("n1", 0, 10);
  ASSERT_OK(read.status());
  ASSERT_EQ(read->size(), 1u);
  const LogRecord& got = (*read)[0];
  EXPECT_EQ(got.node, "n1");
  EXPECT_EQ(got.node_seq, 1u);
  EXPECT_EQ(got.agent_id, sent.agent_id);
  EXPECT_EQ(got.first_seq, 1u);
  EXPECT_EQ(got.batch_seq, 1u);
  EXPECT_EQ(got.prev_hash, sent.prev_hash);
  EXPECT_EQ(got.chain_hash, sent.chain_hash);
  EXPECT_EQ(got.round_time, sent.round_time);
  EXPECT_EQ(got.receive_time, sent.receive_time);
  EXPECT_EQ(got.country, "CN");
  EXPECT_EQ(got.asn, sent.asn);
  EXPECT_EQ(got.bucket, sent.bucket);
  EXPECT_EQ(got.batch, sent.batch);
  EXPECT_EQ(got.signature, sent.signature);
  EXPECT_EQ(*store_->FindBatch(a_.id(), 1, DayOfRecord(a_, 1)), sent.batch);
}

TEST_P(StoreLogTest, EmptyBytesAndUnknownCountryAreKept) {
  LogRecord record = a_.Record(1);
  record.batch.clear();
  record.country.clear();
  record.asn = 0;
  ASSERT_EQ(AppendOne(*store_, "n1", record), kAppended);
  const auto read = store_->ReadLog("n1", 0, 10);
  ASSERT_OK(read.status());
  EXPECT_EQ((*read)[0].batch, "");
  EXPECT_EQ((*read)[0].country, "");
  EXPECT_EQ((*read)[0].asn, 0u);
}

TEST_P(StoreLogTest, RetryIsAConflictAndStoresNothing) {
  ASSERT_EQ(AppendOne(*store_, "n1", a_.Record(1)), kAppended);
  EXPECT_EQ(AppendOne(*store_, "n1", a_.Record(1)), kConflict);
  EXPECT_EQ(AppendOne(*store_, "n2", a_.Record(1)), kConflict);
  EXPECT_EQ(AppendOne(*store_, "n1", a_.Record(2)), kAppended);
  EXPECT_THAT(SeqsOf("n1"), ElementsAre(1, 2));
  CheckInvariants(*store_, agents_);
}

TEST_P(StoreLogTest, RepeatOnAnotherDayIsAConflict) {
  ASSERT_EQ(AppendOne(*store_, "n1", a_.Record(1)), kAppended);
  LogRecord moved = a_.Record(1);
  moved.round_time += absl::Hours(24);
  EXPECT_EQ(AppendOne(*store_, "n1", moved), kConflict);
}

TEST_P(StoreLogTest, GapBrokenChainAndUnknownAgentAreConflicts) {
  ASSERT_EQ(AppendOne(*store_, "n1", a_.Record(1)), kAppended);
  EXPECT_EQ(AppendOne(*store_, "n1", a_.Record(3)), kConflict);
  LogRecord broken = a_.Record(2);
  broken.prev_hash = std::string(kHashBytes, '\xff');
  EXPECT_EQ(AppendOne(*store_, "n1", broken), kConflict);
  EXPECT_EQ(AppendOne(*store_, "n1", TestAgent(99).Record(1)), kConflict);
  EXPECT_THAT(SeqsOf("n1"), ElementsAre(1));
  CheckInvariants(*store_, agents_);
}

TEST_P(StoreLogTest, ConsecutiveRecordsOfOneAgentMoveItTogether) {
  const auto outcomes =
      store_->Append("n1", {a_.Record(1), a_.Record(2), a_.Record(3), a_.Record(4)});
  ASSERT_OK(outcomes.status());
  EXPECT_THAT(outcomes->outcomes, Each(kAppended));
  EXPECT_EQ(store_->FindAgent(a_.id())->last_seq, 4u);
  EXPECT_EQ(store_->FindAgent(a_.id())->head, a_.HashOf(4));
  CheckInvariants(*store_, agents_);
}

TEST_P(StoreLogTest, ConflictOfOneAgentLeavesTheOthersOfItsGroup) {
  ASSERT_EQ(AppendOne(*store_, "n1", b_.Record(1)), kAppended);
  const auto outcomes =
      store_->Append("n1", {a_.Record(1), b_.Record(1), c_.Record(1), b_.Record(2), a_.Record(2)});
  ASSERT_OK(outcomes.status());
  EXPECT_THAT(outcomes->outcomes,
              ElementsAre(kAppended, kConflict, kAppended, kConflict, kAppended));
  EXPECT_EQ(store_->FindAgent(a_.id())->last_seq, 2u);
  EXPECT_EQ(store_->FindAgent(b_.id())->last_seq, 1u);
  EXPECT_EQ(store_->FindAgent(c_.id())->last_seq, 1u);
  CheckInvariants(*store_, agents_);
}

TEST_P(StoreLogTest, RecordsBehindABreakInsideTheGroupAreConflicts) {
  const auto outcomes = store_->Append(
      "n1", {a_.Record(1), a_.Record(2), a_.Record(2), a_.Record(3), b_.Record(1), a_.Record(4)});
  ASSERT_OK(outcomes.status());
  EXPECT_THAT(outcomes->outcomes,
              ElementsAre(kAppended, kAppended, kConflict, kConflict, kAppended, kConflict));
  CheckInvariants(*store_, agents_);
}

TEST_P(StoreLogTest, GroupOfConflictsOnlyTakesNoNodeSeq) {
  const auto outcomes = store_->Append("n1", {a_.Record(2), b_.Record(5)});
  ASSERT_OK(outcomes.status());
  EXPECT_THAT(outcomes->outcomes, Each(kConflict));
  EXPECT_THAT(*store_->ListNodes(), ElementsAre());
  ASSERT_EQ(AppendOne(*store_, "n1", a_.Record(1)), kAppended);
  EXPECT_EQ((*store_->ReadLog("n1", 0, 1))[0].node_seq, 1u);
}

TEST_P(StoreLogTest, EmptyGroupIsNoError) {
  const auto outcomes = store_->Append("n1", {});
  ASSERT_OK(outcomes.status());
  EXPECT_TRUE(outcomes->outcomes.empty());
}

TEST_P(StoreLogTest, TombstoneStandsForItsRange) {
  const auto outcomes =
      store_->Append("n1", {a_.Record(1), a_.Tombstone(2, 9), a_.Record(10), b_.Tombstone(1, 3)});
  ASSERT_OK(outcomes.status());
  EXPECT_THAT(outcomes->outcomes, Each(kAppended));
  EXPECT_EQ(store_->FindAgent(a_.id())->last_seq, 10u);
  EXPECT_EQ(store_->FindAgent(b_.id())->last_seq, 3u);
  // A batch that the tombstone stands for does not come back.
  EXPECT_EQ(AppendOne(*store_, "n1", a_.Record(5)), kConflict);
  EXPECT_EQ(AppendOne(*store_, "n1", b_.Record(4)), kAppended);
  EXPECT_EQ((*store_->ReadLog("n1", 1, 1))[0].first_seq, 2u);
  CheckInvariants(*store_, agents_);
}

TEST_P(StoreLogTest, NodeSeqFollowsTheOrderOfTheGroupAndReadLogPages) {
  ASSERT_OK(store_->Append("n1", {c_.Record(1), a_.Record(1), c_.Record(2)}).status());
  ASSERT_OK(store_->Append("n1", {b_.Record(1), a_.Record(2)}).status());
  std::vector<std::string> order;
  uint64_t after = 0;
  for (size_t expected_size : {2, 2, 1, 0}) {
    const auto page = store_->ReadLog("n1", after, 2);
    ASSERT_OK(page.status());
    ASSERT_EQ(page->size(), expected_size);
    for (const LogRecord& record : *page) {
      EXPECT_EQ(record.node_seq, ++after);
      order.push_back(record.agent_id);
    }
  }
  EXPECT_THAT(order, ElementsAre(c_.id(), a_.id(), c_.id(), b_.id(), a_.id()));
  EXPECT_TRUE(store_->ReadLog("n1", 0, 0)->empty());
  EXPECT_TRUE(store_->ReadLog("unknown", 0, 10)->empty());
  EXPECT_EQ(store_->ReadLog("n1", 0, SIZE_MAX)->size(), 5u);
}

TEST_P(StoreLogTest, EveryNodeHasItsOwnOrder) {
  const auto other = Open();
  ASSERT_EQ(AppendOne(*store_, "n2", a_.Record(1)), kAppended);
  ASSERT_EQ(AppendOne(*other, "N1", a_.Record(2)), kAppended);
  ASSERT_EQ(AppendOne(*store_, "n2", a_.Record(3)), kAppended);
  ASSERT_EQ(AppendOne(*other, "n-10", b_.Record(1)), kAppended);
  EXPECT_THAT(SeqsOf("n2"), ElementsAre(1, 3));
  EXPECT_THAT(SeqsOf("N1"), ElementsAre(2));
  EXPECT_THAT(*store_->ListNodes(), ElementsAre("N1", "n-10", "n2"));
  CheckInvariants(*other, agents_);
}

TEST_P(StoreLogTest, SeekLogFindsTheFirstRecordThatIsNotTooOld) {
  EXPECT_EQ(*store_->SeekLog("n1", absl::InfinitePast()), 0u);
  const absl::Time start = absl::FromUnixSeconds(86400 * 19000);
  const int hours[] = {1, 25, 30, 49, 49, 73};
  for (int i = 0; i < 6; ++i) {
    LogRecord record = a_.Record(static_cast<uint64_t>(i) + 1);
    record.receive_time = start + absl::Hours(hours[i]);
    ASSERT_EQ(AppendOne(*store_, "n1", record), kAppended);
  }
  const auto seek = [&](absl::Duration offset) { return *store_->SeekLog("n1", start + offset); };
  EXPECT_EQ(*store_->SeekLog("n1", absl::InfinitePast()), 0u);
  EXPECT_EQ(seek(absl::Hours(0)), 0u);
  EXPECT_EQ(seek(absl::Hours(1)), 0u);
  EXPECT_EQ(seek(absl::Hours(1) + absl::Nanoseconds(1)), 1u);
  EXPECT_EQ(seek(absl::Hours(30)), 2u);
  EXPECT_EQ(seek(absl::Hours(31)), 3u);
  EXPECT_EQ(seek(absl::Hours(49)), 3u);
  EXPECT_EQ(seek(absl::Hours(50)), 5u);
  EXPECT_EQ(seek(absl::Hours(73)), 5u);
  EXPECT_EQ(seek(absl::Hours(74)), 6u);
  EXPECT_EQ(*store_->SeekLog("n1", absl::InfiniteFuture()), 6u);
  EXPECT_EQ(*store_->SeekLog("n2", absl::InfinitePast()), 0u);
}

TEST_P(StoreLogTest, RoundBefore1970HasItsDay) {
  LogRecord record = a_.Record(1);
  record.round_time = absl::FromUnixMillis(-1);
  ASSERT_EQ(AppendOne(*store_, "n1", record), kAppended);
  EXPECT_EQ((*store_->ReadLog("n1", 0, 1))[0].round_time, absl::FromUnixMillis(-1));
  EXPECT_EQ(*store_->FindBatch(a_.id(), 1, -1), record.batch);
}

TEST_P(StoreLogTest, FindBatchTellsARepeatFromAnEquivocation) {
  ASSERT_EQ(AppendOne(*store_, "n1", a_.Record(1)), kAppended);
  EXPECT_EQ(*store_->FindBatch(a_.id(), 1, DayOfRecord(a_, 1)), a_.Batch(1));
  EXPECT_NE(*store_->FindBatch(a_.id(), 1, DayOfRecord(a_, 1)), a_.Batch(1, "other"));
  EXPECT_EQ(CodeOf(store_->FindBatch(a_.id(), 2, DayOfRecord(a_, 2))), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store_->FindBatch(b_.id(), 1, DayOfRecord(b_, 1))), absl::StatusCode::kNotFound);
}

TEST_P(StoreLogTest, ReopenedStoreHasEverything) {
  ASSERT_OK(store_->Append("n1", {a_.Record(1), b_.Record(1)}).status());
  ASSERT_OK(store_->FlagEquivocation(b_.id()));
  store_.reset();
  store_ = Open();
  EXPECT_EQ(store_->FindAgent(a_.id())->last_seq, 1u);
  EXPECT_TRUE(store_->FindAgent(b_.id())->equivocated);
  ASSERT_EQ(AppendOne(*store_, "n1", a_.Record(2)), kAppended);
  EXPECT_THAT(SeqsOf("n1"), ElementsAre(1, 1, 2));
  CheckInvariants(*store_, agents_);
}

TEST_P(StoreLogTest, BadRecordIsNamedAndNothingOfItsGroupIsStored) {
  const auto refuse = [&](const LogRecord& record, const std::string& field) {
    const auto outcomes = store_->Append("n1", {b_.Record(1), record});
    EXPECT_EQ(CodeOf(outcomes), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(outcomes.status().message()), HasSubstr("record 1"));
    EXPECT_THAT(std::string(outcomes.status().message()), HasSubstr(field));
  };
  LogRecord bad = a_.Record(1);
  bad.agent_id.pop_back();
  refuse(bad, "agent_id");
  bad = a_.Record(1);
  bad.country = std::string("C\0", 2);
  refuse(bad, "country");
  bad = a_.Record(1);
  bad.first_seq = 0;
  refuse(bad, "first_seq");
  bad = a_.Record(1);
  bad.first_seq = 2;
  refuse(bad, "first_seq");
  bad = a_.Record(1);
  bad.batch_seq = uint64_t{1} << 63;
  refuse(bad, "batch_seq");
  bad = a_.Record(1);
  bad.bucket = "";
  refuse(bad, "bucket");
  for (const char* node :
       {"", "a b", "n'1", "naïve", "0123456789012345678901234567890123456789012345678"}) {
    EXPECT_EQ(CodeOf(store_->Append(node, {a_.Record(1)})), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(store_->ListNodes()->empty());
}

TEST_P(StoreLogTest, FailureInTheMiddleOfAnAppendIsUndoneAndLosesNoNodeSeq) {
  ASSERT_EQ(AppendOne(*store_, "n1", a_.Record(1)), kAppended);
  // A constraint that only the second record of the group breaks.
  RunSql(absl::StrCat("CREATE UNIQUE INDEX trap ON ",
                      GetParam() == Backend::kSqlite ? "batches" : "batches_other",
                      " (first_seq)"));
  const auto outcomes = store_->Append("n1", {a_.Record(2), b_.Record(1)});
  EXPECT_EQ(CodeOf(outcomes), absl::StatusCode::kDataLoss) << outcomes.status();
  RunSql("DROP INDEX trap");
  EXPECT_EQ(store_->FindAgent(a_.id())->last_seq, 1u);
  const auto again = store_->Append("n1", {a_.Record(2), b_.Record(1)});
  ASSERT_OK(again.status());
  EXPECT_THAT(again->outcomes, Each(kAppended));
  CheckInvariants(*store_, agents_);
}

TEST_P(StoreLogTest, RegistryThatFellBehindTheLogIsDataLoss) {
  ASSERT_EQ(AppendOne(*store_, "n1", a_.Record(1)), kAppended);
  RunSql(GetParam() == Backend::kSqlite
             ? "UPDATE agents SET last_seq = 0, head = zeroblob(32)"
             : "UPDATE agents SET last_seq = 0, head = decode(repeat('00', 32), 'hex')");
  EXPECT_EQ(CodeOf(store_->Append("n1", {a_.Record(1)})), absl::StatusCode::kDataLoss);
  EXPECT_THAT(SeqsOf("n1"), ElementsAre(1));
}

TEST_P(StoreLogTest, LargeGroupOfManyAgentsIsStoredWhole) {
  std::vector<TestAgent> many;
  std::vector<LogRecord> records;
  for (int i = 100; i < 400; ++i) {
    many.emplace_back(i);
    Enroll(*store_, many.back());
    LogRecord record = many.back().Record(1);
    records.push_back(record);
  }
  const auto outcomes = store_->Append("n1", records);
  ASSERT_OK(outcomes.status());
  EXPECT_THAT(outcomes->outcomes, Each(kAppended));
  CheckInvariants(*store_, many);
}

}  // namespace
}  // namespace sightline
