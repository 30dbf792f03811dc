// A store that an older program made.
#include <fcntl.h>
#include <signal.h>

#include <chrono>

#include "collector/store/backends.h"
#include "collector/store/migrations.h"
#include "collector/store/sql_rows.h"
#include "tests/collector/store/child_process.h"
#include "tests/collector/store/fault_runs.h"
#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

using testing::HasSubstr;

class StoreMigrationTest : public StoreTest {
 protected:
  bool IsSqlite() const { return GetParam() == Backend::kSqlite; }

  absl::Span<const Migration> Steps() const {
    return IsSqlite() ? SqliteMigrations() : PostgresqlMigrations();
  }

  // Version 1, with an agent and three batches of node n1.
  void MakeVersion1() {
    const auto database = OpenDatabase(url());
    ASSERT_OK(database.status());
    ASSERT_OK(Migrate(**database, Steps().first(1)).status());
    const absl::string_view insert =
        "INSERT INTO agents (agent_id, public_key, role, region, enroll_time_ms, revoked, "
        "equivocated, last_seq, head) VALUES ($1, $2, 1, 'CN-BJ', 1713400000000, FALSE, FALSE, 3, "
        "$3)";
    const std::string key = agent_.ToEnroll().public_key;
    const std::string head = agent_.HashOf(3);
    ASSERT_OK((*database)->Write([&](SqlSession& session) {
      absl::Status status =
          session.Run(insert, {SqlBytes{agent_.id()}, SqlBytes{key}, SqlBytes{head}}).status();
      for (uint64_t seq = 1; status.ok() && seq <= 3; ++seq) {
        const LogRecord record = agent_.Record(seq);
        const std::vector<SqlBatchRow> rows = {BatchRow("n1", seq, record)};
        status = session.InsertBatches(rows);
      }
      return status;
    }));
  }

  int64_t Version() {
    const auto report = UpdateSchema(url(), true);
    EXPECT_TRUE(report.ok()) << report.status();
    return report->held;
  }

  const TestAgent agent_{0};
};

INSTANTIATE_TEST_SUITE_P(All, StoreMigrationTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreMigrationTest, StoreOfVersion1IsReadableAndGoesOnAfterwards) {
  MakeVersion1();
  EXPECT_EQ(Version(), 1);
  const auto report = UpdateSchema(url(), false);
  ASSERT_OK(report.status());
  EXPECT_EQ(report->held, 1);
  EXPECT_EQ(report->known, 6);
  EXPECT_EQ(Version(), 6);
  const auto store = Open();
  CheckInvariants(*store, {agent_});
  EXPECT_EQ(*store->FindBatch(agent_.id(), 2, 19831), agent_.Batch(2));
  ASSERT_OK(store->PrepareDays(19832));
  for (uint64_t seq = 4; seq <= 200; ++seq) {  // until behind the next midnight
    ASSERT_EQ(AppendOne(*store, "n1", agent_.Record(seq)), AppendOutcome::kAppended);
  }
  CheckInvariants(*store, {agent_});
  ASSERT_OK(store->DropDaysBefore(19832));
  EXPECT_GT(store->ReadLog("n1", 0, 1)->front().node_seq, 3u);
  EXPECT_EQ(store->FindAgent(agent_.id())->last_seq, 200u);
}

TEST_P(StoreMigrationTest, DryRunAndRefusalChangeNothing) {
  MakeVersion1();
  const auto refused = OpenStore(url(), SchemaPolicy::kRequire);
  EXPECT_EQ(CodeOf(refused), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("sightline-collector migrate"));
  EXPECT_EQ(UpdateSchema(url(), true)->held, 1);
  EXPECT_EQ(Version(), 1);
  ASSERT_OK(UpdateSchema(url(), false).status());
  EXPECT_TRUE(OpenStore(url(), SchemaPolicy::kRequire).ok());
  EXPECT_EQ(UpdateSchema(url(), false)->held, 6);
}

TEST_P(StoreMigrationTest, NewerStoreIsRefusedWhateverIsAsked) {
  ASSERT_NE(Open(), nullptr);
  RunSql("INSERT INTO schema_migrations (version) VALUES (99)");
  for (const bool dry_run : {true, false}) {
    EXPECT_EQ(CodeOf(UpdateSchema(url(), dry_run)), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(CodeOf(OpenStore(url(), SchemaPolicy::kRequire)),
            absl::StatusCode::kFailedPrecondition);
}

TEST_P(StoreMigrationTest, EmptyStoreHasVersion0) {
  EXPECT_EQ(Version(), 0);
  EXPECT_EQ(CodeOf(OpenStore(url(), SchemaPolicy::kRequire)),
            absl::StatusCode::kFailedPrecondition);
}

TEST_P(StoreMigrationTest, KillAtAnyPointLeavesOneVersionOrTheOtherWhole) {
  std::mt19937 random = FaultRandom();
  int migrated = 0;
  const int runs = FaultRuns(25);
  MakeVersion1();
  for (int run = 0; run < runs; ++run) {
    SCOPED_TRACE(absl::StrCat("run ", run));
    if (Version() == 6) {
      ++migrated;
      CheckInvariants(*Open(), {agent_});
      MakeEmpty();
      MakeVersion1();
    }
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const pid_t pid = StartChild({APPEND_UNTIL_KILLED, url(), "n1", "0"}, nowhere, true);
    close(nowhere);
    ASSERT_NE(pid, 0);
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::microseconds(Below(random, 40'000));
    while (std::chrono::steady_clock::now() < until) {
    }
    kill(pid, SIGKILL);
    WaitForChild(pid);
    if (HasFatalFailure()) return;
  }
  printf("%d of %d runs had migrated when they were killed\n", migrated, runs);
  CheckInvariants(*Open(), {agent_});
}

}  // namespace
}  // namespace sightline
