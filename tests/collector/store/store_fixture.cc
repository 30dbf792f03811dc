#include "tests/collector/store/store_fixture.h"

#include <sqlite3.h>
#include <unistd.h>

#include <map>

namespace sightline {
namespace {

class PostgresEnvironment : public testing::Environment {
 public:
  void TearDown() override { server.reset(); }
  std::unique_ptr<PrivatePostgres> server;
};

PostgresEnvironment& TheEnvironment() {
  // GoogleTest owns and deletes it.
  static auto* environment =
      static_cast<PostgresEnvironment*>(testing::AddGlobalTestEnvironment(new PostgresEnvironment));
  return *environment;
}

const bool kRegistered = (TheEnvironment(), true);

}  // namespace

PrivatePostgres& SharedPostgres() {
  PostgresEnvironment& environment = TheEnvironment();
  if (environment.server == nullptr) environment.server = std::make_unique<PrivatePostgres>();
  return *environment.server;
}

StoreTest::StoreTest()
    : url_(GetParam() == Backend::kSqlite ? "sqlite:" + folder_ / "store.db"
                                          : SharedPostgres().NewDatabase()) {}

std::unique_ptr<Store> StoreTest::Open() const {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(url_);
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

void StoreTest::RunSql(const std::string& sql) const {
  if (GetParam() == Backend::kPostgresql) {
    PrivatePostgres::RunSql(url_, sql);
    return;
  }
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ / "store.db").c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(db);
  sqlite3_close(db);
}

void StoreTest::MakeEmpty() const {
  if (GetParam() == Backend::kPostgresql) {
    PrivatePostgres::RunSql(url_, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    return;
  }
  for (const char* suffix : {"", "-wal", "-shm"}) unlink((path() + suffix).c_str());
}

void StoreTest::Enroll(Store& store, const TestAgent& agent) {
  const InviteRecord invite = {agent.token_hash(), v1::AGENT_ROLE_VOLUNTEER,
                               TestTime() + absl::Hours(1)};
  ASSERT_OK(store.AddInvites({invite}));
  ASSERT_OK(store.Enroll(invite.token_hash, agent.ToEnroll()).status());
}

AppendOutcome StoreTest::AppendOne(Store& store, absl::string_view node, const LogRecord& record) {
  const auto outcomes = store.Append(node, {record});
  EXPECT_TRUE(outcomes.ok()) << outcomes.status();
  return outcomes.ok() ? outcomes->outcomes[0] : AppendOutcome::kConflict;
}

void StoreTest::CheckInvariants(Store& store, const std::vector<TestAgent>& agents) {
  // By agent: batch_seq to record, over all nodes.
  std::map<std::string, std::map<uint64_t, LogRecord>> chains;
  const auto nodes = store.ListNodes();
  ASSERT_OK(nodes.status());
  for (const std::string& node : *nodes) {
    uint64_t after = 0;
    while (true) {
      const auto records = store.ReadLog(node, after, 100);
      ASSERT_OK(records.status());
      if (records->empty()) break;
      for (const LogRecord& record : *records) {
        ASSERT_EQ(record.node_seq, ++after) << "gap in the order of " << node;
        ASSERT_TRUE(chains[record.agent_id].emplace(record.batch_seq, record).second)
            << "stored twice";
      }
    }
  }
  for (const TestAgent& agent : agents) {
    uint64_t seq = 0;
    std::string head = GenesisHash();
    for (const auto& [batch_seq, record] : chains[agent.id()]) {
      ASSERT_EQ(record.first_seq, seq + 1);
      ASSERT_EQ(record.prev_hash, head);
      ASSERT_EQ(record.batch, agent.Batch(batch_seq));
      seq = batch_seq;
      head = record.chain_hash;
    }
    const auto held = store.FindAgent(agent.id());
    ASSERT_OK(held.status());
    EXPECT_EQ(held->last_seq, seq);
    EXPECT_EQ(held->head, head);
  }
}

}  // namespace sightline
