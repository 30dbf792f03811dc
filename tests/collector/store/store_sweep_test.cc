// For N = 0, 1, ...: the N-th statement of a call fails, before or after it took effect.
#include "collector/store/backends.h"
#include "collector/store/migrations.h"
#include "collector/store/sql_store.h"
#include "tests/collector/store/failing_database.h"
#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

constexpr int64_t kToday = 19831;

class StoreSweepTest : public StoreTest {
 protected:
  StoreSweepTest() : plain_(Open()) {
    auto database = OpenDatabase(url());
    EXPECT_TRUE(database.ok());
    store_ =
        std::make_unique<SqlStore>(std::make_unique<FailingDatabase>(*std::move(database), fuse_));
  }

  // Calls with the N-th statement failing, for every N until the call comes through; `between` is
  // called after each failure, and says whether the state is one that may be.
  template <typename Call, typename Between>
  void Sweep(Call&& call, Between&& between) {
    for (const bool after : {false, true}) {
      int n = 0;
      for (bool burnt = true; burnt; ++n) {
        SCOPED_TRACE(absl::StrCat("statement ", n, after ? " after" : " before", " its effect"));
        ASSERT_LT(n, 500);
        fuse_.Set(n, after);
        const absl::Status status = call();
        burnt = fuse_.burnt();
        fuse_.Remove();
        EXPECT_EQ(status.ok(), !burnt) << status;
        if (burnt) between();
        if (HasFailure()) return;
      }
      EXPECT_GT(n, 1) << "nothing was to fail";
    }
  }

  const TestAgent a_{1};
  const TestAgent b_{2};
  Fuse fuse_;
  std::unique_ptr<Store> plain_;
  std::unique_ptr<Store> store_;  // whose statements fail
};

INSTANTIATE_TEST_SUITE_P(All, StoreSweepTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreSweepTest, AppendIsDoneWholeOrNotAtAll) {
  for (const TestAgent& agent : {a_, b_}) Enroll(*plain_, agent);
  uint64_t stored = 0;
  const auto call = [&] {
    const auto result = store_->Append("n1", {a_.Record(stored + 1), b_.Record(stored + 1),
                                              a_.Record(stored + 2), b_.Record(stored + 2)});
    if (result.ok()) stored += 2;
    return result.status();
  };
  Sweep(call, [&] {
    EXPECT_EQ(plain_->FindAgent(a_.id())->last_seq, stored);
    EXPECT_EQ(plain_->FindAgent(b_.id())->last_seq, stored);
    EXPECT_EQ(plain_->ReadLog("n1", 0, 1000)->size(), 2 * stored);
    CheckInvariants(*plain_, {a_, b_});
  });
  EXPECT_EQ(stored, 4u);
}

TEST_P(StoreSweepTest, WriteFoldIsDoneWholeOrNotAtAll) {
  const LeaseRecord lease = {"n1", 1, 1};
  ASSERT_TRUE(*plain_->MoveLease("fold", {}, lease));
  int written = 0;
  const auto call = [&] {
    const std::string text = absl::StrCat("state ", written + 1);
    FoldCheckpoint checkpoint;
    checkpoint.positions = {{"n1", static_cast<uint64_t>(written) + 1}};
    checkpoint.windows = {{TestTime(), text}, {TestTime() - absl::Hours(1), text}};
    checkpoint.keep_from = TestTime();
    const std::vector<VerdictRecord> verdicts = {
        {"t", "CN", TestTime(), absl::Hours(1), "r", text, text},
        {"u", "CN", TestTime(), absl::Hours(1), "r", text, text}};
    const std::vector<EventRecord> events = {
        {"e", "t", "CN", TestTime(), TestTime() + absl::Hours(1), text}};
    const std::vector<TimelineRecord> timelines = {{"t", "CN", TestTime(), text}};
    const std::vector<ChangeRecord> changes = {{"CN", written + 1, text}};
    const std::vector<StatementRecord> statements = {{"t", "CN", text}};
    const absl::Status status = store_->WriteFold("fold", lease,
                                                  {.verdicts = verdicts,
                                                   .events = events,
                                                   .timelines = timelines,
                                                   .changes = changes,
                                                   .statements = statements,
                                                   .checkpoint = &checkpoint});
    written += status.ok() ? 1 : 0;
    return status;
  };
  const auto check = [&] {
    const auto verdicts =
        plain_->ReadVerdicts("CN", absl::UnixEpoch(), TestTime() + absl::Hours(1));
    const auto checkpoint = plain_->ReadCheckpoint();
    const auto events = plain_->ReadEvents("CN", TestTime(), absl::InfiniteFuture());
    const auto timelines = plain_->ReadTimelines("CN");
    ASSERT_TRUE(verdicts.ok() && checkpoint.ok() && events.ok() && timelines.ok());
    ASSERT_EQ(events->size(), written == 0 ? 0u : 1u);
    ASSERT_EQ(timelines->size(), events->size());
    ASSERT_EQ(verdicts->size(), written == 0 ? 0u : 2u);
    EXPECT_EQ(*plain_->NewestChange("CN"), written);
    EXPECT_EQ(*plain_->NewestRevision("CN"), written);
    EXPECT_EQ(plain_->ReadStatements("CN")->size(), events->size());
    EXPECT_EQ(checkpoint->windows.size(), written == 0 ? 0u : 1u);
    for (const VerdictRecord& verdict : *verdicts) {
      EXPECT_EQ(verdict.verdict, absl::StrCat("state ", written));
      EXPECT_EQ(verdict.cells, verdict.verdict);
      EXPECT_EQ(events->front().event, verdict.verdict);
      EXPECT_EQ(timelines->front().timeline, verdict.verdict);
      EXPECT_EQ(checkpoint->windows.at(TestTime()), verdict.verdict);
      EXPECT_EQ(checkpoint->positions.at("n1"), static_cast<uint64_t>(written));
    }
  };
  Sweep(call, check);
  check();
  EXPECT_EQ(written, 2);
}

TEST_P(StoreSweepTest, MoveWebhookIsDoneWholeOrNotAtAll) {
  const LeaseRecord lease = {"n1", 1, 1};
  ASSERT_TRUE(*plain_->MoveLease("webhooks", {}, lease));
  ASSERT_OK(plain_->AddWebhook({"hook", "CN", 0, "config", "state 0"}));
  int64_t moved = 0;
  const auto call = [&] {
    const std::string state = absl::StrCat("state ", moved + 1);
    const absl::Status status =
        store_->MoveWebhook("webhooks", lease, {"hook", moved + 1, state, state});
    moved += status.ok() ? 1 : 0;
    return status;
  };
  const auto check = [&] {
    const std::vector<WebhookRecord> webhooks = Value(plain_->ListWebhooks());
    ASSERT_EQ(webhooks.size(), 1u);
    EXPECT_EQ(webhooks[0].position, moved);
    EXPECT_EQ(webhooks[0].state, absl::StrCat("state ", moved));
    EXPECT_EQ(Value(plain_->ReadDeliveries("hook", 100, 100)).size(), static_cast<size_t>(moved));
  };
  Sweep(call, check);
  check();
  EXPECT_EQ(moved, 2);
}

TEST_P(StoreSweepTest, EnrolIsDoneWholeOrNotAtAll) {
  int enrolled = 0;
  ASSERT_OK(plain_->AddInvites({InviteRecord{TestAgent(0).token_hash(), v1::AGENT_ROLE_VOLUNTEER,
                                             TestTime() + absl::Hours(1)},
                                InviteRecord{TestAgent(1).token_hash(), v1::AGENT_ROLE_VOLUNTEER,
                                             TestTime() + absl::Hours(1)}}));
  const auto call = [&] {
    const TestAgent agent(enrolled);
    const absl::Status status = store_->Enroll(agent.token_hash(), agent.ToEnroll()).status();
    enrolled += status.ok() ? 1 : 0;
    return status;
  };
  Sweep(call, [&] {
    EXPECT_EQ(plain_->ListAgents("", 10)->size(), static_cast<size_t>(enrolled));
    // The invite is still anybody's.
    const auto database = OpenDatabase(url());
    ASSERT_OK((*database)->Read([&](SqlSession& session) {
      const auto unused =
          session.Run("SELECT COUNT(*) FROM invites WHERE agent_id = $1", {SqlBytes{""}});
      EXPECT_TRUE(!unused.ok() || unused->rows[0][0].number == 2 - enrolled);
      return unused.status();
    }));
  });
  EXPECT_EQ(enrolled, 2);
}

TEST_P(StoreSweepTest, DropOfDaysNeverTakesADayThatCountsAsWhole) {
  ASSERT_OK(plain_->PrepareDays(kToday));
  Enroll(*plain_, a_);
  // A batch on each of ten days, some with a partition.
  for (uint64_t seq = 1; seq <= 10; ++seq) {
    LogRecord record = a_.Record(seq);
    record.round_time =
        absl::UnixEpoch() + absl::Hours(24) * (kToday - 5 + static_cast<int64_t>(seq));
    ASSERT_EQ(AppendOne(*plain_, "n1", record), AppendOutcome::kAppended);
  }
  int64_t day = kToday - 1;  // seqs 4 to 10 stay
  const auto call = [&] {
    const absl::Status status = store_->DropDaysBefore(day);
    if (status.ok()) {
      EXPECT_EQ(plain_->ReadLog("n1", 0, 100)->front().batch_seq,
                static_cast<uint64_t>(day - kToday + 5));
      day += 3;
    }
    return status;
  };
  Sweep(call, [&] {
    const int64_t first = *plain_->FirstDay();
    EXPECT_TRUE(first == day || first == (day == kToday - 1 ? 0 : day - 3)) << first;
    const auto records = plain_->ReadLog("n1", 0, 100);
    const int64_t first_seq = std::max<int64_t>(first - kToday + 5, 1);
    ASSERT_GE(records->size(), static_cast<size_t>(11 - first_seq));
    EXPECT_EQ(records->back().node_seq, 10u);
    EXPECT_EQ(*plain_->SeekLog("n1", absl::InfiniteFuture()), 10u);
  });
  ASSERT_OK(plain_->DropDaysBefore(kToday + 100));
  EXPECT_EQ(Open()->Append("n1", {a_.Record(11)})->last_node_seq, 11u);
}

TEST_P(StoreSweepTest, PartitionsThatCouldNotBeMadeAreMadeLaterAndRefuseNothing) {
  Enroll(*plain_, a_);
  uint64_t seq = 0;
  int64_t today = kToday;
  const auto call = [&] {
    const absl::Status status = store_->PrepareDays(today);
    today += status.ok() ? 1 : 0;
    return status;
  };
  if (GetParam() == Backend::kSqlite) {  // has nothing to do
    ASSERT_OK(call());
    return;
  }
  ASSERT_OK(plain_->PrepareDays(today));
  ++today;  // one more day each time
  Sweep(call, [&] {
    ASSERT_OK(plain_->PrepareDays(today));
    LogRecord record = a_.Record(++seq);
    record.round_time = absl::UnixEpoch() + absl::Hours(24) * (today + 3);
    ASSERT_EQ(AppendOne(*plain_, "n1", record), AppendOutcome::kAppended);
    EXPECT_EQ(PrivatePostgres::RunSql(url(), "SELECT count(*) FROM batches_other"), "0");
    ++today;
  });
}

TEST_P(StoreSweepTest, MigrationIsDoneWholeOrNotAtAll) {
  const auto steps = GetParam() == Backend::kSqlite ? SqliteMigrations() : PostgresqlMigrations();
  const auto make = [&] {
    plain_.reset();
    store_.reset();
    MakeEmpty();
    auto inner = OpenDatabase(url());
    ASSERT_OK(inner.status());
    ASSERT_OK(Migrate(**inner, steps.first(1)).status());
  };
  make();
  int migrated = 0;
  const auto call = [&] {
    FailingDatabase database(*OpenDatabase(url()), fuse_);
    const absl::Status status = Migrate(database, steps).status();
    fuse_.Remove();
    if (status.ok()) {
      EXPECT_EQ(UpdateSchema(url(), true)->held, static_cast<int64_t>(steps.size()));
      EXPECT_TRUE(OpenStore(url(), SchemaPolicy::kRequire).ok());
      ++migrated;
      make();
    }
    return status;
  };
  Sweep(call, [&] { EXPECT_EQ(UpdateSchema(url(), true)->held, 1); });
  EXPECT_EQ(migrated, 2);
}

}  // namespace
}  // namespace sightline
