// Copies of a store: backup of SQLite, pg_dump and pg_restore, and the move from one to another.
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "collector/store/copy_store.h"
#include "collector/store/sqlite_backup.h"
#include "tests/collector/store/child_process.h"
#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

constexpr AppendOutcome kAppended = AppendOutcome::kAppended;

void NoProgress(int64_t /*done*/, int64_t /*all*/) {}

class StoreCopiesTest : public StoreTest {
 protected:
  // Agents 0 to 2 with some batches of two nodes, verdicts, a checkpoint, a plan and dropped days.
  void Fill(Store& store) {
    ASSERT_OK(store.PrepareDays(19831));
    for (const TestAgent& agent : agents_) Enroll(store, agent);
    for (uint64_t seq = 1; seq <= 300; ++seq) {  // two days and more
      ASSERT_OK(
          store.Append(seq % 3 == 0 ? "n2" : "n1", {agents_[0].Record(seq), agents_[1].Record(seq)})
              .status());
    }
    ASSERT_OK(store.AddInvites({InviteRecord{TestAgent(9).token_hash(), v1::AGENT_ROLE_CONTROL,
                                             TestTime() + absl::Hours(9)}}));
    v1::SignedPlan plan;
    plan.set_plan(EveryByte());
    ASSERT_OK(store.AddPlan(7, plan));
    ASSERT_OK(store.FlagEquivocation(agents_[1].id()));
    const LeaseRecord lease = {"n1", 1, 1};
    ASSERT_TRUE(*store.MoveLease("fold", {}, lease));
    FoldCheckpoint checkpoint;
    checkpoint.positions = {{"n1", 10}};
    checkpoint.windows = {{TestTime(), EveryByte()}};
    const std::vector<VerdictRecord> verdicts = {
        {"target", "CN", TestTime(), absl::Hours(1), "r", EveryByte(), EveryByte()}};
    const std::vector<EventRecord> events = {
        {"id", "target", "CN", TestTime(), absl::InfiniteFuture(), EveryByte()}};
    const std::vector<TimelineRecord> timelines = {{"target", "CN", TestTime(), EveryByte()},
                                                   {"", "CN", TestTime(), ""}};
    const std::vector<ChangeRecord> changes = {{"CN", 1, EveryByte()}, {"CN", 2, ""}};
    const std::vector<StatementRecord> statements = {{"target", "CN", EveryByte()}};
    ASSERT_OK(store.WriteFold("fold", lease,
                              {.verdicts = verdicts,
                               .events = events,
                               .timelines = timelines,
                               .changes = changes,
                               .statements = statements,
                               .checkpoint = &checkpoint}));
    ASSERT_OK(store.PutAnnotation({"CN", "note", TestTime(), EveryByte()}));
    ASSERT_OK(store.AddWebhook({"hook", "CN", 1, EveryByte(), EveryByte()}));
    ASSERT_OK(store.AddDelivery("hook", EveryByte()));
    ASSERT_OK(store.AddDelivery("hook", "another"));
    ASSERT_OK(store.BeginAuditEntry({0, TestTime(), "n1", "socket", "M", "detail", ""}).status());
    ASSERT_OK(store.FinishAuditEntry(1, "OK"));
    const std::string agent_id = agents_[1].id();
    v1::KeySuccession succession;
    succession.set_agent_id(agent_id);
    succession.set_generation(1);
    succession.set_from_seq(1000);
    succession.set_public_key(AwkwardBytes("new", kPublicKeyBytes));
    succession.set_signature(AwkwardBytes("by old", kSignatureBytes));
    succession.set_proof(AwkwardBytes("by new", kSignatureBytes));
    ASSERT_OK(store.AddKeySuccession(succession));
    ASSERT_OK(store.EndAgent(agent_id, v1::AGENT_END_LEFT, TestTime()).status());
  }

  // Everything that Store tells, but for leases.
  static std::string Everything(Store& store) {
    std::string all = absl::StrCat("first day ", *store.FirstDay(), "\n");
    for (const AgentRecord& a : Value(store.ListAgents("", 1000))) {
      absl::StrAppend(&all, a.agent_id, a.public_key, a.role, a.region,
                      absl::ToUnixMillis(a.enroll_time), a.end, absl::ToUnixMillis(a.end_time),
                      a.key_generation, a.equivocated, " ", a.last_seq, a.head, "\n");
      for (const v1::KeySuccession& s : Value(store.ReadKeySuccessions(a.agent_id))) {
        absl::StrAppend(&all, s.SerializeAsString(), "\n");
      }
    }
    for (const std::string& node : Value(store.ListNodes())) {
      for (const LogRecord& r : Value(store.ReadLog(node, 0, 100'000))) {
        absl::StrAppend(&all, r.node, " ", r.node_seq, r.agent_id, r.batch_seq, r.batch,
                        r.signature, r.bucket, absl::ToUnixMillis(r.receive_time), "\n");
      }
    }
    for (const v1::SignedPlan& plan : Value(store.ListPlans())) {
      absl::StrAppend(&all, plan.SerializeAsString());
    }
    for (int64_t day = 19831; day < 19835; ++day) absl::StrAppend(&all, *store.BucketKey(day));
    for (const AgentChangeRecord& r : Value(store.ReadAgentChanges(0, 100))) {
      absl::StrAppend(&all, r.change_seq, r.agent_id, "\n");
    }
    for (const AuditEntryRecord& r : Value(store.ListAuditEntries(100, 100))) {
      absl::StrAppend(&all, r.audit_seq, absl::ToUnixMillis(r.time), r.node, r.actor, r.method,
                      r.detail, r.outcome, "\n");
    }
    for (const ChangeRecord& r : Value(store.ReadChanges("CN", 0, 100))) {
      absl::StrAppend(&all, r.change_seq, r.change, "\n");
    }
    for (const StatementRecord& r : Value(store.ReadStatements("CN"))) {
      absl::StrAppend(&all, r.target_id, r.statement, "\n");
    }
    for (const WindowRevision& r : Value(store.ReadRevisions("CN", 0))) {
      absl::StrAppend(&all, absl::ToUnixMillis(r.window_start), " ", r.revision, "\n");
    }
    for (const AnnotationRecord& r : Value(store.ReadAnnotations("CN"))) {
      absl::StrAppend(&all, r.annotation_id, absl::ToUnixMillis(r.time), r.annotation, "\n");
    }
    for (const WebhookRecord& r : Value(store.ListWebhooks())) {
      absl::StrAppend(&all, r.webhook_id, r.country, r.position, r.config, r.state, "\n");
      for (const DeliveryRecord& d : Value(store.ReadDeliveries(r.webhook_id, 100, 100))) {
        absl::StrAppend(&all, d.delivery_seq, d.delivery, "\n");
      }
    }
    const FoldCheckpoint checkpoint = *store.ReadCheckpoint();
    for (const auto& [node, node_seq] : checkpoint.positions) {
      absl::StrAppend(&all, node, " at ", node_seq, "\n");
    }
    for (const auto& [start, state] : checkpoint.windows) {
      absl::StrAppend(&all, absl::ToUnixMillis(start), state);
    }
    for (const VerdictRecord& v :
         Value(store.ReadVerdicts("CN", absl::UnixEpoch(), TestTime() + absl::Hours(99)))) {
      absl::StrAppend(&all, v.target_id, absl::ToUnixMillis(v.window_start), v.verdict, v.cells);
    }
    for (const EventRecord& e :
         Value(store.ReadEvents("CN", absl::InfinitePast(), absl::InfiniteFuture()))) {
      absl::StrAppend(&all, e.event_id, " ", e.target_id, absl::ToUnixMillis(e.onset), " ",
                      absl::ToUnixMillis(e.end), e.event, "\n");
    }
    for (const TimelineRecord& t : Value(store.ReadTimelines("CN"))) {
      absl::StrAppend(&all, t.target_id, " ", absl::ToUnixMillis(t.window_start), t.timeline, "\n");
    }
    return all;
  }

  // The copy at `copy_url` has what the store has, and a collector can go on with it.
  void ExpectSameAndGoesOn(Store& store, const std::string& copy_url) {
    const std::string everything = Everything(store);
    const auto copy = OpenStore(copy_url);
    ASSERT_OK(copy.status());
    EXPECT_TRUE(Everything(**copy) == everything);  // not printed: half a megabyte
    CheckInvariants(**copy, agents_);
    const uint64_t next = (*copy)->FindAgent(agents_[0].id())->last_seq + 1;
    EXPECT_EQ(AppendOne(**copy, "n1", agents_[0].Record(next)), kAppended);
    EXPECT_EQ(AppendOne(**copy, "n2", agents_[2].Record(1)), kAppended);
    EXPECT_TRUE((*copy)->Enroll(TestAgent(9).token_hash(), TestAgent(9).ToEnroll()).ok());
    CheckInvariants(**copy, agents_);
  }

  const std::vector<TestAgent> agents_ = {TestAgent(0), TestAgent(1), TestAgent(2)};
  const TempFolder out_;
};

class SqliteBackupTest : public StoreCopiesTest {};
INSTANTIATE_TEST_SUITE_P(All, SqliteBackupTest, testing::Values(Backend::kSqlite), BackendName);

TEST_P(SqliteBackupTest, CopyHasEverythingAndACollectorGoesOnWithIt) {
  const auto store = Open();
  Fill(*store);
  const std::string everything = Everything(*store);  // makes bucket keys, too
  int64_t last_done = 0;
  ASSERT_OK(BackupSqlite(path(), out_ / "copy.db", [&](int64_t done, int64_t all) {
    EXPECT_LE(last_done, done);
    EXPECT_LE(done, all);
    last_done = done;
  }));
  EXPECT_GT(last_done, 0);
  struct stat info = {};
  ASSERT_EQ(stat((out_ / "copy.db").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  // Nothing else is left beside it.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(out_.path()), {}), 1);
  ExpectSameAndGoesOn(*store, "sqlite:" + out_ / "copy.db");
}

TEST_P(SqliteBackupTest, CopyMadeDuringAppendsIsAStateBetweenTwoOfThem) {
  const auto store = Open();
  const std::vector<TestAgent> both = {agents_[0], agents_[1]};
  for (const TestAgent& agent : both) Enroll(*store, agent);
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> appended = 0;
  std::thread appender([&] {
    for (uint64_t seq = 1; !stop; ++seq) {
      EXPECT_TRUE(store->Append("n1", {both[0].Record(seq), both[1].Record(seq)}).ok());
      ++appended;
    }
  });
  for (int i = 0; i < 10; ++i) {
    const uint64_t before = appended;
    const std::string copy = out_ / absl::StrCat("copy", i);
    const absl::Status status = BackupSqlite(path(), copy, NoProgress);
    EXPECT_TRUE(status.ok()) << status;
    if (!status.ok()) break;
    const auto opened = OpenStore("sqlite:" + copy);
    CheckInvariants(**opened, both);
    const uint64_t seq = (*opened)->FindAgent(both[0].id())->last_seq;
    EXPECT_EQ((*opened)->FindAgent(both[1].id())->last_seq, seq);
    EXPECT_GE(seq, before);
  }
  stop = true;
  appender.join();
}

TEST_P(SqliteBackupTest, FileThatIsThereIsLeftAlone) {
  const auto store = Open();
  std::ofstream(out_ / "copy.db") << "precious";
  EXPECT_EQ(CodeOf(BackupSqlite(path(), out_ / "copy.db", NoProgress)),
            absl::StatusCode::kAlreadyExists);
  std::string kept;
  std::ifstream(out_ / "copy.db") >> kept;
  EXPECT_EQ(kept, "precious");
}

TEST_P(SqliteBackupTest, DamagedStoreGivesNoCopy) {
  {
    const auto store = Open();
    Fill(*store);
  }
  // The index that follows nodes disagrees with its table.
  RunSql(
      "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql "
      "= 'CREATE UNIQUE INDEX batches_by_node ON batches (node, first_seq + 1)' WHERE name = "
      "'batches_by_node'");
  EXPECT_EQ(CodeOf(BackupSqlite(path(), out_ / "copy.db", NoProgress)),
            absl::StatusCode::kDataLoss);
  EXPECT_TRUE(std::filesystem::is_empty(out_.path()));
}

TEST_P(SqliteBackupTest, MissingStoreIsNotMade) {
  EXPECT_EQ(CodeOf(BackupSqlite(out_ / "none.db", out_ / "copy.db", NoProgress)),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(std::filesystem::is_empty(out_.path()));
}

class PostgresqlDumpTest : public StoreCopiesTest {
 protected:
  void Run(const std::vector<std::string>& command) {
    const int log = open((out_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const pid_t pid = StartChild(command, log, true);
    close(log);
    ASSERT_NE(pid, 0) << command[0] << " is missing";
    std::string text;
    EXPECT_EQ(WaitForChild(pid), 0)
        << (std::getline(std::ifstream(out_ / "log"), text, '\0'), text);
  }
};
INSTANTIATE_TEST_SUITE_P(All, PostgresqlDumpTest, testing::Values(Backend::kPostgresql),
                         BackendName);

// The commands of README.md.
TEST_P(PostgresqlDumpTest, RestoredDumpHasEverythingAndACollectorGoesOnWithIt) {
  const auto store = Open();
  Fill(*store);
  const std::string everything = Everything(*store);
  ASSERT_OK(store->DropDaysBefore(19832));
  Run({"pg_dump", "--format=custom", "--file=" + out_ / "sightline.dump", "--dbname=" + url()});
  const std::string restored = SharedPostgres().NewDatabase();
  Run({"pg_restore", "--exit-on-error", "--no-owner", "--dbname=" + restored,
       out_ / "sightline.dump"});
  const auto copy = OpenStore(restored, SchemaPolicy::kRequire);
  ASSERT_OK(copy.status());
  EXPECT_EQ(Everything(**copy), Everything(*store));
  EXPECT_EQ(*(*copy)->FirstDay(), 19832);
  const LogRecord next = agents_[0].Record(301);
  EXPECT_EQ((*copy)->Append("n1", {next})->last_node_seq,
            store->Append("n1", {next})->last_node_seq);
  EXPECT_TRUE((*copy)->PrepareDays(19833).ok());
  ASSERT_OK((*copy)->DropDaysBefore(19834));
}

class StoreMoveTest : public StoreCopiesTest {
 protected:
  // An empty store of the kind that is copied to: the other one.
  std::string Target() {
    return GetParam() == Backend::kSqlite ? SharedPostgres().NewDatabase()
                                          : "sqlite:" + out_ / "target.db";
  }
};
INSTANTIATE_TEST_SUITE_P(All, StoreMoveTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreMoveTest, CopyHasEverythingAndACollectorGoesOnWithIt) {
  const auto store = Open();
  Fill(*store);
  const std::string everything = Everything(*store);
  const std::string target = Target();
  int64_t last_done = 0;
  const auto report = CopyStore(url(), target, [&](int64_t done, int64_t all) {
    EXPECT_LE(last_done, done);
    EXPECT_EQ(all, 600);
    last_done = done;
  });
  ASSERT_OK(report.status());
  EXPECT_EQ(last_done, 600);
  EXPECT_EQ(report->records, 600);
  EXPECT_EQ(report->agents, 3);
  ExpectSameAndGoesOn(*store, target);
  // What is in use is not written over.
  EXPECT_EQ(CodeOf(CopyStore(url(), target, NoProgress)), absl::StatusCode::kFailedPrecondition);
}

TEST_P(StoreMoveTest, NumbersGoOnAfterDroppedDays) {
  const auto store = Open();
  Fill(*store);
  ASSERT_OK(store->DropDaysBefore(19840));
  const std::string target = Target();
  ASSERT_OK(CopyStore(url(), target, NoProgress).status());
  const auto copy = OpenStore(target);
  EXPECT_EQ(*(*copy)->FirstDay(), 19840);
  EXPECT_EQ((*copy)->Append("n1", {agents_[0].Record(301)})->last_node_seq, 401u);
}

TEST_P(StoreMoveTest, SourceThatIsWrittenToIsCopiedInASecondRun) {
  const auto store = Open();
  Fill(*store);
  for (int64_t day = 19831; day < 19835; ++day) ASSERT_OK(store->BucketKey(day).status());
  const std::string target = Target();
  uint64_t seq = 300;
  const auto first = CopyStore(url(), target, [&](int64_t /*done*/, int64_t /*all*/) {
    EXPECT_EQ(AppendOne(*store, "n1", agents_[0].Record(++seq)), kAppended);
  });
  EXPECT_EQ(CodeOf(first), absl::StatusCode::kFailedPrecondition) << first.status();
  // Until it is whole, no agent is let in.
  EXPECT_TRUE((*OpenStore(target))->ListAgents("", 10)->empty());
  int groups = 0;
  const auto second = CopyStore(url(), target, [&](int64_t, int64_t) { ++groups; });
  ASSERT_OK(second.status());
  EXPECT_LE(groups, 4);
  EXPECT_EQ(second->records, static_cast<int64_t>(300 + seq));
  ExpectSameAndGoesOn(*store, target);
}

}  // namespace
}  // namespace sightline
