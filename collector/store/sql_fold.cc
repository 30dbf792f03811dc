// The fold's half of SqlStore: lease, verdicts, checkpoints.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/append_plan.h"
#include "collector/store/sql_rows.h"
#include "collector/store/sql_store.h"

namespace sightline {
namespace {

constexpr absl::string_view kSelectLease = "SELECT holder, term, beat FROM leases WHERE name = $1";
constexpr absl::string_view kInsertLease =
    "INSERT INTO leases (name, holder, term, beat) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (name) DO NOTHING";
constexpr absl::string_view kMoveLease =
    "UPDATE leases SET holder = $1, term = $2, beat = $3 "
    "WHERE name = $4 AND holder = $5 AND term = $6 AND beat = $7";
// Changes nothing, but locks the row until the end of the transaction.
constexpr absl::string_view kHoldLease =
    "UPDATE leases SET holder = $1 WHERE name = $2 AND holder = $1 AND term = $3";
constexpr absl::string_view kPutVerdict =
    "INSERT INTO verdicts (target_id, country, window_start_ms, window_length_ms, "
    "ruleset_version, verdict) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT (target_id, country, window_start_ms) DO UPDATE SET "
    "window_length_ms = excluded.window_length_ms, ruleset_version = excluded.ruleset_version, "
    "verdict = excluded.verdict";
constexpr absl::string_view kPutCells =
    "INSERT INTO cells (target_id, country, window_start_ms, cells) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (target_id, country, window_start_ms) DO UPDATE SET cells = excluded.cells";
constexpr absl::string_view kPutPosition =
    "INSERT INTO fold_positions (node, node_seq) VALUES ($1, $2) "
    "ON CONFLICT (node) DO UPDATE SET node_seq = excluded.node_seq";
constexpr absl::string_view kPutWindow =
    "INSERT INTO fold_windows (window_start_ms, state) VALUES ($1, $2) "
    "ON CONFLICT (window_start_ms) DO UPDATE SET state = excluded.state";
constexpr absl::string_view kDeleteWindows = "DELETE FROM fold_windows WHERE window_start_ms < $1";
constexpr absl::string_view kSelectPositions =
    "SELECT node, node_seq FROM fold_positions ORDER BY node";
constexpr absl::string_view kSelectWindows =
    "SELECT window_start_ms, state FROM fold_windows ORDER BY window_start_ms";
constexpr absl::string_view kSelectVerdicts =
    "SELECT target_id, window_start_ms, window_length_ms, ruleset_version, verdict FROM verdicts "
    "WHERE country = $1 AND window_start_ms >= $2 AND window_start_ms < $3 "
    "ORDER BY window_start_ms, target_id";
constexpr absl::string_view kSelectCells =
    "SELECT target_id, window_start_ms, cells FROM cells "
    "WHERE country = $1 AND window_start_ms >= $2 AND window_start_ms < $3 "
    "ORDER BY window_start_ms, target_id";
constexpr absl::string_view kSelectNewestVerdict =
    "SELECT window_start_ms FROM verdicts WHERE country = $1 "
    "ORDER BY window_start_ms DESC LIMIT 1";

// Runs one statement for each row; nothing when there is none.
absl::Status Each(SqlSession& session, absl::string_view sql, const std::vector<SqlValues>& rows) {
  if (rows.empty()) return absl::OkStatus();
  return session.RunEach(sql, rows).status();
}

absl::Status WriteVerdicts(SqlSession& session, absl::Span<const VerdictRecord> verdicts) {
  std::vector<SqlValues> verdict_rows;
  std::vector<SqlValues> cell_rows;
  for (const VerdictRecord& record : verdicts) {
    const int64_t start_ms = absl::ToUnixMillis(record.window_start);
    verdict_rows.push_back({SqlText{record.target_id}, SqlText{record.country}, start_ms,
                            absl::ToInt64Milliseconds(record.window_length),
                            SqlText{record.ruleset_version}, SqlBytes{record.verdict}});
    cell_rows.push_back(
        {SqlText{record.target_id}, SqlText{record.country}, start_ms, SqlBytes{record.cells}});
  }
  absl::Status status = Each(session, kPutVerdict, verdict_rows);
  if (status.ok()) status = Each(session, kPutCells, cell_rows);
  return status;
}

absl::Status WriteCheckpoint(SqlSession& session, const FoldCheckpoint& checkpoint) {
  std::vector<SqlValues> positions;
  for (const auto& [node, node_seq] : checkpoint.positions) {
    positions.push_back({SqlText{node}, ToSqlInt(node_seq)});
  }
  std::vector<SqlValues> windows;
  for (const auto& [start, state] : checkpoint.windows) {
    windows.push_back({absl::ToUnixMillis(start), SqlBytes{state}});
  }
  absl::Status status = Each(session, kPutPosition, positions);
  if (status.ok()) status = Each(session, kPutWindow, windows);
  if (status.ok() && checkpoint.keep_from > absl::InfinitePast()) {
    status = session.Run(kDeleteWindows, {absl::ToUnixMillis(checkpoint.keep_from)}).status();
  }
  return status;
}

}  // namespace

absl::StatusOr<LeaseRecord> SqlStore::ReadLease(absl::string_view name) {
  absl::StatusOr<SqlResult> found = Query(kSelectLease, {SqlText{name}});
  if (!found.ok()) return found.status();
  LeaseRecord lease;
  if (found->rows.empty()) return lease;
  lease.holder = std::move(found->rows[0][0].bytes);
  lease.term = static_cast<uint64_t>(found->rows[0][1].number);
  lease.beat = static_cast<uint64_t>(found->rows[0][2].number);
  return lease;
}

absl::StatusOr<bool> SqlStore::MoveLease(absl::string_view name, const LeaseRecord& seen,
                                         const LeaseRecord& next) {
  const absl::Status status = CheckNode(next.holder);
  if (!status.ok()) return status;
  bool moved = false;
  const absl::Status written = database_->Write([&](SqlSession& session) {
    const bool is_new = seen == LeaseRecord();
    const absl::StatusOr<SqlResult> result =
        is_new ? session.Run(kInsertLease, {SqlText{name}, SqlText{next.holder},
                                            ToSqlInt(next.term), ToSqlInt(next.beat)})
               : session.Run(kMoveLease, {SqlText{next.holder}, ToSqlInt(next.term),
                                          ToSqlInt(next.beat), SqlText{name}, SqlText{seen.holder},
                                          ToSqlInt(seen.term), ToSqlInt(seen.beat)});
    if (!result.ok()) return result.status();
    moved = result->affected == 1;
    return absl::OkStatus();
  });
  if (!written.ok()) return written;
  return moved;
}

absl::Status SqlStore::WriteFold(absl::string_view lease_name, const LeaseRecord& held,
                                 absl::Span<const VerdictRecord> verdicts,
                                 const FoldCheckpoint* checkpoint) {
  return database_->Write([&](SqlSession& session) {
    const absl::StatusOr<SqlResult> holds =
        session.Run(kHoldLease, {SqlText{held.holder}, SqlText{lease_name}, ToSqlInt(held.term)});
    if (!holds.ok()) return holds.status();
    if (holds->affected != 1) {
      return absl::FailedPreconditionError(absl::StrCat(
          "node ", held.holder, " does not hold the lease \"", lease_name, "\" any more"));
    }
    absl::Status status = WriteVerdicts(session, verdicts);
    if (status.ok() && checkpoint != nullptr) status = WriteCheckpoint(session, *checkpoint);
    return status;
  });
}

absl::StatusOr<FoldCheckpoint> SqlStore::ReadCheckpoint() {
  FoldCheckpoint checkpoint;
  // In one transaction, so that positions and windows belong together.
  const absl::Status status = database_->ReadOnce([&](SqlSession& session) {
    absl::StatusOr<SqlResult> found = session.Run(kSelectPositions, {});
    if (!found.ok()) return found.status();
    for (std::vector<SqlCell>& row : found->rows) {
      checkpoint.positions.emplace(std::move(row[0].bytes), static_cast<uint64_t>(row[1].number));
    }
    found = session.Run(kSelectWindows, {});
    if (!found.ok()) return found.status();
    for (std::vector<SqlCell>& row : found->rows) {
      checkpoint.windows.emplace(absl::FromUnixMillis(row[0].number), std::move(row[1].bytes));
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return checkpoint;
}

absl::StatusOr<std::vector<VerdictRecord>> SqlStore::ReadVerdicts(absl::string_view country,
                                                                  absl::Time from,
                                                                  absl::Time until) {
  std::vector<VerdictRecord> records;
  const SqlValues range = {SqlText{country}, absl::ToUnixMillis(from), absl::ToUnixMillis(until)};
  const absl::Status status = database_->ReadOnce([&](SqlSession& session) {
    absl::StatusOr<SqlResult> found = session.Run(kSelectVerdicts, range);
    if (!found.ok()) return found.status();
    absl::StatusOr<SqlResult> cells = session.Run(kSelectCells, range);
    if (!cells.ok()) return cells.status();
    if (cells->rows.size() != found->rows.size()) {
      return absl::DataLossError(absl::StrCat("there are ", found->rows.size(), " verdicts and ",
                                              cells->rows.size(), " rows of cells on ", country,
                                              "; both are made again from the log"));
    }
    for (size_t i = 0; i < found->rows.size(); ++i) {
      std::vector<SqlCell>& row = found->rows[i];
      VerdictRecord& record = records.emplace_back();
      record.target_id = std::move(row[0].bytes);
      record.country = std::string(country);
      record.window_start = absl::FromUnixMillis(row[1].number);
      record.window_length = absl::Milliseconds(row[2].number);
      record.ruleset_version = std::move(row[3].bytes);
      record.verdict = std::move(row[4].bytes);
      record.cells = std::move(cells->rows[i][2].bytes);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return records;
}

absl::StatusOr<std::optional<absl::Time>> SqlStore::NewestVerdict(absl::string_view country) {
  const absl::StatusOr<SqlResult> found = Query(kSelectNewestVerdict, {SqlText{country}});
  if (!found.ok()) return found.status();
  if (found->rows.empty()) return std::optional<absl::Time>();
  return std::optional<absl::Time>(absl::FromUnixMillis(found->rows[0][0].number));
}

}  // namespace sightline
