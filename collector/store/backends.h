// The two kinds of store that OpenStore chooses from.
#ifndef SIGHTLINE_COLLECTOR_STORE_BACKENDS_H_
#define SIGHTLINE_COLLECTOR_STORE_BACKENDS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "collector/store/sql_database.h"

namespace sightline {

// Opens the file, which is made (0600) when it is not there. Without a schema yet.
absl::StatusOr<std::unique_ptr<SqlDatabase>> OpenSqlite(const std::string& path);

// Connects to "postgresql://...". Without a schema yet.
absl::StatusOr<std::unique_ptr<SqlDatabase>> OpenPostgresql(const std::string& url);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_BACKENDS_H_
