// One connection to PostgreSQL through libpq, for what moves the log's bytes in bulk: binary
// parameters and results, pipelined updates, binary COPY. libpqxx 6.4 has none of them; as
// hexadecimal text a record of 10 KB costs the collector 108 us of CPU, so 4.5.
#ifndef SIGHTLINE_COLLECTOR_STORE_PQ_SESSION_H_
#define SIGHTLINE_COLLECTOR_STORE_PQ_SESSION_H_

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "collector/store/sql_database.h"

namespace sightline {

// One thread at a time.
class PqSession : public SqlSession {
 public:
  // UNAVAILABLE when the server does not answer or does not let us in.
  static absl::StatusOr<std::unique_ptr<PqSession>> Open(const std::string& url);

  absl::StatusOr<SqlResult> Run(absl::string_view sql, absl::Span<const SqlValue> args) override;
  // All statements travel together and come back together: one round trip.
  absl::StatusOr<std::vector<int64_t>> RunEach(absl::string_view sql,
                                               absl::Span<const SqlValues> args) override;
  absl::Status InsertBatches(absl::Span<const SqlBatchRow> rows) override;
  absl::Status RunScript(absl::string_view sql) override;

  // Runs `body` between the statement `begin` and COMMIT; rolls back when it fails. ABORTED when
  // nobody knows whether the commit came to be.
  absl::Status Transact(const char* begin, absl::FunctionRef<absl::Status(SqlSession&)> body);

  // Whether a call failed: the connection is then not to be used again.
  bool failed() const { return failed_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Finish>;

  explicit PqSession(PGconn* connection) : connection_(connection) {}

  // Name of the prepared statement, made on first use; empty: too many are prepared already.
  absl::StatusOr<std::string> Prepared(absl::string_view sql, const Oid* types, int count);
  absl::Status Fail(const PGresult* result);
  absl::Status Commit();
  absl::Status SendEach(const std::string& name, absl::Span<const SqlValues> args);
  absl::Status ReadEach(size_t count, std::vector<int64_t>* affected);

  std::unique_ptr<PGconn, Finish> connection_;
  absl::flat_hash_map<std::string, std::string> prepared_;  // SQL to name
  bool failed_ = false;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_PQ_SESSION_H_
