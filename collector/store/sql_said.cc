// What SqlStore keeps of what was said to readers: changes, statements, revisions, notes.
#include "collector/store/sql_said.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/sql_rows.h"
#include "collector/store/sql_store.h"

namespace sightline {
namespace {

constexpr absl::string_view kInsertChange =
    "INSERT INTO changes (country, change_seq, change) VALUES ($1, $2, $3)";
constexpr absl::string_view kPutStatement =
    "INSERT INTO statements (country, target_id, statement) VALUES ($1, $2, $3) "
    "ON CONFLICT (country, target_id) DO UPDATE SET statement = excluded.statement";
constexpr absl::string_view kPutRevision =
    "INSERT INTO window_revisions (country, window_start_ms, revision) VALUES ($1, $2, $3) "
    "ON CONFLICT (country, window_start_ms) DO UPDATE SET revision = excluded.revision";
constexpr absl::string_view kSelectChanges =
    "SELECT change_seq, change FROM changes WHERE country = $1 AND change_seq > $2 "
    "ORDER BY change_seq LIMIT $3";
constexpr absl::string_view kSelectNewestChange =
    "SELECT change_seq FROM changes WHERE country = $1 ORDER BY change_seq DESC LIMIT 1";
constexpr absl::string_view kSelectStatements =
    "SELECT target_id, statement FROM statements WHERE country = $1 ORDER BY target_id";
constexpr absl::string_view kSelectRevisions =
    "SELECT window_start_ms, revision FROM window_revisions WHERE country = $1 AND revision > $2 "
    "ORDER BY revision, window_start_ms";
constexpr absl::string_view kSelectNewestRevision =
    "SELECT revision FROM window_revisions WHERE country = $1 ORDER BY revision DESC LIMIT 1";
constexpr absl::string_view kPutAnnotation =
    "INSERT INTO annotations (country, annotation_id, time_ms, annotation) "
    "VALUES ($1, $2, $3, $4) ON CONFLICT (country, annotation_id) DO UPDATE SET "
    "time_ms = excluded.time_ms, annotation = excluded.annotation";
constexpr absl::string_view kDeleteAnnotation =
    "DELETE FROM annotations WHERE country = $1 AND annotation_id = $2";
constexpr absl::string_view kSelectAnnotations =
    "SELECT annotation_id, time_ms, annotation FROM annotations WHERE country = $1 "
    "ORDER BY time_ms, annotation_id";

// The number in the only row; 0 when there is none.
absl::StatusOr<int64_t> OnlyNumber(const absl::StatusOr<SqlResult>& found) {
  if (!found.ok()) return found.status();
  return found->rows.empty() ? 0 : found->rows[0][0].number;
}

absl::Status WriteRevisions(SqlSession& session, const FoldWrite& write) {
  std::map<absl::string_view, std::set<int64_t>> windows;
  for (const VerdictRecord& record : write.verdicts) {
    windows[record.country].insert(absl::ToUnixMillis(record.window_start));
  }
  for (const EventRecord& record : write.events) {
    windows[record.country].insert(absl::ToUnixMillis(record.onset));
  }
  std::vector<SqlValues> rows;
  for (const auto& [country, starts] : windows) {
    const absl::StatusOr<int64_t> newest =
        OnlyNumber(session.Run(kSelectNewestRevision, {SqlText{country}}));
    if (!newest.ok()) return newest.status();
    for (const int64_t start_ms : starts) {
      rows.push_back({SqlText{country}, start_ms, *newest + 1});
    }
  }
  if (rows.empty()) return absl::OkStatus();
  return session.RunEach(kPutRevision, rows).status();
}

}  // namespace

absl::Status WriteSaid(SqlSession& session, const FoldWrite& write) {
  absl::Status status = WriteRevisions(session, write);
  if (!status.ok()) return status;
  std::vector<SqlValues> changes;
  for (const ChangeRecord& record : write.changes) {
    changes.push_back({SqlText{record.country}, record.change_seq, SqlBytes{record.change}});
  }
  if (!changes.empty()) status = session.RunEach(kInsertChange, changes).status();
  if (!status.ok()) return status;
  std::vector<SqlValues> statements;
  for (const StatementRecord& record : write.statements) {
    statements.push_back(
        {SqlText{record.country}, SqlText{record.target_id}, SqlBytes{record.statement}});
  }
  if (statements.empty()) return absl::OkStatus();
  return session.RunEach(kPutStatement, statements).status();
}

absl::StatusOr<std::vector<ChangeRecord>> SqlStore::ReadChanges(absl::string_view country,
                                                                int64_t after, size_t limit) {
  absl::StatusOr<SqlResult> found =
      Query(kSelectChanges, {SqlText{country}, after, ToSqlInt(limit)});
  if (!found.ok()) return found.status();
  std::vector<ChangeRecord> records;
  for (std::vector<SqlCell>& row : found->rows) {
    records.push_back({std::string(country), row[0].number, std::move(row[1].bytes)});
  }
  return records;
}

absl::StatusOr<int64_t> SqlStore::NewestChange(absl::string_view country) {
  return OnlyNumber(Query(kSelectNewestChange, {SqlText{country}}));
}

absl::StatusOr<std::vector<StatementRecord>> SqlStore::ReadStatements(absl::string_view country) {
  absl::StatusOr<SqlResult> found = Query(kSelectStatements, {SqlText{country}});
  if (!found.ok()) return found.status();
  std::vector<StatementRecord> records;
  for (std::vector<SqlCell>& row : found->rows) {
    records.push_back({std::move(row[0].bytes), std::string(country), std::move(row[1].bytes)});
  }
  return records;
}

absl::StatusOr<std::vector<WindowRevision>> SqlStore::ReadRevisions(absl::string_view country,
                                                                    int64_t after) {
  const absl::StatusOr<SqlResult> found = Query(kSelectRevisions, {SqlText{country}, after});
  if (!found.ok()) return found.status();
  std::vector<WindowRevision> revisions;
  for (const std::vector<SqlCell>& row : found->rows) {
    revisions.push_back({absl::FromUnixMillis(row[0].number), row[1].number});
  }
  return revisions;
}

absl::StatusOr<int64_t> SqlStore::NewestRevision(absl::string_view country) {
  return OnlyNumber(Query(kSelectNewestRevision, {SqlText{country}}));
}

absl::Status SqlStore::PutAnnotation(const AnnotationRecord& annotation) {
  return database_->Write([&](SqlSession& session) {
    return session
        .Run(kPutAnnotation, {SqlText{annotation.country}, SqlText{annotation.annotation_id},
                              absl::ToUnixMillis(annotation.time), SqlBytes{annotation.annotation}})
        .status();
  });
}

absl::Status SqlStore::DeleteAnnotation(absl::string_view country,
                                        absl::string_view annotation_id) {
  return database_->Write([&](SqlSession& session) {
    const absl::StatusOr<SqlResult> gone =
        session.Run(kDeleteAnnotation, {SqlText{country}, SqlText{annotation_id}});
    if (!gone.ok()) return gone.status();
    if (gone->affected == 1) return absl::OkStatus();
    return absl::NotFoundError(
        absl::StrCat("annotation_id: there is no note \"", annotation_id, "\" on ", country));
  });
}

absl::StatusOr<std::vector<AnnotationRecord>> SqlStore::ReadAnnotations(absl::string_view country) {
  absl::StatusOr<SqlResult> found = Query(kSelectAnnotations, {SqlText{country}});
  if (!found.ok()) return found.status();
  std::vector<AnnotationRecord> records;
  for (std::vector<SqlCell>& row : found->rows) {
    records.push_back({std::string(country), std::move(row[0].bytes),
                       absl::FromUnixMillis(row[1].number), std::move(row[2].bytes)});
  }
  return records;
}

}  // namespace sightline
