// What everything that speaks to SQLite needs.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQLITE_HANDLE_H_
#define SIGHTLINE_COLLECTOR_STORE_SQLITE_HANDLE_H_

#include <sqlite3.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sightline {

struct CloseSqlite {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
using SqliteHandle = std::unique_ptr<sqlite3, CloseSqlite>;

// What a result code that is no success means to a caller of the store. `doing` names the call.
absl::Status StatusOfSqlite(sqlite3* db, int code, absl::string_view doing);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQLITE_HANDLE_H_
