// The log half of SqlStore.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/store/append_plan.h"
#include "collector/store/node_seq.h"
#include "collector/store/sql_rows.h"
#include "collector/store/sql_store.h"

namespace sightline {
namespace {

constexpr absl::string_view kMoveAgent =
    "UPDATE agents SET last_seq = $1, head = $2 WHERE agent_id = $3 AND last_seq = $4 AND head = "
    "$5 AND key_generation = $6 AND end_kind = 0";
// The first record of a node at or behind a node_seq.
constexpr absl::string_view kSelectRecordFrom =
    "SELECT node_seq, receive_time_ms FROM batches WHERE node = $1 AND node_seq >= $2 "
    "ORDER BY node_seq LIMIT 1";
constexpr absl::string_view kSelectBatch =
    "SELECT batch FROM batches WHERE agent_id = $1 AND batch_seq = $2 AND day = $3";

// Moves the agents that can be moved and adds the records that go with them. Returns the highest
// node_seq used.
absl::StatusOr<uint64_t> AppendIn(SqlSession& session, absl::string_view node, uint64_t node_seq,
                                  absl::Span<const LogRecord> records,
                                  absl::Span<const ChainMove> moves, AppendResult* result) {
  std::vector<SqlValues> updates;
  updates.reserve(moves.size());
  for (const ChainMove& move : moves) {
    updates.push_back({ToSqlInt(move.to_seq), SqlBytes{move.to_head}, SqlBytes{move.agent_id},
                       ToSqlInt(move.from_seq), SqlBytes{move.from_head},
                       ToSqlInt(move.key_generation)});
  }
  const absl::StatusOr<std::vector<int64_t>> moved = session.RunEach(kMoveAgent, updates);
  if (!moved.ok()) return moved.status();
  for (size_t i = 0; i < moves.size(); ++i) {
    if ((*moved)[i] == 0) continue;
    for (const size_t record : moves[i].records)
      result->outcomes[record] = AppendOutcome::kAppended;
  }
  std::vector<SqlBatchRow> rows;
  rows.reserve(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    if (result->outcomes[i] != AppendOutcome::kAppended) continue;
    rows.push_back(BatchRow(node, ++node_seq, records[i]));
  }
  if (rows.empty()) return node_seq;
  const absl::Status added = session.InsertBatches(rows);
  if (!added.ok()) return added;
  result->last_node_seq = node_seq;
  return node_seq;
}

}  // namespace

absl::StatusOr<AppendResult> SqlStore::Append(absl::string_view node,
                                              absl::Span<const LogRecord> records) {
  absl::Status status = CheckNode(node);
  if (status.ok()) status = CheckRecords(records);
  if (!status.ok()) return status;
  AppendResult result;
  result.outcomes.assign(records.size(), AppendOutcome::kConflict);
  if (records.empty()) return result;
  const std::vector<ChainMove> moves = PlanMoves(records);
  status = database_->WriteAsNode(node, [&](SqlSession& session, uint64_t last_node_seq) {
    return AppendIn(session, node, last_node_seq, records, moves, &result);
  });
  if (absl::IsAlreadyExists(status)) {
    return absl::DataLossError(
        "the log holds a batch that its agent's last_seq does not cover; nothing was stored; "
        "restore the store from a copy");
  }
  if (!status.ok()) return status;
  return result;
}

absl::StatusOr<std::vector<LogRecord>> SqlStore::ReadLog(absl::string_view node, uint64_t after,
                                                         size_t limit) {
  absl::Status status = CheckNode(node);
  if (!status.ok()) return status;
  // The limit is part of the text, so that a plan that is made once knows it.
  const std::string select = absl::StrCat("SELECT ", absl::StrJoin(kBatchColumns, ", "),
                                          " FROM batches WHERE node = $1 AND node_seq > $2 "
                                          "ORDER BY node_seq LIMIT ",
                                          ToSqlInt(limit));
  absl::StatusOr<SqlResult> found;
  status = database_->ReadBulk([&](SqlSession& session) {
    found = session.Run(select, {SqlText{node}, ToSqlInt(after)});
    return found.status();
  });
  if (!status.ok()) return status;
  if (!found.ok()) return found.status();
  std::vector<LogRecord> records;
  records.reserve(found->rows.size());
  for (std::vector<SqlCell>& row : found->rows) {
    absl::StatusOr<LogRecord> record = LogFromRow(row);
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
  return records;
}

absl::StatusOr<std::vector<std::string>> SqlStore::ListNodes() {
  std::vector<std::string> nodes;
  const absl::Status status = database_->Read([&](SqlSession& session) {
    absl::StatusOr<std::map<std::string, uint64_t>> saved = SavedNodes(session);
    if (!saved.ok()) return saved.status();
    const absl::StatusOr<std::vector<std::string>> logged = NodesIn(session, std::nullopt);
    if (!logged.ok()) return logged.status();
    for (const std::string& node : *logged) saved->try_emplace(node, 0);
    for (const auto& [node, node_seq] : *saved) nodes.push_back(node);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return nodes;
}

absl::StatusOr<uint64_t> SqlStore::SeekLog(absl::string_view node, absl::Time time) {
  absl::Status status = CheckNode(node);
  if (!status.ok()) return status;
  // Halving: the log has millions of records, and each step is one look into the index.
  const int64_t from_ms = absl::ToUnixMillis(time + absl::Nanoseconds(999999));
  int64_t low = 0;  // every answer lies in [low, high]
  int64_t high = 0;
  status = database_->Read([&](SqlSession& session) {
    const absl::StatusOr<uint64_t> last = LastNodeSeq(session, node);
    if (!last.ok()) return last.status();
    high = ToSqlInt(*last);
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      const absl::StatusOr<SqlResult> found =
          session.Run(kSelectRecordFrom, {SqlText{node}, middle + 1});
      if (!found.ok()) return found.status();
      // Nothing is there any more when the days of the last records were dropped.
      if (found->rows.empty() || found->rows[0][1].number >= from_ms) {
        high = middle;
      } else {
        low = found->rows[0][0].number;
      }
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return static_cast<uint64_t>(low);
}

absl::StatusOr<std::string> SqlStore::FindBatch(absl::string_view agent_id, uint64_t batch_seq,
                                                int64_t day) {
  absl::StatusOr<SqlResult> found =
      Query(kSelectBatch, {SqlBytes{agent_id}, ToSqlInt(batch_seq), day});
  if (!found.ok()) return found.status();
  if (found->rows.empty()) {
    return absl::NotFoundError(absl::StrCat("agent ", absl::BytesToHexString(agent_id),
                                            " has no batch with batch_seq ", batch_seq));
  }
  return std::move(found->rows[0][0].bytes);
}

}  // namespace sightline
