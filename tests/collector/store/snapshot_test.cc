#include "collector/store/snapshot.h"

#include <filesystem>

#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

class SnapshotTest : public StoreTest {
 protected:
  const TestAgent agent_{1};
};
INSTANTIATE_TEST_SUITE_P(All, SnapshotTest, testing::Values(Backend::kSqlite, Backend::kPostgresql),
                         BackendName);

TEST_P(SnapshotTest, WhatIsWrittenMeanwhileIsNotSeen) {
  const auto store = Open();
  Enroll(*store, agent_);
  ASSERT_EQ(AppendOne(*store, "n1", agent_.Record(1)), AppendOutcome::kAppended);
  ASSERT_OK(WithSnapshot(url(), [&](StoreReader& snapshot) {
    EXPECT_EQ(Value(snapshot.ListNodes()).size(), 1u);
    EXPECT_EQ(AppendOne(*store, "n1", agent_.Record(2)), AppendOutcome::kAppended);
    EXPECT_EQ(AppendOne(*store, "n2", agent_.Record(3)), AppendOutcome::kAppended);
    Enroll(*store, TestAgent(2));
    EXPECT_EQ(Value(snapshot.ReadLog("n1", 0, 10)).size(), 1u);
    EXPECT_EQ(Value(snapshot.ListNodes()).size(), 1u);
    EXPECT_EQ(Value(snapshot.SeekLog("n1", absl::InfiniteFuture())), 1u);
    EXPECT_EQ(Value(snapshot.FindAgent(agent_.id())).last_seq, 1u);
    EXPECT_EQ(Value(snapshot.ListAgents("", 10)).size(), 1u);
    EXPECT_TRUE(snapshot.ReadCheckpoint().ok());
    return absl::OkStatus();
  }));
  EXPECT_EQ(Value(store->ReadLog("n1", 0, 10)).size(), 2u);
}

TEST_P(SnapshotTest, WhatTheBodySaysIsReturned) {
  ASSERT_NE(Open(), nullptr);
  const absl::Status status =
      WithSnapshot(url(), [](StoreReader&) { return absl::CancelledError("enough"); });
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kCancelled);
}

TEST_P(SnapshotTest, AnotherSchemaIsRefused) {
  ASSERT_NE(Open(), nullptr);
  RunSql("INSERT INTO schema_migrations (version) VALUES (999)");
  EXPECT_EQ(CodeOf(WithSnapshot(url(), [](StoreReader&) { return absl::OkStatus(); })),
            absl::StatusCode::kFailedPrecondition);
}

TEST(SnapshotFileTest, AFileThatIsNotThereIsNotMade) {
  const TempFolder folder;
  const absl::Status status =
      WithSnapshot("sqlite:" + folder / "none.db", [](StoreReader&) { return absl::OkStatus(); });
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace sightline
