#include "absl/strings/str_cat.h"
#include "collector/store/migrations.h"

namespace sightline {
namespace {

// Collectors that start together race for the same step; all but one try again.
constexpr int kAttemptsMax = 8;

constexpr absl::string_view kCreateVersions =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY NOT NULL)";
constexpr absl::string_view kFindVersionsSqlite =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'";
constexpr absl::string_view kFindVersionsPostgresql =
    "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL";
constexpr absl::string_view kSelectVersion =
    "SELECT version FROM schema_migrations ORDER BY version DESC LIMIT 1";
constexpr absl::string_view kInsertVersion = "INSERT INTO schema_migrations (version) VALUES ($1)";

// The version that is there, when this program knows it.
absl::StatusOr<int64_t> HeldVersion(SqlSession& session, absl::Span<const Migration> migrations) {
  const absl::StatusOr<SqlResult> found = session.Run(kSelectVersion, {});
  if (!found.ok()) return found.status();
  const int64_t held = found->rows.empty() ? 0 : found->rows[0][0].number;
  const int64_t known = migrations.empty() ? 0 : migrations.back().version;
  if (held > known) {
    return absl::FailedPreconditionError(absl::StrCat("the store's schema has version ", held,
                                                      " and this program knows up to ", known,
                                                      "; run the newer program that made it"));
  }
  return held;
}

absl::StatusOr<int64_t> ApplyMissing(SqlSession& session, absl::Span<const Migration> migrations) {
  absl::Status status = session.RunScript(kCreateVersions);
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> held = HeldVersion(session, migrations);
  if (!held.ok()) return held;
  for (const Migration& migration : migrations) {
    if (migration.version <= *held) continue;
    // The row first: a second collector waits on its key here and then finds the work done.
    const absl::StatusOr<SqlResult> claimed = session.Run(kInsertVersion, {migration.version});
    if (!claimed.ok()) return claimed.status();
    status = session.RunScript(migration.sql);
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("schema step ", migration.version, ": ", status.message()));
    }
  }
  return held;
}

}  // namespace

absl::StatusOr<int64_t> SchemaVersion(SqlDatabase& database,
                                      absl::Span<const Migration> migrations) {
  absl::StatusOr<int64_t> held = 0;
  const absl::Status status = database.Read([&](SqlSession& session) {
    const absl::StatusOr<SqlResult> tables = session.Run(
        database.dialect() == SqlDialect::kSqlite ? kFindVersionsSqlite : kFindVersionsPostgresql,
        {});
    if (!tables.ok()) return tables.status();
    if (!tables->rows.empty()) held = HeldVersion(session, migrations);
    return held.status();
  });
  if (!status.ok()) return status;
  return held;
}

absl::StatusOr<int64_t> Migrate(SqlDatabase& database, absl::Span<const Migration> migrations) {
  absl::Status status;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    int64_t held = 0;
    // Without a write when there is nothing to do: another collector may be writing.
    const absl::StatusOr<int64_t> before = SchemaVersion(database, migrations);
    if (!before.ok() || *before == migrations.back().version) return before;
    status = database.Write([&](SqlSession& session) {
      const absl::StatusOr<int64_t> applied = ApplyMissing(session, migrations);
      if (applied.ok()) held = *applied;
      return applied.status();
    });
    if (status.ok()) return held;
    if (!absl::IsAlreadyExists(status) && !absl::IsAborted(status)) return status;
  }
  return absl::AbortedError(
      absl::StrCat("other collectors kept changing the schema: ", status.message()));
}

}  // namespace sightline
