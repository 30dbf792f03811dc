// The audit log of SqlStore.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/append_plan.h"
#include "collector/store/sql_numbers.h"
#include "collector/store/sql_rows.h"
#include "collector/store/sql_store.h"

namespace sightline {
namespace {

constexpr size_t kTextBytesMax = 1000;

constexpr absl::string_view kSelectNewest =
    "SELECT audit_seq FROM audit_entries ORDER BY audit_seq DESC LIMIT 1";
constexpr absl::string_view kInsert =
    "INSERT INTO audit_entries (audit_seq, time_ms, node, actor, method, detail, outcome) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)";
constexpr absl::string_view kFinish = "UPDATE audit_entries SET outcome = $1 WHERE audit_seq = $2";
constexpr absl::string_view kSelect =
    "SELECT audit_seq, time_ms, node, actor, method, detail, outcome FROM audit_entries "
    "WHERE audit_seq < $1 ORDER BY audit_seq DESC LIMIT $2";

absl::Status CheckText(absl::string_view field, absl::string_view text) {
  if (text.size() <= kTextBytesMax && text.find('\0') == absl::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": must have at most ", kTextBytesMax, " bytes and no NUL"));
}

}  // namespace

absl::StatusOr<int64_t> SqlStore::BeginAuditEntry(const AuditEntryRecord& entry) {
  absl::Status status = CheckNode(entry.node);
  if (status.ok()) status = CheckText("actor", entry.actor);
  if (status.ok()) status = CheckText("method", entry.method);
  if (status.ok()) status = CheckText("detail", entry.detail);
  if (!status.ok()) return status;
  int64_t seq = 0;
  status = WriteNumbered(*database_, [&](SqlSession& session) {
    const absl::StatusOr<SqlResult> newest = session.Run(kSelectNewest, {});
    if (!newest.ok()) return newest.status();
    seq = (newest->rows.empty() ? 0 : newest->rows[0][0].number) + 1;
    return session
        .Run(kInsert,
             {seq, absl::ToUnixMillis(entry.time), SqlText{entry.node}, SqlText{entry.actor},
              SqlText{entry.method}, SqlText{entry.detail}, SqlText{""}})
        .status();
  });
  if (!status.ok()) return status;
  return seq;
}

absl::Status SqlStore::FinishAuditEntry(int64_t audit_seq, absl::string_view outcome) {
  if (absl::Status status = CheckText("outcome", outcome); !status.ok()) return status;
  return database_->Write([&](SqlSession& session) {
    const absl::StatusOr<SqlResult> finished = session.Run(kFinish, {SqlText{outcome}, audit_seq});
    if (!finished.ok()) return finished.status();
    if (finished->affected == 1) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat("audit_seq: there is no entry ", audit_seq));
  });
}

absl::StatusOr<std::vector<AuditEntryRecord>> SqlStore::ListAuditEntries(int64_t before,
                                                                         size_t limit) {
  absl::StatusOr<SqlResult> found = Query(kSelect, {before, ToSqlInt(limit)});
  if (!found.ok()) return found.status();
  std::vector<AuditEntryRecord> entries;
  for (std::vector<SqlCell>& row : found->rows) {
    entries.push_back({row[0].number, absl::FromUnixMillis(row[1].number), std::move(row[2].bytes),
                       std::move(row[3].bytes), std::move(row[4].bytes), std::move(row[5].bytes),
                       std::move(row[6].bytes)});
  }
  return entries;
}

}  // namespace sightline
