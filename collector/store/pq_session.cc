#include "collector/store/pq_session.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/store/pq_binary.h"
#include "collector/store/pq_status.h"

namespace sightline {
namespace {

constexpr size_t kPreparedMax = 100;
// A COPY goes to libpq in pieces of about this size.
constexpr size_t kCopyPieceBytes = 64 << 10;
constexpr int kBinary = 1;

int64_t AffectedBy(PGresult* result) {
  int64_t affected = 0;
  return absl::SimpleAtoi(PQcmdTuples(result), &affected) ? affected : 0;
}

bool Succeeded(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PqSession>> PqSession::Open(const std::string& url) {
  auto session = std::unique_ptr<PqSession>(new PqSession(PQconnectdb(url.c_str())));
  PGconn* connection = session->connection_.get();
  if (PQstatus(connection) != CONNECTION_OK) {
    return StatusOfPqResult(connection, nullptr);
  }
  // Notices are for people at a terminal.
  PQsetNoticeReceiver(
      connection, [](void*, const PGresult*) {}, nullptr);
  const absl::Status status = session->RunScript(kPostgresqlSettings);
  if (!status.ok()) return status;
  return session;
}

absl::Status PqSession::Fail(const PGresult* result) {
  failed_ = true;
  return StatusOfPqResult(connection_.get(), result);
}

absl::StatusOr<std::string> PqSession::Prepared(absl::string_view sql, const Oid* types,
                                                int count) {
  const auto found = prepared_.find(sql);
  if (found != prepared_.end()) return found->second;
  if (prepared_.size() >= kPreparedMax) return std::string();
  std::string name = absl::StrCat("s", prepared_.size());
  const Result result(
      PQprepare(connection_.get(), name.c_str(), std::string(sql).c_str(), count, types));
  if (!Succeeded(result.get())) return Fail(result.get());
  prepared_.emplace(std::string(sql), name);
  return name;
}

absl::StatusOr<SqlResult> PqSession::Run(absl::string_view sql, absl::Span<const SqlValue> args) {
  const PqParams params(args);
  const absl::StatusOr<std::string> name = Prepared(sql, params.types(), params.count());
  if (!name.ok()) return name.status();
  const Result rows(name->empty() ? PQexecParams(connection_.get(), std::string(sql).c_str(),
                                                 params.count(), params.types(), params.values(),
                                                 params.lengths(), params.formats(), kBinary)
                                  : PQexecPrepared(connection_.get(), name->c_str(), params.count(),
                                                   params.values(), params.lengths(),
                                                   params.formats(), kBinary));
  if (!Succeeded(rows.get())) return Fail(rows.get());
  SqlResult result;
  result.affected = AffectedBy(rows.get());
  const int columns = PQnfields(rows.get());
  result.rows.resize(static_cast<size_t>(PQntuples(rows.get())));
  for (int i = 0; i < PQntuples(rows.get()); ++i) {
    std::vector<SqlCell>& row = result.rows[static_cast<size_t>(i)];
    row.reserve(static_cast<size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      absl::StatusOr<SqlCell> cell = PqCellAt(rows.get(), i, column);
      if (!cell.ok()) return cell.status();
      row.push_back(*std::move(cell));
    }
  }
  return result;
}

absl::Status PqSession::SendEach(const std::string& name, absl::Span<const SqlValues> args) {
  for (const SqlValues& values : args) {
    const PqParams params(values);
    if (PQsendQueryPrepared(connection_.get(), name.c_str(), params.count(), params.values(),
                            params.lengths(), params.formats(), kBinary) == 0) {
      return Fail(nullptr);
    }
  }
  return PQpipelineSync(connection_.get()) == 1 ? absl::OkStatus() : Fail(nullptr);
}

absl::Status PqSession::ReadEach(size_t count, std::vector<int64_t>* affected) {
  absl::Status status;
  for (size_t i = 0; i < count; ++i) {
    const Result result(PQgetResult(connection_.get()));
    if (result == nullptr) return Fail(nullptr);
    if (Succeeded(result.get())) {
      affected->push_back(AffectedBy(result.get()));
    } else if (status.ok()) {
      status = Fail(result.get());  // those behind it are only said to be aborted
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK) return status.ok() ? Fail(nullptr) : status;
    // What ends the results of one statement.
    const Result end(PQgetResult(connection_.get()));
    if (end != nullptr) return Fail(end.get());
  }
  const Result sync(PQgetResult(connection_.get()));
  if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC && status.ok()) return Fail(sync.get());
  return status;
}

absl::StatusOr<std::vector<int64_t>> PqSession::RunEach(absl::string_view sql,
                                                        absl::Span<const SqlValues> args) {
  std::vector<int64_t> affected;
  if (args.empty()) return affected;
  affected.reserve(args.size());
  const PqParams first(args[0]);
  const absl::StatusOr<std::string> name = Prepared(sql, first.types(), first.count());
  if (!name.ok()) return name.status();
  if (name->empty()) return SqlSession::RunEach(sql, args);
  if (PQenterPipelineMode(connection_.get()) != 1) return Fail(nullptr);
  absl::Status status = SendEach(*name, args);
  if (status.ok()) status = ReadEach(args.size(), &affected);
  if (PQexitPipelineMode(connection_.get()) != 1 && status.ok()) status = Fail(nullptr);
  if (!status.ok()) return status;
  return affected;
}

absl::Status PqSession::InsertBatches(absl::Span<const SqlBatchRow> rows) {
  static const std::string* const kCopy = new std::string(absl::StrCat(
      "COPY batches (", absl::StrJoin(kBatchColumns, ", "), ") FROM STDIN (FORMAT binary)"));
  PGconn* connection = connection_.get();
  const Result begun(PQexec(connection, kCopy->c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return Fail(begun.get());
  std::string piece(PqCopyHeader());
  const auto put = [&] {
    const int done = PQputCopyData(connection, piece.data(), static_cast<int>(piece.size()));
    piece.clear();
    return done == 1;
  };
  for (const SqlBatchRow& row : rows) {
    AppendPqCopyRow(row, &piece);
    if (piece.size() >= kCopyPieceBytes && !put()) return Fail(nullptr);
  }
  absl::StrAppend(&piece, PqCopyTrailer());
  if (!put() || PQputCopyEnd(connection, nullptr) != 1) return Fail(nullptr);
  absl::Status status;
  for (Result result(PQgetResult(connection)); result != nullptr;
       result.reset(PQgetResult(connection))) {
    if (!Succeeded(result.get()) && status.ok()) status = Fail(result.get());
    if (PQstatus(connection) != CONNECTION_OK) return status.ok() ? Fail(nullptr) : status;
  }
  return status;
}

absl::Status PqSession::RunScript(absl::string_view sql) {
  const Result result(PQexec(connection_.get(), std::string(sql).c_str()));
  return Succeeded(result.get()) ? absl::OkStatus() : Fail(result.get());
}

absl::Status PqSession::Commit() {
  const Result result(PQexec(connection_.get(), "COMMIT"));
  if (Succeeded(result.get())) {
    // A transaction that had failed ends with another word.
    if (strcmp(PQcmdStatus(result.get()), "COMMIT") == 0) return absl::OkStatus();
    failed_ = true;
    return absl::InternalError("PostgreSQL rolled back what was to be committed");
  }
  const absl::Status status = Fail(result.get());
  if (!absl::IsUnavailable(status)) return status;
  return absl::AbortedError(
      "PostgreSQL was lost during a commit, which may have succeeded; read again, then retry");
}

absl::Status PqSession::Transact(const char* begin,
                                 absl::FunctionRef<absl::Status(SqlSession&)> body) {
  absl::Status status = RunScript(begin);
  if (!status.ok()) return status;
  status = body(*this);
  if (status.ok()) return Commit();
  // A connection that failed is closed instead, which undoes all the same.
  if (!failed_ && !RunScript("ROLLBACK").ok()) failed_ = true;
  return status;
}

}  // namespace sightline
