// The way back from a copy: whole and on the disk, or not at all.
#include "collector/store/sqlite_restore.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "collector/store/migrations.h"
#include "collector/store/sqlite_backup.h"
#include "collector/store/sqlite_file.h"
#include "common/files.h"
#include "tests/collector/store/store_fixture.h"
#include "tests/collector/store/tiny_disk.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;

void NoProgress(int64_t /*done*/, int64_t /*all*/) {}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

class RestoreTest : public StoreTest {
 protected:
  // A store with two agents' chains in two nodes' logs, and a copy of it.
  void SetUp() override {
    const auto store = Open();
    for (const TestAgent& agent : agents_) Enroll(*store, agent);
    for (uint64_t seq = 1; seq <= kRecords; ++seq) {
      ASSERT_OK(
          store
              ->Append(seq % 3 == 0 ? "n2" : "n1", {agents_[0].Record(seq), agents_[1].Record(seq)})
              .status());
    }
    ASSERT_OK(BackupSqlite(path(), copy_, NoProgress));
  }
  absl::StatusOr<RestoreReport> Restore() { return RestoreSqlite(copy_, target_, NoProgress); }
  // As Restore, of the copy changed by `sql`.
  absl::Status RestoreOf(const std::string& sql) {
    std::filesystem::remove(copy_);
    EXPECT_TRUE(BackupSqlite(path(), copy_, NoProgress).ok());
    const auto db = OpenSqliteFile(copy_, SQLITE_OPEN_READWRITE);
    EXPECT_TRUE(db.ok()) << db.status();
    EXPECT_TRUE(FirstText(db->get(), "PRAGMA journal_mode = DELETE; " + sql).ok()) << sql;
    return Restore().status();
  }
  // Nothing of the store that was to be made, and nothing beside it.
  void ExpectNothingMade() const {
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(out_.path()), {}), 0);
  }

  static constexpr uint64_t kRecords = 60;
  const std::vector<TestAgent> agents_ = {TestAgent(0), TestAgent(1)};
  const TempFolder copies_;
  const TempFolder out_;
  const std::string copy_ = copies_ / "copy.db";
  const std::string target_ = out_ / "store.db";
};
INSTANTIATE_TEST_SUITE_P(All, RestoreTest, testing::Values(Backend::kSqlite), BackendName);

TEST_P(RestoreTest, StoreIsThatOfTheCopyAndACollectorGoesOnWithIt) {
  int64_t last_done = 0;
  const auto report = RestoreSqlite(copy_, target_, [&](int64_t done, int64_t all) {
    EXPECT_LT(last_done, done);
    EXPECT_LE(done, all);
    last_done = done;
  });
  ASSERT_OK(report.status());
  EXPECT_GT(last_done, 0);
  EXPECT_EQ(report->records, 2 * static_cast<int64_t>(kRecords));
  EXPECT_EQ(report->agents, 2);
  EXPECT_EQ(report->schema_held, SqliteMigrations().back().version);
  EXPECT_EQ(report->schema_known, report->schema_held);
  EXPECT_EQ(report->newest, agents_[0].Record(kRecords).receive_time);
  EXPECT_FALSE(report->days_dropped);
  struct stat info = {};
  ASSERT_EQ(stat(target_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(out_.path()), {}), 1);
  const auto store = OpenStore("sqlite:" + target_, SchemaPolicy::kRequire);
  ASSERT_OK(store.status());
  CheckInvariants(**store, agents_);
  EXPECT_EQ(AppendOne(**store, "n1", agents_[0].Record(kRecords + 1)), AppendOutcome::kAppended);
}

TEST_P(RestoreTest, WhatIsThereIsLeftAlone) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    SCOPED_TRACE(suffix);
    const std::string there = target_ + suffix;
    std::ofstream(there) << "precious";
    EXPECT_EQ(CodeOf(Restore()), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(*SystemFiles().Read(there), "precious");
    std::filesystem::remove(there);
    ExpectNothingMade();
  }
}

TEST_P(RestoreTest, StoreInUseIsNoCopy) {
  const auto store = Open();  // its last batches may be in the -wal file alone
  ASSERT_OK(store->Append("n1", {agents_[0].Record(kRecords + 1)}).status());
  const absl::Status status = RestoreSqlite(path(), target_, NoProgress).status();
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(Message(status), HasSubstr("sightline-collector backup"));
  ExpectNothingMade();
}

TEST_P(RestoreTest, WhatIsNoStoreIsRefused) {
  EXPECT_EQ(CodeOf(RestoreSqlite(copies_ / "none.db", target_, NoProgress)),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(RestoreSqlite(copies_.path(), target_, NoProgress)),
            absl::StatusCode::kInvalidArgument);
  std::ofstream(copies_ / "text") << std::string(9000, 'x');
  EXPECT_EQ(CodeOf(RestoreSqlite(copies_ / "text", target_, NoProgress)),
            absl::StatusCode::kDataLoss);
  std::ofstream(copies_ / "empty");
  EXPECT_EQ(CodeOf(RestoreSqlite(copies_ / "empty", target_, NoProgress)),
            absl::StatusCode::kInvalidArgument);
  ExpectNothingMade();
}

TEST_P(RestoreTest, EachKindOfDamageIsNamed) {
  const struct {
    const char* sql;
    absl::StatusCode code;
    const char* words;
  } kCases[] = {
      {"DELETE FROM batches WHERE node = 'n1' AND node_seq = 7", absl::StatusCode::kDataLoss,
       "missing among the numbers"},
      {"DELETE FROM batches WHERE node = 'n2' AND node_seq = 1", absl::StatusCode::kDataLoss,
       "do not begin with 1"},
      {"UPDATE batches SET prev_hash = zeroblob(32) WHERE node = 'n1' AND node_seq = 8",
       absl::StatusCode::kDataLoss, "do not continue"},
      {"UPDATE agents SET last_seq = last_seq + 1", absl::StatusCode::kDataLoss, "do not end"},
      {"UPDATE agents SET head = zeroblob(32)", absl::StatusCode::kDataLoss, "do not end"},
      {"UPDATE agents SET last_seq = last_seq - 1", absl::StatusCode::kDataLoss, "do not end"},
      {"INSERT INTO schema_migrations VALUES (99)", absl::StatusCode::kFailedPrecondition,
       "newer program"},
      {"DROP TABLE plans", absl::StatusCode::kInvalidArgument, "no store of Sightline"},
      {"DELETE FROM schema_migrations", absl::StatusCode::kInvalidArgument, "no store"},
  };
  for (const auto& each : kCases) {
    SCOPED_TRACE(each.sql);
    const absl::Status status = RestoreOf(each.sql);
    EXPECT_EQ(CodeOf(status), each.code) << status;
    EXPECT_THAT(Message(status), HasSubstr(each.words));
    ExpectNothingMade();
  }
}

TEST_P(RestoreTest, HolesOfDroppedDaysAreNoDamage) {
  EXPECT_TRUE(RestoreOf("DELETE FROM batches WHERE node_seq < 7; INSERT INTO log_start VALUES (1, "
                        "19831)")
                  .ok());
}

TEST_P(RestoreTest, CopyCutAtAnyPageIsRefused) {
  const auto size = static_cast<int64_t>(std::filesystem::file_size(copy_));
  const std::string whole = *SystemFiles().Read(copy_);
  for (int64_t end = 0; end < size; end += 4096) {
    SCOPED_TRACE(absl::StrCat("the first ", end, " of ", size, " bytes"));
    ASSERT_OK(
        SystemFiles().WriteAtomically(copy_, whole.substr(0, static_cast<size_t>(end)), 0600));
    EXPECT_FALSE(Restore().ok());
    ExpectNothingMade();
    if (HasFailure()) return;
  }
}

// For N = 0, 1, ...: the system takes N bytes of the file and no more.
TEST_P(RestoreTest, WriteThatFailsAnywhereLeavesNothing) {
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto size = static_cast<rlim_t>(std::filesystem::file_size(copy_));
  bool made = false;
  for (rlim_t bytes = 0; !made && bytes <= size; bytes += (size + 19) / 20) {
    SCOPED_TRACE(absl::StrCat(bytes, " of ", size, " bytes"));
    const rlimit tight = {bytes, limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const absl::Status status = Restore().status();
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    made = status.ok();
    EXPECT_EQ(made, bytes >= size) << status;
    if (!made) ExpectNothingMade();
  }
  std::signal(SIGXFSZ, before);
  // And then it works.
  if (!made) {
    EXPECT_TRUE(Restore().ok());
  }
  const auto store = OpenStore("sqlite:" + target_, SchemaPolicy::kRequire);
  ASSERT_OK(store.status());
  CheckInvariants(**store, agents_);
}

TEST_P(RestoreTest, FullDiskIsNamed) {
  const TinyDisk disk(1);
  if (!disk.is_mounted()) return;
  std::ofstream(copy_, std::ios::app) << std::string(size_t{2} << 20, '\0');
  const absl::Status status = RestoreSqlite(copy_, disk.path() + "/store.db", NoProgress).status();
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(std::filesystem::is_empty(disk.path()));
}

TEST_P(RestoreTest, RootGivesTheStoreToTheOwnerOfItsFolder) {
  const bool is_root = geteuid() == 0;
  const uid_t owner = is_root ? 65534 : geteuid();
  if (is_root) {
    ASSERT_EQ(chown(out_.path().c_str(), owner, owner), 0);
  }
  ASSERT_OK(Restore().status());
  struct stat info = {};
  ASSERT_EQ(stat(target_.c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, owner);
}

}  // namespace
}  // namespace sightline
