// The two kinds of store that OpenStore chooses from.
#ifndef SIGHTLINE_COLLECTOR_STORE_BACKENDS_H_
#define SIGHTLINE_COLLECTOR_STORE_BACKENDS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/store/sql_database.h"

namespace sightline {

// Opens the file, which is made (0600) when it is not there. Without a schema yet.
absl::StatusOr<std::unique_ptr<SqlDatabase>> OpenSqlite(const std::string& path);

// Any of the two, by its URL, as OpenStore takes it. Without a schema yet.
absl::StatusOr<std::unique_ptr<SqlDatabase>> OpenDatabase(absl::string_view url);

// FAILED_PRECONDITION, with what to run, when the schema is not that of this program.
absl::Status RequireSchema(SqlDatabase& database);

bool IsPostgresqlUrl(absl::string_view url);

// INVALID_ARGUMENT when it is no "sqlite:PATH".
absl::StatusOr<std::string> SqlitePathOf(absl::string_view url);

// Connects to "postgresql://...". Without a schema yet.
absl::StatusOr<std::unique_ptr<SqlDatabase>> OpenPostgresql(const std::string& url);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_BACKENDS_H_
