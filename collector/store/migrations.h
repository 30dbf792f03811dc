// The numbered steps that make the schema, embedded from migrations/ by CMake.
#ifndef SIGHTLINE_COLLECTOR_STORE_MIGRATIONS_H_
#define SIGHTLINE_COLLECTOR_STORE_MIGRATIONS_H_

#include <cstdint>

#include "absl/status/status.h"
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

// Applies the steps that the database does not have yet, all in one transaction. Safe when several
// collectors start at once. FAILED_PRECONDITION: the database has steps that are not in the list.
absl::Status Migrate(SqlDatabase& database, absl::Span<const Migration> migrations);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_MIGRATIONS_H_
