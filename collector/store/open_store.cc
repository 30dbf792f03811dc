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

struct Opened {
  std::unique_ptr<SqlDatabase> database;
  absl::Span<const Migration> migrations;
};

absl::StatusOr<Opened> OpenAsIs(absl::string_view url) {
  absl::StatusOr<std::unique_ptr<SqlDatabase>> database = OpenDatabase(url);
  if (!database.ok()) return database.status();
  const bool is_sqlite = (*database)->dialect() == SqlDialect::kSqlite;
  return Opened{*std::move(database), is_sqlite ? SqliteMigrations() : PostgresqlMigrations()};
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

absl::StatusOr<std::unique_ptr<Store>> OpenStore(absl::string_view url, SchemaPolicy policy) {
  absl::StatusOr<Opened> opened = OpenAsIs(url);
  if (!opened.ok()) return opened.status();
  if (policy == SchemaPolicy::kUpgrade) {
    const absl::Status migrated = Migrate(*opened->database, opened->migrations).status();
    if (!migrated.ok()) return migrated;
  } else {
    const absl::StatusOr<int64_t> held = SchemaVersion(*opened->database, opened->migrations);
    if (!held.ok()) return held.status();
    if (const int64_t known = opened->migrations.back().version; *held != known) {
      return absl::FailedPreconditionError(
          absl::StrCat("the store's schema has version ", *held, " and this program needs ", known,
                       "; run: sightline-collector migrate --store URL"));
    }
  }
  return std::make_unique<SqlStore>(std::move(opened->database));
}

absl::StatusOr<SchemaReport> UpdateSchema(absl::string_view url, bool dry_run) {
  if (const auto path = SqlitePathOf(url);
      dry_run && path.ok() && access(path->c_str(), F_OK) != 0) {
    return SchemaReport{0, SqliteMigrations().back().version};  // without making the file
  }
  absl::StatusOr<Opened> opened = OpenAsIs(url);
  if (!opened.ok()) return opened.status();
  const absl::StatusOr<int64_t> held = dry_run
                                           ? SchemaVersion(*opened->database, opened->migrations)
                                           : Migrate(*opened->database, opened->migrations);
  if (!held.ok()) return held.status();
  return SchemaReport{*held, opened->migrations.back().version};
}

}  // namespace sightline
