#include "collector/store/copy_store.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/store/backends.h"
#include "collector/store/copy_tables.h"
#include "collector/store/migrations.h"
#include "collector/store/node_seq.h"
#include "collector/store/partitions.h"
#include "collector/store/sql_rows.h"

namespace sightline {
namespace {

constexpr int64_t kPage = 256;
// Partitions are made for no more days than this before the newest: an agent may claim any day.
constexpr int64_t kDaysMax = 100;

using Kind = ColumnKind;
using Column = CopyColumn;
using Table = CopyTable;

SqlValue ValueOf(const SqlCell& cell, Kind kind) {
  switch (kind) {
    case Kind::kText:
      return SqlText{cell.bytes};
    case Kind::kBytes:
      return SqlBytes{cell.bytes};
    case Kind::kNumber:
    case Kind::kFlag:
      break;
  }
  return cell.number;
}

// Parameters $first to $last.
std::string Parameters(size_t first, size_t last) {
  std::vector<std::string> names;
  for (size_t i = first; i <= last; ++i) names.push_back(absl::StrCat("$", i));
  return absl::StrJoin(names, ", ");
}

std::string NamesOf(absl::Span<const Column> columns) {
  return absl::StrJoin(columns, ", ", [](std::string* out, const Column& column) {
    absl::StrAppend(out, column.name);
  });
}

// A page of the table behind a key; from its start without one.
std::string SelectPage(const Table& table, bool from_start) {
  const std::string key = NamesOf(absl::MakeConstSpan(table.columns).first(table.keys));
  return absl::StrCat(
      "SELECT ", NamesOf(table.columns), " FROM ", table.name,
      from_start ? "" : absl::StrCat(" WHERE (", key, ") > (", Parameters(1, table.keys), ")"),
      " ORDER BY ", key, " LIMIT ", kPage);
}

// Values in the order of the columns, flags as numbers: FALSE is what is not 1.
std::string PutRow(const Table& table) {
  std::vector<std::string> values;
  std::vector<std::string> updates;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    values.push_back(absl::StrCat("$", i + 1, column.kind == Kind::kFlag ? " = 1" : ""));
    if (i >= table.keys) {
      updates.push_back(absl::StrCat(column.name, " = excluded.", column.name));
    }
  }
  return absl::StrCat("INSERT INTO ", table.name, " (", NamesOf(table.columns), ") VALUES (",
                      absl::StrJoin(values, ", "), ") ON CONFLICT (",
                      NamesOf(absl::MakeConstSpan(table.columns).first(table.keys)),
                      ") DO UPDATE SET ", absl::StrJoin(updates, ", "));
}

std::vector<SqlValues> ValuesOf(const Table& table, const SqlResult& page) {
  std::vector<SqlValues> rows;
  for (const std::vector<SqlCell>& row : page.rows) {
    SqlValues& values = rows.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      values.push_back(ValueOf(row[i], table.columns[i].kind));
    }
  }
  return rows;
}

// Copies the rows of one table within two transactions that are open. How many there were.
absl::StatusOr<int64_t> CopyRows(SqlSession& from, SqlSession& to, const Table& table) {
  const std::string put = PutRow(table);
  int64_t copied = 0;
  SqlResult page;
  do {
    SqlValues after;
    if (copied > 0) {
      for (size_t i = 0; i < table.keys; ++i) {
        after.push_back(ValueOf(page.rows.back()[i], table.columns[i].kind));
      }
    }
    absl::StatusOr<SqlResult> next = from.Run(SelectPage(table, copied == 0), after);
    if (!next.ok()) return next.status();
    page = *std::move(next);
    if (page.rows.empty()) break;
    const absl::Status status = to.RunEach(put, ValuesOf(table, page)).status();
    if (!status.ok()) return status;
    copied += static_cast<int64_t>(page.rows.size());
  } while (page.rows.size() == kPage);
  return copied;
}

using Ends = std::map<std::string, int64_t>;

// What tells whether a source stood still: each node's records, and how far the agents are.
struct Extent {
  Ends records;  // node -> how many
  int64_t all_records = 0;
  int64_t agents = 0;
  int64_t last_seqs = 0;
  bool operator==(const Extent&) const = default;
};

absl::StatusOr<int64_t> Number(SqlSession& session, absl::string_view sql) {
  const absl::StatusOr<SqlResult> found = session.Run(sql, {});
  if (!found.ok()) return found.status();
  return found->rows[0][0].number;
}

absl::StatusOr<Extent> ExtentOf(SqlDatabase& database) {
  Extent extent;
  const bool is_sqlite = database.dialect() == SqlDialect::kSqlite;
  const absl::Status status = database.ReadOnce([&](SqlSession& session) {
    const absl::StatusOr<SqlResult> nodes =
        session.Run("SELECT node, COUNT(*) FROM batches GROUP BY node", {});
    if (!nodes.ok()) return nodes.status();
    for (const std::vector<SqlCell>& row : nodes->rows) {
      extent.records[row[0].bytes] = row[1].number;
      extent.all_records += row[1].number;
    }
    const auto agents = Number(session, "SELECT COUNT(*) FROM agents");
    if (!agents.ok()) return agents.status();
    const auto last_seqs =
        Number(session, is_sqlite ? "SELECT COALESCE(SUM(last_seq), 0) FROM agents"
                                  : "SELECT COALESCE(SUM(last_seq), 0)::bigint FROM agents");
    if (!last_seqs.ok()) return last_seqs.status();
    extent.agents = *agents;
    extent.last_seqs = *last_seqs;
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return extent;
}

absl::Status MakePartitions(SqlDatabase& from, SqlDatabase& to) {
  if (to.dialect() != SqlDialect::kPostgresql) return absl::OkStatus();
  std::vector<int64_t> days;
  const absl::Status status = from.Read([&](SqlSession& session) {
    while (days.size() < static_cast<size_t>(kDaysMax)) {
      const absl::StatusOr<SqlResult> found =
          days.empty()
              ? session.Run("SELECT day FROM batches ORDER BY day DESC LIMIT 1", {})
              : session.Run("SELECT day FROM batches WHERE day < $1 ORDER BY day DESC LIMIT 1",
                            {days.back()});
      if (!found.ok()) return found.status();
      if (found->rows.empty()) break;
      days.push_back(found->rows[0][0].number);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  for (const int64_t day : days) {
    const absl::Status added = AddPartitions(to, day, day);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

// Rows of the log as they are to be written; the views point into the result.
absl::StatusOr<std::vector<SqlBatchRow>> BatchRows(SqlResult& page,
                                                   std::vector<LogRecord>& records) {
  records.clear();
  for (std::vector<SqlCell>& row : page.rows) {
    absl::StatusOr<LogRecord> record = LogFromRow(row);
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
  std::vector<SqlBatchRow> rows;
  for (const LogRecord& record : records) {
    rows.push_back(BatchRow(record.node, record.node_seq, record));
  }
  return rows;
}

// Copies the node's records behind the last one that the target has, up to `last_node_seq`: a
// collector that goes on appending would never be caught up with.
absl::Status CopyNode(SqlDatabase& from, SqlDatabase& to, const std::string& node,
                      uint64_t last_node_seq, absl::FunctionRef<void(size_t)> copied) {
  const std::string select = absl::StrCat(
      "SELECT ", absl::StrJoin(kBatchColumns, ", "),
      " FROM batches WHERE node = $1 AND node_seq > $2 AND node_seq <= $3 ORDER BY node_seq LIMIT ",
      kPage);
  bool more = true;
  while (more) {
    size_t count = 0;
    const absl::Status status =
        to.WriteAsNode(node, [&](SqlSession& target, uint64_t last) -> absl::StatusOr<uint64_t> {
          SqlResult page;
          const absl::Status read = from.ReadBulk([&](SqlSession& source) {
            absl::StatusOr<SqlResult> found =
                source.Run(select, {SqlText{node}, ToSqlInt(last), ToSqlInt(last_node_seq)});
            if (found.ok()) page = *std::move(found);
            return found.status();
          });
          if (!read.ok()) return read;
          count = page.rows.size();
          if (count == 0) return last;
          std::vector<LogRecord> records;
          const absl::StatusOr<std::vector<SqlBatchRow>> rows = BatchRows(page, records);
          if (!rows.ok()) return rows.status();
          const absl::Status added = target.InsertBatches(*rows);
          if (!added.ok()) return added;
          return records.back().node_seq;
        });
    if (!status.ok()) return status;
    copied(count);
    more = count > 0;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CopyReport> CopyStore(SqlDatabase& from, SqlDatabase& to, CopyProgress progress) {
  const absl::StatusOr<Extent> source = ExtentOf(from);
  if (!source.ok()) return source.status();
  const absl::StatusOr<Extent> before = ExtentOf(to);
  if (!before.ok()) return before.status();
  if (before->agents > 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the target has ", before->agents,
                     " agents: it is in use, or was copied before; give an empty one"));
  }
  absl::Status status = MakePartitions(from, to);
  if (!status.ok()) return status;
  int64_t done = before->all_records;
  for (const auto& [node, count] : source->records) {
    uint64_t last_node_seq = 0;
    status = from.Read([&](SqlSession& session) {
      const absl::StatusOr<uint64_t> last = LastNodeSeq(session, node);
      if (last.ok()) last_node_seq = *last;
      return last.status();
    });
    if (!status.ok()) return status;
    status = CopyNode(from, to, node, last_node_seq, [&](size_t copied) {
      done += static_cast<int64_t>(copied);
      progress(done, source->all_records);
    });
    if (!status.ok()) return status;
  }
  const absl::StatusOr<Extent> copied = ExtentOf(to);
  if (!copied.ok()) return copied.status();
  CopyReport report;
  status = from.ReadOnce([&](SqlSession& source_session) {
    return to.Write([&](SqlSession& target_session) {
      for (const Table& table : SmallCopyTables()) {
        const absl::Status small = CopyRows(source_session, target_session, table).status();
        if (!small.ok()) return small;
      }
      const absl::StatusOr<int64_t> agents =
          CopyRows(source_session, target_session, AgentsCopyTable());
      if (!agents.ok()) return agents.status();
      report.agents = *agents;
      // Within the transaction: what does not fit is not written.
      const absl::StatusOr<Extent> now = ExtentOf(from);
      if (!now.ok()) return now.status();
      if (*now != *source) {
        return absl::FailedPreconditionError(
            "a collector wrote to the source meanwhile; stop it and run this again: it goes on "
            "where it ended");
      }
      if (copied->records != source->records) {
        return absl::DataLossError(absl::StrCat("the target holds ", copied->all_records,
                                                " records and the source ", source->all_records,
                                                "; copy into an empty target again"));
      }
      return absl::OkStatus();
    });
  });
  if (!status.ok()) return status;
  report.records = copied->all_records;
  return report;
}

absl::StatusOr<CopyReport> CopyStore(absl::string_view from_url, absl::string_view to_url,
                                     CopyProgress progress) {
  for (const absl::string_view url : {from_url, to_url}) {
    const absl::Status updated = UpdateSchema(url, false).status();
    if (!updated.ok()) return updated;
  }
  const absl::StatusOr<std::unique_ptr<SqlDatabase>> from = OpenDatabase(from_url);
  if (!from.ok()) return from.status();
  const absl::StatusOr<std::unique_ptr<SqlDatabase>> to = OpenDatabase(to_url);
  if (!to.ok()) return to.status();
  return CopyStore(**from, **to, progress);
}

}  // namespace sightline
