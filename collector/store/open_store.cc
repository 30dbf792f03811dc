#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collector/store/backends.h"
#include "collector/store/migrations.h"
#include "collector/store/sql_store.h"
#include "collector/store/store.h"

namespace sightline {

namespace {

absl::Span<const Migration> MigrationsOf(const SqlDatabase& database) {
  return database.dialect() == SqlDialect::kSqlite ? SqliteMigrations() : PostgresqlMigrations();
}

}  // namespace

bool IsPostgresqlUrl(absl::string_view url) {
  return absl::StartsWith(url, "postgresql://") || absl::StartsWith(url, "postgres://");
}

absl::StatusOr<std::string> SqlitePathOf(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "sqlite:") || url.empty() || url == ":memory:" ||
      absl::StrContains(url, '\0')) {
    // The URL is not repeated: it may hold a password.
    return absl::InvalidArgumentError(
        "the store must be given as sqlite:PATH (a file) or postgresql://USER@HOST/DATABASE");
  }
  return std::string(url);
}

absl::StatusOr<std::unique_ptr<SqlDatabase>> OpenDatabase(absl::string_view url) {
  if (IsPostgresqlUrl(url)) return OpenPostgresql(std::string(url));
  const absl::StatusOr<std::string> path = SqlitePathOf(url);
  if (!path.ok()) return path.status();
  return OpenSqlite(*path);
}

absl::Status RequireSchema(SqlDatabase& database) {
  const absl::Span<const Migration> migrations = MigrationsOf(database);
  const absl::StatusOr<int64_t> held = SchemaVersion(database, migrations);
  if (!held.ok()) return held.status();
  if (const int64_t known = migrations.back().version; *held != known) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store's schema has version ", *held, " and this program needs ", known,
                     "; run: sightline-collector migrate --store URL"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Store>> OpenStore(absl::string_view url, SchemaPolicy policy) {
  absl::StatusOr<std::unique_ptr<SqlDatabase>> database = OpenDatabase(url);
  if (!database.ok()) return database.status();
  const absl::Status status = policy == SchemaPolicy::kUpgrade
                                  ? Migrate(**database, MigrationsOf(**database)).status()
                                  : RequireSchema(**database);
  if (!status.ok()) return status;
  return std::make_unique<SqlStore>(*std::move(database));
}

absl::StatusOr<SchemaReport> UpdateSchema(absl::string_view url, bool dry_run) {
  if (const auto path = SqlitePathOf(url);
      dry_run && path.ok() && access(path->c_str(), F_OK) != 0) {
    return SchemaReport{0, SqliteMigrations().back().version};  // without making the file
  }
  const absl::StatusOr<std::unique_ptr<SqlDatabase>> database = OpenDatabase(url);
  if (!database.ok()) return database.status();
  const absl::Span<const Migration> migrations = MigrationsOf(**database);
  const absl::StatusOr<int64_t> held =
      dry_run ? SchemaVersion(**database, migrations) : Migrate(**database, migrations);
  if (!held.ok()) return held.status();
  return SchemaReport{*held, migrations.back().version};
}

}  // namespace sightline
