#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "collector/store/backends.h"
#include "collector/store/migrations.h"
#include "collector/store/sql_store.h"
#include "collector/store/store.h"

namespace sightline {

absl::StatusOr<std::unique_ptr<Store>> OpenStore(absl::string_view url) {
  const bool is_postgresql =
      absl::StartsWith(url, "postgresql://") || absl::StartsWith(url, "postgres://");
  absl::string_view path = url;
  if (!is_postgresql && (!absl::ConsumePrefix(&path, "sqlite:") || path.empty() ||
                         path == ":memory:" || absl::StrContains(path, '\0'))) {
    // The URL is not repeated: it may hold a password.
    return absl::InvalidArgumentError(
        "the store must be given as sqlite:PATH (a file) or postgresql://USER@HOST/DATABASE");
  }
  absl::StatusOr<std::unique_ptr<SqlDatabase>> database =
      is_postgresql ? OpenPostgresql(std::string(url)) : OpenSqlite(std::string(path));
  if (!database.ok()) return database.status();
  const absl::Status migrated =
      Migrate(**database, is_postgresql ? PostgresqlMigrations() : SqliteMigrations());
  if (!migrated.ok()) return migrated;
  return std::make_unique<SqlStore>(*std::move(database));
}

}  // namespace sightline
