// The numbered steps that make the schema, embedded from migrations/ by CMake.
#ifndef SIGHTLINE_COLLECTOR_STORE_MIGRATIONS_H_
#define SIGHTLINE_COLLECTOR_STORE_MIGRATIONS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collector/store/sql_database.h"

namespace sightline {

struct Migration {
  int64_t version = 0;  // 1, 2, 3, ...
  absl::string_view sql;
};

absl::Span<const Migration> SqliteMigrations();
absl::Span<const Migration> PostgresqlMigrations();

// Version of the newest step that the database has; 0 for an empty one. FAILED_PRECONDITION: it has
// steps that are not in the list.
absl::StatusOr<int64_t> SchemaVersion(SqlDatabase& database,
                                      absl::Span<const Migration> migrations);

// Applies the steps that the database does not have yet, all in one transaction, and returns the
// version that it had. Safe when several collectors start at once. FAILED_PRECONDITION: the
// database has steps that are not in the list.
absl::StatusOr<int64_t> Migrate(SqlDatabase& database, absl::Span<const Migration> migrations);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_MIGRATIONS_H_
