// Days of the log on both stores.
#include <libpq-fe.h>

#include <atomic>
#include <thread>

#include "collector/store/append_plan.h"
#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr AppendOutcome kAppended = AppendOutcome::kAppended;
constexpr int64_t kToday = 19831;  // that of TestTime()

// The agent's record, moved to a day.
LogRecord OnDay(const TestAgent& agent, uint64_t seq, int64_t day) {
  LogRecord record = agent.Record(seq);
  record.round_time = absl::UnixEpoch() + absl::Hours(24) * day + absl::Minutes(1);
  return record;
}

class StoreDaysTest : public StoreTest {
 protected:
  StoreDaysTest() : store_(Open()) {
    Enroll(*store_, a_);
    Enroll(*store_, b_);
  }

  std::vector<uint64_t> NodeSeqs(absl::string_view node) {
    std::vector<uint64_t> seqs;
    for (const LogRecord& record : Value(store_->ReadLog(node, 0, 1000)))
      seqs.push_back(record.node_seq);
    return seqs;
  }

  bool IsPostgresql() const { return GetParam() == Backend::kPostgresql; }
  // On PostgreSQL; elsewhere there are none.
  std::string Partitions() const {
    if (!IsPostgresql()) return "";
    return PrivatePostgres::RunSql(
        url(),
        "SELECT string_agg(relid::regclass::text, ' ' ORDER BY relid::regclass::text) FROM "
        "pg_partition_tree('batches') WHERE level = 1");
  }

  const TestAgent a_{1};
  const TestAgent b_{2};
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(All, StoreDaysTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreDaysTest, DroppedDaysAreGoneAndTheOthersAreWhole) {
  ASSERT_OK(store_->PrepareDays(kToday));
  EXPECT_EQ(*store_->FirstDay(), 0);
  for (uint64_t seq = 1; seq <= 6; ++seq) {
    // Days before and behind those that have a partition, too.
    const int64_t day = kToday - 5 + 2 * static_cast<int64_t>(seq - 1);
    ASSERT_EQ(AppendOne(*store_, "n1", OnDay(a_, seq, day)), kAppended);
  }
  ASSERT_OK(store_->DropDaysBefore(kToday - 1));
  EXPECT_EQ(*store_->FirstDay(), kToday - 1);
  EXPECT_EQ(*Open()->FirstDay(), kToday - 1);
  EXPECT_THAT(NodeSeqs("n1"), ElementsAre(3, 4, 5, 6));
  EXPECT_EQ(CodeOf(store_->FindBatch(a_.id(), 2, kToday - 3)), absl::StatusCode::kNotFound);
  EXPECT_EQ(*store_->FindBatch(a_.id(), 3, kToday - 1), a_.Batch(3));
  EXPECT_EQ(store_->FindAgent(a_.id())->last_seq, 6u);
  // Again, and an earlier day: nothing more is dropped, and the first day never goes back.
  ASSERT_OK(store_->DropDaysBefore(kToday - 1));
  ASSERT_OK(store_->DropDaysBefore(kToday - 100));
  EXPECT_EQ(*store_->FirstDay(), kToday - 1);
  EXPECT_THAT(NodeSeqs("n1"), ElementsAre(3, 4, 5, 6));
}

TEST_P(StoreDaysTest, NumbersGoOnAfterEverythingOfANodeWasDropped) {
  ASSERT_OK(store_->PrepareDays(kToday));
  ASSERT_EQ(AppendOne(*store_, "n1", OnDay(a_, 1, kToday)), kAppended);
  ASSERT_EQ(AppendOne(*store_, "n2", OnDay(b_, 1, kToday)), kAppended);
  ASSERT_EQ(AppendOne(*store_, "n2", OnDay(b_, 2, kToday)), kAppended);
  ASSERT_OK(store_->DropDaysBefore(kToday + 1));
  EXPECT_THAT(*store_->ListNodes(), ElementsAre("n1", "n2"));
  EXPECT_THAT(NodeSeqs("n2"), IsEmpty());
  EXPECT_EQ(*store_->SeekLog("n2", absl::InfinitePast()), 0u);
  const auto fresh = Open();  // knows nothing but the store
  ASSERT_EQ(AppendOne(*fresh, "n2", OnDay(b_, 3, kToday + 1)), kAppended);
  EXPECT_THAT(NodeSeqs("n2"), ElementsAre(3));
  EXPECT_EQ(*store_->SeekLog("n2", absl::InfiniteFuture()), 3u);
  EXPECT_EQ(*store_->SeekLog("n1", absl::InfiniteFuture()), 0u);
}

TEST_P(StoreDaysTest, BatchThatComesInForADroppedDayIsKeptUntilTheNextDrop) {
  ASSERT_OK(store_->PrepareDays(kToday));
  ASSERT_EQ(AppendOne(*store_, "n1", OnDay(a_, 1, kToday)), kAppended);
  ASSERT_OK(store_->DropDaysBefore(kToday + 1));
  ASSERT_EQ(AppendOne(*store_, "n1", OnDay(a_, 2, kToday)), kAppended);
  EXPECT_THAT(NodeSeqs("n1"), ElementsAre(2));
  ASSERT_OK(store_->DropDaysBefore(kToday + 1));
  EXPECT_THAT(NodeSeqs("n1"), IsEmpty());
  ASSERT_EQ(AppendOne(*Open(), "n1", OnDay(a_, 3, kToday + 2)), kAppended);
  EXPECT_THAT(NodeSeqs("n1"), ElementsAre(3));
}

TEST_P(StoreDaysTest, ManyRowsOfOneDayGoInSteps) {
  ASSERT_OK(store_->PrepareDays(kToday));
  std::vector<LogRecord> records;
  for (uint64_t seq = 1; seq <= 900; ++seq) records.push_back(OnDay(a_, seq, kToday - 50));
  records.push_back(OnDay(a_, 901, kToday));
  ASSERT_OK(store_->Append("n1", records).status());
  ASSERT_OK(store_->DropDaysBefore(kToday));
  EXPECT_THAT(NodeSeqs("n1"), ElementsAre(901));
}

TEST_P(StoreDaysTest, AppendsGoOnWhileDaysAreMadeAndDropped) {
  ASSERT_OK(store_->PrepareDays(kToday));
  std::atomic<bool> done = false;
  std::thread dropper([&] {
    const auto other = Open();
    for (int64_t day = kToday; day < kToday + 12; ++day) {
      const absl::Status prepared = other->PrepareDays(day);
      EXPECT_TRUE(prepared.ok() || absl::IsAborted(prepared)) << prepared;
      const absl::Status dropped = other->DropDaysBefore(day - 2);
      EXPECT_TRUE(dropped.ok() || absl::IsAborted(dropped)) << dropped;
    }
    done = true;
  });
  uint64_t seq = 0;
  uint64_t refused = 0;
  while (!done) {
    const int64_t day = kToday - 6 + static_cast<int64_t>(seq % 20);
    const auto result = store_->Append("n1", {OnDay(a_, seq + 1, day)});
    if (result.ok()) {
      ASSERT_EQ(result->outcomes[0], kAppended);
      EXPECT_EQ(result->last_node_seq, ++seq);
    } else {
      ASSERT_TRUE(absl::IsAborted(result.status())) << result.status();
      ++refused;
    }
  }
  dropper.join();
  ASSERT_OK(store_->DropDaysBefore(kToday + 9));
  EXPECT_EQ(store_->FindAgent(a_.id())->last_seq, seq);
  EXPECT_EQ(*store_->FirstDay(), kToday + 9);
  for (const LogRecord& record : Value(store_->ReadLog("n1", 0, 100'000))) {
    EXPECT_GE(DayOf(absl::ToUnixMillis(record.round_time)), kToday + 9);
    EXPECT_EQ(record.node_seq, record.batch_seq);
  }
  EXPECT_EQ(Open()->Append("n1", {OnDay(a_, seq + 1, kToday + 20)})->last_node_seq, seq + 1);
}

class StorePartitionsTest : public StoreDaysTest {};

INSTANTIATE_TEST_SUITE_P(All, StorePartitionsTest, testing::Values(Backend::kPostgresql),
                         BackendName);

TEST_P(StorePartitionsTest, AreMadeForThreeDaysToBothSidesOnce) {
  EXPECT_EQ(Partitions(), "batches_other");
  for (int i = 0; i < 2; ++i) ASSERT_OK(store_->PrepareDays(kToday));
  EXPECT_EQ(Partitions(),
            "batches_d19828 batches_d19829 batches_d19830 batches_d19831 batches_d19832 "
            "batches_d19833 batches_d19834 batches_other");
  ASSERT_OK(store_->DropDaysBefore(kToday - 1));
  EXPECT_EQ(Partitions(),
            "batches_d19830 batches_d19831 batches_d19832 batches_d19833 batches_d19834 "
            "batches_other");
  EXPECT_EQ(PrivatePostgres::RunSql(url(),
                                    "SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND "
                                    "conname LIKE 'not_d%'"),
            "0");
}

TEST_P(StorePartitionsTest, DayThatTheDefaultHoldsStaysThere) {
  ASSERT_EQ(AppendOne(*store_, "n1", OnDay(a_, 1, kToday)), kAppended);
  ASSERT_OK(store_->PrepareDays(kToday));
  EXPECT_EQ(Partitions(),
            "batches_d19828 batches_d19829 batches_d19830 batches_d19832 batches_d19833 "
            "batches_d19834 batches_other");
  ASSERT_EQ(AppendOne(*store_, "n1", OnDay(a_, 2, kToday)), kAppended);
  EXPECT_THAT(NodeSeqs("n1"), ElementsAre(1, 2));
  ASSERT_OK(store_->DropDaysBefore(kToday + 1));
  EXPECT_THAT(NodeSeqs("n1"), IsEmpty());
}

TEST_P(StorePartitionsTest, CollectorsThatMakeThemAtOnceDoNotMind) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto store = Open();
      absl::Status status;
      do {
        status = store->PrepareDays(kToday);
        EXPECT_TRUE(status.ok() || absl::IsAborted(status)) << status;
      } while (!status.ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Partitions(),
            "batches_d19828 batches_d19829 batches_d19830 batches_d19831 batches_d19832 "
            "batches_d19833 batches_d19834 batches_other");
}

// What a collector that was killed in the middle left.
TEST_P(StorePartitionsTest, HalfMadePartitionIsFinished) {
  RunSql(
      "ALTER TABLE batches_other ADD CONSTRAINT not_d19831 CHECK (day < 19831 OR day >= 19832) NOT "
      "VALID");
  EXPECT_EQ(CodeOf(store_->Append("n1", {OnDay(a_, 1, kToday)})), absl::StatusCode::kAborted);
  ASSERT_OK(store_->PrepareDays(kToday));
  ASSERT_EQ(AppendOne(*store_, "n1", OnDay(a_, 1, kToday)), kAppended);
  EXPECT_EQ(PrivatePostgres::RunSql(url(), "SELECT count(*) FROM batches_d19831"), "1");
}

TEST_P(StorePartitionsTest, ReaderWhoHoldsTheTableIsNotWaitedForLong) {
  ASSERT_EQ(AppendOne(*store_, "n1", OnDay(a_, 1, kToday - 90)), kAppended);
  ASSERT_OK(store_->PrepareDays(kToday));
  PGconn* reader = PQconnectdb(url().c_str());
  PQclear(PQexec(reader, "BEGIN; SELECT count(*) FROM batches"));
  EXPECT_EQ(CodeOf(store_->PrepareDays(kToday + 1)), absl::StatusCode::kAborted);
  EXPECT_EQ(CodeOf(store_->DropDaysBefore(kToday)), absl::StatusCode::kAborted);
  EXPECT_EQ(*store_->FirstDay(), kToday);
  ASSERT_EQ(AppendOne(*store_, "n1", OnDay(a_, 2, kToday)), kAppended);
  PQfinish(reader);
  ASSERT_OK(store_->PrepareDays(kToday + 1));
  ASSERT_OK(store_->DropDaysBefore(kToday));
  EXPECT_THAT(NodeSeqs("n1"), ElementsAre(2));
  EXPECT_EQ(Partitions(),
            "batches_d19831 batches_d19832 batches_d19833 batches_d19834 batches_d19835 "
            "batches_other");
}

TEST_P(StorePartitionsTest, ReadersLookIntoOneIndexPerPartitionOrIntoOnePartition) {
  for (int64_t day = kToday; day < kToday + 12; day += 6) ASSERT_OK(store_->PrepareDays(day));
  const std::string find = PrivatePostgres::RunSql(
      url(),
      "EXPLAIN (FORMAT JSON) SELECT batch FROM batches WHERE agent_id = '\\x00' AND "
      "batch_seq = 1 AND day = 19831");
  EXPECT_THAT(find, testing::HasSubstr("batches_d19831"));
  EXPECT_THAT(find, testing::Not(testing::HasSubstr("batches_d19832")));
  EXPECT_THAT(find, testing::Not(testing::HasSubstr("batches_other")));
}

}  // namespace
}  // namespace sightline
