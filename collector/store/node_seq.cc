#include "collector/store/node_seq.h"

#include <algorithm>
#include <utility>

#include "collector/store/sql_rows.h"

namespace sightline {
namespace {

constexpr absl::string_view kSelectSaved = "SELECT node_seq FROM nodes WHERE node = $1";
constexpr absl::string_view kSelectAllSaved = "SELECT node, node_seq FROM nodes ORDER BY node";
constexpr absl::string_view kSave =
    "INSERT INTO nodes (node, node_seq) VALUES ($1, $2) ON CONFLICT (node) DO UPDATE SET "
    "node_seq = excluded.node_seq WHERE nodes.node_seq < excluded.node_seq";

constexpr absl::string_view kSelectLast =
    "SELECT node_seq FROM batches WHERE node = $1 ORDER BY node_seq DESC LIMIT 1";
constexpr absl::string_view kSelectLastOfDay =
    "SELECT node_seq FROM batches WHERE node = $1 AND day = $2 ORDER BY node_seq DESC LIMIT 1";
constexpr absl::string_view kSelectNext =
    "SELECT node FROM batches WHERE node > $1 ORDER BY node LIMIT 1";
constexpr absl::string_view kSelectNextOfDay =
    "SELECT node FROM batches WHERE node > $1 AND day = $2 ORDER BY node LIMIT 1";

// Runs the first statement, or the second for one day.
absl::StatusOr<SqlResult> RunForDay(SqlSession& session, absl::string_view sql,
                                    absl::string_view sql_of_day, absl::string_view node,
                                    std::optional<int64_t> day) {
  if (!day.has_value()) return session.Run(sql, {SqlText{node}});
  return session.Run(sql_of_day, {SqlText{node}, *day});
}

// The highest of a node in the log, or in one day of it; 0 when there is none.
absl::StatusOr<uint64_t> LastIn(SqlSession& session, absl::string_view node,
                                std::optional<int64_t> day) {
  const absl::StatusOr<SqlResult> last =
      RunForDay(session, kSelectLast, kSelectLastOfDay, node, day);
  if (!last.ok()) return last.status();
  return last->rows.empty() ? 0 : static_cast<uint64_t>(last->rows[0][0].number);
}

}  // namespace

absl::StatusOr<uint64_t> LastNodeSeq(SqlSession& session, absl::string_view node) {
  // The log first: what is dropped between the two looks is in `nodes` by the second.
  const absl::StatusOr<uint64_t> logged = LastIn(session, node, std::nullopt);
  if (!logged.ok()) return logged.status();
  const absl::StatusOr<SqlResult> saved = session.Run(kSelectSaved, {SqlText{node}});
  if (!saved.ok()) return saved.status();
  if (saved->rows.empty()) return *logged;
  return std::max(*logged, static_cast<uint64_t>(saved->rows[0][0].number));
}

absl::StatusOr<std::map<std::string, uint64_t>> SavedNodes(SqlSession& session) {
  absl::StatusOr<SqlResult> saved = session.Run(kSelectAllSaved, {});
  if (!saved.ok()) return saved.status();
  std::map<std::string, uint64_t> nodes;
  for (std::vector<SqlCell>& row : saved->rows) {
    nodes.emplace(std::move(row[0].bytes), static_cast<uint64_t>(row[1].number));
  }
  return nodes;
}

absl::StatusOr<std::vector<std::string>> NodesIn(SqlSession& session, std::optional<int64_t> day) {
  std::vector<std::string> nodes;
  while (true) {
    const std::string after = nodes.empty() ? std::string() : nodes.back();
    absl::StatusOr<SqlResult> found = RunForDay(session, kSelectNext, kSelectNextOfDay, after, day);
    if (!found.ok()) return found.status();
    if (found->rows.empty()) return nodes;
    nodes.push_back(std::move(found->rows[0][0].bytes));
  }
}

absl::Status SaveNodes(SqlSession& session, const std::map<std::string, uint64_t>& nodes) {
  std::vector<SqlValues> rows;
  for (const auto& [node, node_seq] : nodes) rows.push_back({SqlText{node}, ToSqlInt(node_seq)});
  return rows.empty() ? absl::OkStatus() : session.RunEach(kSave, rows).status();
}

absl::Status SaveNodesOf(SqlSession& session, std::optional<int64_t> day) {
  const absl::StatusOr<std::vector<std::string>> nodes = NodesIn(session, day);
  if (!nodes.ok()) return nodes.status();
  std::map<std::string, uint64_t> ends;
  for (const std::string& node : *nodes) {
    const absl::StatusOr<uint64_t> last = LastIn(session, node, day);
    if (!last.ok()) return last.status();
    ends.emplace(node, *last);
  }
  return SaveNodes(session, ends);
}

}  // namespace sightline
