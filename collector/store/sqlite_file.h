// A SQLite file looked at as a file: a copy that nobody else has, apart from a store in use.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQLITE_FILE_H_
#define SIGHTLINE_COLLECTOR_STORE_SQLITE_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/sqlite_handle.h"

namespace sightline {

// Opens `name` with the flags of sqlite3_open_v2; waits for locks for 10 s. One thread.
absl::StatusOr<SqliteHandle> OpenSqliteFile(const std::string& name, int flags);

// Opens a file that no other process has, for reading, and leaves no files beside it.
absl::StatusOr<SqliteHandle> OpenSqliteCopy(const std::string& path);

// The first column of the first row of `sql` as text; empty when there is none.
absl::StatusOr<std::string> FirstText(sqlite3* db, const std::string& sql);
// The same as a number; 0 when there is none.
absl::StatusOr<int64_t> FirstNumber(sqlite3* db, const std::string& sql);

// DATA_LOSS with SQLite's own words when its integrity_check finds anything.
absl::Status CheckIntegrity(sqlite3* db);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQLITE_FILE_H_
