#include "absl/strings/str_cat.h"
#include "collector/store/migrations.h"

namespace sightline {
namespace {

// Collectors that start together race for the same step; all but one try again.
constexpr int kAttemptsMax = 8;

constexpr absl::string_view kCreateVersions =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY NOT NULL)";
constexpr absl::string_view kSelectVersion =
    "SELECT version FROM schema_migrations ORDER BY version DESC LIMIT 1";
constexpr absl::string_view kInsertVersion = "INSERT INTO schema_migrations (version) VALUES ($1)";

absl::Status ApplyMissing(SqlSession& session, absl::Span<const Migration> migrations) {
  absl::Status status = session.RunScript(kCreateVersions);
  if (!status.ok()) return status;
  const absl::StatusOr<SqlResult> found = session.Run(kSelectVersion, {});
  if (!found.ok()) return found.status();
  const int64_t held = found->rows.empty() ? 0 : found->rows[0][0].number;
  const int64_t known = migrations.empty() ? 0 : migrations.back().version;
  if (held > known) {
    return absl::FailedPreconditionError(absl::StrCat("the store's schema has version ", held,
                                                      " and this program knows up to ", known,
                                                      "; run the newer program that made it"));
  }
  for (const Migration& migration : migrations) {
    if (migration.version <= held) continue;
    // The row first: a second collector waits on its key here and then finds the work done.
    const absl::StatusOr<SqlResult> claimed = session.Run(kInsertVersion, {migration.version});
    if (!claimed.ok()) return claimed.status();
    status = session.RunScript(migration.sql);
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("schema step ", migration.version, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Migrate(SqlDatabase& database, absl::Span<const Migration> migrations) {
  absl::Status status;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    status = database.Write([&](SqlSession& session) { return ApplyMissing(session, migrations); });
    if (!absl::IsAlreadyExists(status) && !absl::IsAborted(status)) return status;
  }
  return absl::AbortedError(
      absl::StrCat("other collectors kept changing the schema: ", status.message()));
}

}  // namespace sightline
