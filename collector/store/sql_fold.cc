// What the fold writes to SqlStore, and where it goes on: lease, checkpoints.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/append_plan.h"
#include "collector/store/sql_lease.h"
#include "collector/store/sql_rows.h"
#include "collector/store/sql_said.h"
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
constexpr absl::string_view kPutEvent =
    "INSERT INTO events (target_id, event_id, country, onset_ms, end_ms, event) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (target_id, event_id) DO UPDATE SET "
    "country = excluded.country, onset_ms = excluded.onset_ms, end_ms = excluded.end_ms, "
    "event = excluded.event";
constexpr absl::string_view kPutTimeline =
    "INSERT INTO timelines (target_id, country, window_start_ms, timeline) "
    "VALUES ($1, $2, $3, $4) ON CONFLICT (target_id, country) DO UPDATE SET "
    "window_start_ms = excluded.window_start_ms, timeline = excluded.timeline";
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

absl::Status WriteEvents(SqlSession& session, absl::Span<const EventRecord> events) {
  std::vector<SqlValues> rows;
  for (const EventRecord& record : events) {
    rows.push_back({SqlText{record.target_id}, SqlText{record.event_id}, SqlText{record.country},
                    absl::ToUnixMillis(record.onset), absl::ToUnixMillis(record.end),
                    SqlBytes{record.event}});
  }
  return Each(session, kPutEvent, rows);
}

absl::Status WriteTimelines(SqlSession& session, absl::Span<const TimelineRecord> timelines) {
  std::vector<SqlValues> rows;
  for (const TimelineRecord& record : timelines) {
    rows.push_back({SqlText{record.target_id}, SqlText{record.country},
                    absl::ToUnixMillis(record.window_start), SqlBytes{record.timeline}});
  }
  return Each(session, kPutTimeline, rows);
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

absl::Status HoldLease(SqlSession& session, absl::string_view lease_name, const LeaseRecord& held) {
  const absl::StatusOr<SqlResult> holds =
      session.Run(kHoldLease, {SqlText{held.holder}, SqlText{lease_name}, ToSqlInt(held.term)});
  if (!holds.ok()) return holds.status();
  if (holds->affected == 1) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("node ", held.holder, " does not hold the lease \"", lease_name, "\" any more"));
}

absl::Status SqlStore::WriteFold(absl::string_view lease_name, const LeaseRecord& held,
                                 const FoldWrite& write) {
  return database_->Write([&](SqlSession& session) {
    absl::Status status = HoldLease(session, lease_name, held);
    if (status.ok()) status = WriteVerdicts(session, write.verdicts);
    if (status.ok()) status = WriteEvents(session, write.events);
    if (status.ok()) status = WriteTimelines(session, write.timelines);
    if (status.ok()) status = WriteSaid(session, write);
    if (status.ok() && write.checkpoint != nullptr) {
      status = WriteCheckpoint(session, *write.checkpoint);
    }
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

}  // namespace sightline
