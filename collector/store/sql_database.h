// The seam between what the store means (SqlStore) and how a database is spoken to
// (store_sqlite.cc, store_pq.cc). SQL on this seam is the subset that SQLite, PostgreSQL and Citus
// understand alike, with parameters $1, $2, ...
#ifndef SIGHTLINE_COLLECTOR_STORE_SQL_DATABASE_H_
#define SIGHTLINE_COLLECTOR_STORE_SQL_DATABASE_H_

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sightline {

// Values to bind; the views must stay valid during the call. Text holds no NUL.
struct SqlText {
  absl::string_view value;
};
struct SqlBytes {
  absl::string_view value;
};
using SqlValue = std::variant<int64_t, SqlText, SqlBytes>;
using SqlValues = std::vector<SqlValue>;

// Columns of `batches`, in the order of SqlBatchRow.
inline constexpr std::array<absl::string_view, 15> kBatchColumns = {
    "batch",           "agent_id",  "batch_seq", "day",        "node",
    "node_seq",        "first_seq", "prev_hash", "chain_hash", "round_time_ms",
    "receive_time_ms", "country",   "asn",       "bucket",     "signature"};
using SqlBatchRow = std::array<SqlValue, kBatchColumns.size()>;

// One value of a result. Numbers and booleans are in `number`, text and bytes in `bytes`. There are
// no NULLs in the schema.
struct SqlCell {
  int64_t number = 0;
  std::string bytes;
};

struct SqlResult {
  std::vector<std::vector<SqlCell>> rows;
  int64_t affected = 0;  // rows changed by INSERT or UPDATE
};

// A transaction that is open. One thread. After an error only rolling back is left: return it.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  virtual absl::StatusOr<SqlResult> Run(absl::string_view sql, absl::Span<const SqlValue> args) = 0;
  // Runs one statement for each element of `args`, in order; how many rows each changed. One call
  // of Run for each, unless the database has something faster.
  virtual absl::StatusOr<std::vector<int64_t>> RunEach(absl::string_view sql,
                                                       absl::Span<const SqlValues> args);
  // Adds rows to `batches`, the fastest way that the database has.
  virtual absl::Status InsertBatches(absl::Span<const SqlBatchRow> rows) = 0;
  // Runs several statements without parameters.
  virtual absl::Status RunScript(absl::string_view sql) = 0;
};

enum class SqlDialect { kSqlite, kPostgresql };

// Thread-safe. The error codes are those that store.h lists for every call; ALREADY_EXISTS means
// that a unique key was there.
class SqlDatabase {
 public:
  virtual ~SqlDatabase() = default;

  virtual SqlDialect dialect() const = 0;

  // Runs `body` without a transaction around it; each statement sees what is committed by then.
  virtual absl::Status Read(absl::FunctionRef<absl::Status(SqlSession&)> body) = 0;

  // As Read, on a connection made for many bytes.
  virtual absl::Status ReadBulk(absl::FunctionRef<absl::Status(SqlSession&)> body) = 0;

  // As Read, but all statements see the same state.
  virtual absl::Status ReadOnce(absl::FunctionRef<absl::Status(SqlSession&)> body) = 0;

  // Runs `body` in one transaction: committed, and on the disk, when both return OK; else rolled
  // back.
  virtual absl::Status Write(absl::FunctionRef<absl::Status(SqlSession&)> body) = 0;

  // As Write, one at a time for each node. `body` is given the node's highest committed node_seq
  // and returns the highest one that it used. Nobody else's transaction for this node can still
  // commit while `body` runs.
  virtual absl::Status WriteAsNode(
      absl::string_view node,
      absl::FunctionRef<absl::StatusOr<uint64_t>(SqlSession&, uint64_t)> body) = 0;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQL_DATABASE_H_
