// The disk is full, and then it is not any more.
#include <filesystem>

#include "collector/store/backends.h"
#include "collector/store/sql_store.h"
#include "collector/store/sqlite_backup.h"
#include "tests/collector/store/store_fixture.h"
#include "tests/collector/store/tiny_disk.h"

namespace sightline {
namespace {

class StoreFullTest : public StoreTest {
 protected:
  // Appends until the disk is full; the first batch_seq that was refused.
  uint64_t FillUp(Store& store, uint64_t seq) {
    while (true) {
      const auto result = store.Append("n1", Group(seq));
      if (result.ok()) {
        EXPECT_EQ(result->outcomes.back(), AppendOutcome::kAppended);
        ++seq;
        if (seq > 10'000) {
          ADD_FAILURE() << "the disk is never full";
          return seq;
        }
        continue;
      }
      EXPECT_EQ(CodeOf(result), absl::StatusCode::kResourceExhausted) << result.status();
      return seq;
    }
  }

  std::vector<LogRecord> Group(uint64_t seq) const {
    std::vector<LogRecord> group = {agents_[0].Record(seq), agents_[1].Record(seq)};
    for (LogRecord& record : group) record.bucket = std::string(16, 'b');
    return group;
  }

  // Fills up, looks, makes room, goes on.
  template <typename MakeRoom>
  void FillUpAndGoOn(Store& store, MakeRoom&& make_room) {
    for (const TestAgent& agent : agents_) Enroll(store, agent);
    const uint64_t refused = FillUp(store, 1);
    EXPECT_GT(refused, 5u);
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(CodeOf(store.Append("n1", Group(refused))), absl::StatusCode::kResourceExhausted);
    }
    CheckInvariants(store, agents_);
    EXPECT_EQ(store.FindAgent(agents_[0].id())->last_seq, refused - 1);
    make_room();
    for (uint64_t seq = refused; seq < refused + 5; ++seq) {
      const auto result = store.Append("n1", Group(seq));
      ASSERT_OK(result.status());
      EXPECT_EQ(result->outcomes.back(), AppendOutcome::kAppended);
    }
    CheckInvariants(store, agents_);
  }

  const std::vector<TestAgent> agents_ = {TestAgent(0), TestAgent(1)};
};

class SqliteFullTest : public StoreFullTest {};
INSTANTIATE_TEST_SUITE_P(All, SqliteFullTest, testing::Values(Backend::kSqlite), BackendName);

TEST_P(SqliteFullTest, FileThatMayNotGrowIsResourceExhausted) {
  ASSERT_NE(Open(), nullptr);
  auto database = OpenDatabase(url());
  ASSERT_OK(database.status());
  SqlDatabase& raw = **database;
  const auto limit = [&raw](const char* pragma) {
    ASSERT_OK(raw.Write([&](SqlSession& session) { return session.RunScript(pragma); }));
  };
  limit("PRAGMA max_page_count = 80");
  SqlStore store(*std::move(database));
  FillUpAndGoOn(store, [&] { limit("PRAGMA max_page_count = 1000000"); });
}

TEST_P(SqliteFullTest, FullDiskIsResourceExhausted) {
  const TinyDisk disk(8);
  if (!disk.is_mounted()) return;
  ASSERT_TRUE(disk.LeaveFree(2));
  const auto store = OpenStore(absl::StrCat("sqlite:", disk.path(), "/store.db"));
  ASSERT_OK(store.status());
  FillUpAndGoOn(**store, [&] { disk.FreeBallast(); });
}

TEST_P(SqliteFullTest, BackupToAFullDiskLeavesNothing) {
  const TinyDisk disk(1);
  if (!disk.is_mounted()) return;
  const auto store = Open();
  Enroll(*store, agents_[0]);
  LogRecord large = agents_[0].Record(1);
  large.batch.assign(2 << 20, 'x');
  ASSERT_EQ(AppendOne(*store, "n1", large), AppendOutcome::kAppended);
  EXPECT_EQ(CodeOf(BackupSqlite(path(), disk.path() + "/copy.db", [](int64_t, int64_t) {})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(std::filesystem::is_empty(disk.path()));
}

class PostgresqlFullTest : public StoreFullTest {};
INSTANTIATE_TEST_SUITE_P(All, PostgresqlFullTest, testing::Values(Backend::kPostgresql),
                         BackendName);

TEST_P(PostgresqlFullTest, FullDiskIsResourceExhausted) {
  const TinyDisk disk(40);
  if (!disk.is_mounted()) return;
  PrivatePostgres postgres;  // started here, so that it sees the disk
  const auto store = OpenStore(postgres.NewDatabaseOn(disk.path() + "/data"));
  ASSERT_OK(store.status());
  ASSERT_TRUE(disk.LeaveFree(1));
  FillUpAndGoOn(**store, [&] { disk.FreeBallast(); });
}

}  // namespace
}  // namespace sightline
