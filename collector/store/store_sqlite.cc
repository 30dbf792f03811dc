// SQLite: one file, one writer at a time. Every commit is on the disk before it returns
// (journal_mode WAL with synchronous FULL).
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "collector/store/backends.h"
#include "collector/store/connection_pool.h"
#include "collector/store/fair_mutex.h"
#include "collector/store/node_seq.h"
#include "collector/store/sqlite_handle.h"

namespace sightline {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
constexpr int kSettingsRetryMs = 5;

constexpr char kSettings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; "
    "PRAGMA secure_delete = FAST;";

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// Ends the use of a statement: rewinds it and drops what was bound.
class StatementUse {
 public:
  explicit StatementUse(sqlite3_stmt* statement) : statement_(statement) {}
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;
  ~StatementUse() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

 private:
  sqlite3_stmt* statement_;
};

// Binds without copying: the views outlive the step.
struct Bind {
  sqlite3_stmt* statement;
  int index;
  int operator()(int64_t value) const { return sqlite3_bind_int64(statement, index, value); }
  int operator()(SqlText text) const {
    return sqlite3_bind_text64(statement, index, text.value.empty() ? "" : text.value.data(),
                               text.value.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(SqlBytes bytes) const {
    // A null pointer would bind NULL.
    return sqlite3_bind_blob64(statement, index, bytes.value.empty() ? "" : bytes.value.data(),
                               bytes.value.size(), SQLITE_STATIC);
  }
};

SqlCell CellAt(sqlite3_stmt* statement, int column) {
  if (sqlite3_column_type(statement, column) == SQLITE_INTEGER) {
    return {sqlite3_column_int64(statement, column), {}};
  }
  const char* data = static_cast<const char*>(sqlite3_column_blob(statement, column));
  const int size = sqlite3_column_bytes(statement, column);
  return {0, size == 0 ? std::string() : std::string(data, static_cast<size_t>(size))};
}

// One connection; one thread at a time.
class SqliteSession : public SqlSession {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteSession>> Open(const std::string& path) {
    sqlite3* raw = nullptr;
    const int opened =
        sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    auto session = std::unique_ptr<SqliteSession>(new SqliteSession(raw));
    if (opened != SQLITE_OK) return StatusOfSqlite(raw, opened, absl::StrCat("opening ", path));
    sqlite3_busy_timeout(raw, kBusyTimeoutMs);
    // SQLite does not wait by itself while another connection makes a new file a WAL file.
    absl::Status status = session->RunScript(kSettings);
    for (int waited = 0; absl::IsUnavailable(status) && waited < kBusyTimeoutMs;
         waited += kSettingsRetryMs) {
      sqlite3_sleep(kSettingsRetryMs);
      status = session->RunScript(kSettings);
    }
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat(status.message(), " (", path, ")"));
    }
    return session;
  }

  absl::StatusOr<SqlResult> Run(absl::string_view sql, absl::Span<const SqlValue> args) override {
    const absl::StatusOr<sqlite3_stmt*> prepared = Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    sqlite3_stmt* statement = *prepared;
    const StatementUse use(statement);
    for (size_t i = 0; i < args.size(); ++i) {
      const int bound = std::visit(Bind{statement, static_cast<int>(i) + 1}, args[i]);
      if (bound != SQLITE_OK)
        return StatusOfSqlite(db_.get(), bound, absl::StrCat("binding to ", sql));
    }
    SqlResult result;
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
      std::vector<SqlCell>& row = result.rows.emplace_back();
      const int columns = sqlite3_column_count(statement);
      for (int i = 0; i < columns; ++i) row.push_back(CellAt(statement, i));
    }
    if (code != SQLITE_DONE) return StatusOfSqlite(db_.get(), code, absl::StrCat("running ", sql));
    if (sqlite3_stmt_readonly(statement) == 0) result.affected = sqlite3_changes64(db_.get());
    return result;
  }

  absl::Status InsertBatches(absl::Span<const SqlBatchRow> rows) override {
    for (const SqlBatchRow& row : rows) {
      const absl::StatusOr<SqlResult> added = Run(insert_batch_, row);
      if (!added.ok()) return added.status();
    }
    return absl::OkStatus();
  }

  absl::Status RunScript(absl::string_view sql) override {
    const int code = sqlite3_exec(db_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return StatusOfSqlite(db_.get(), code, absl::StrCat("running ", sql));
    return absl::OkStatus();
  }

  // Runs `body` in a transaction that holds the write lock from its start.
  absl::Status Transact(absl::FunctionRef<absl::Status(SqlSession&)> body) {
    absl::Status status = RunScript("BEGIN IMMEDIATE");
    if (!status.ok()) return status;
    status = body(*this);
    if (status.ok()) status = RunScript("COMMIT");
    // Some errors end the transaction by themselves, and a failed COMMIT may leave it open.
    if (!status.ok() && sqlite3_get_autocommit(db_.get()) == 0) {
      const absl::Status undone = RunScript("ROLLBACK");
      if (!undone.ok()) return undone;
    }
    return status;
  }

 private:
  explicit SqliteSession(sqlite3* db) : db_(db) {}

  absl::StatusOr<sqlite3_stmt*> Prepare(absl::string_view sql) {
    const auto found = statements_.find(sql);
    if (found != statements_.end()) return found->second.get();
    // ?N is parameter N, while $N is only a name.
    const std::string numbered = absl::StrReplaceAll(sql, {{"$", "?"}});
    sqlite3_stmt* raw = nullptr;
    const int code =
        sqlite3_prepare_v3(db_.get(), numbered.data(), static_cast<int>(numbered.size()),
                           SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) return StatusOfSqlite(db_.get(), code, absl::StrCat("preparing ", sql));
    statements_.emplace(std::string(sql), Statement(raw));
    return raw;
  }

  static std::string InsertBatchSql() {
    std::vector<std::string> names;
    for (size_t i = 1; i <= kBatchColumns.size(); ++i) names.push_back(absl::StrCat("$", i));
    return absl::StrCat("INSERT INTO batches (", absl::StrJoin(kBatchColumns, ", "), ") VALUES (",
                        absl::StrJoin(names, ", "), ")");
  }

  const std::string insert_batch_ = InsertBatchSql();
  SqliteHandle db_;
  absl::flat_hash_map<std::string, Statement> statements_;  // by text; finalized before db_ closes
};

class SqliteDatabase : public SqlDatabase {
 public:
  SqliteDatabase(std::string path, std::unique_ptr<SqliteSession> writer)
      : path_(std::move(path)), writer_(std::move(writer)) {}

  SqlDialect dialect() const override { return SqlDialect::kSqlite; }

  absl::Status Read(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    std::unique_ptr<SqliteSession> reader = readers_.Take();
    if (reader == nullptr) {
      absl::StatusOr<std::unique_ptr<SqliteSession>> opened = SqliteSession::Open(path_);
      if (!opened.ok()) return opened.status();
      reader = *std::move(opened);
    }
    absl::Status status = body(*reader);
    readers_.Give(std::move(reader));
    return status;
  }

  absl::Status ReadBulk(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return Read(body);
  }

  absl::Status ReadOnce(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return Read([&](SqlSession& session) {
      absl::Status status = session.RunScript("BEGIN");
      if (!status.ok()) return status;
      status = body(session);
      const absl::Status ended = session.RunScript("COMMIT");
      return status.ok() ? ended : status;
    });
  }

  absl::Status Write(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    const std::lock_guard<FairMutex> lock(writer_mutex_);
    return writer_->Transact(body);
  }

  absl::Status WriteAsNode(
      absl::string_view node,
      absl::FunctionRef<absl::StatusOr<uint64_t>(SqlSession&, uint64_t)> body) override {
    // The write lock keeps every other process out, so the highest node_seq is simply read.
    return Write([&](SqlSession& session) {
      const absl::StatusOr<uint64_t> last = LastNodeSeq(session, node);
      if (!last.ok()) return last.status();
      return body(session, *last).status();
    });
  }

 private:
  const std::string path_;
  FairMutex writer_mutex_;
  std::unique_ptr<SqliteSession> writer_;  // guarded by writer_mutex_
  ConnectionPool<SqliteSession> readers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SqlDatabase>> OpenSqlite(const std::string& path) {
  // Made here and not by SQLite for its mode: the file holds bucket keys. The -wal and -shm files
  // take the same mode.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot open ", path, ": ", std::string(strerror(errno)),
                     "; the file and its folder must be there and writable"));
  }
  close(fd);
  absl::StatusOr<std::unique_ptr<SqliteSession>> writer = SqliteSession::Open(path);
  if (!writer.ok()) return writer.status();
  return std::make_unique<SqliteDatabase>(path, *std::move(writer));
}

}  // namespace sightline
