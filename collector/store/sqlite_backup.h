// A copy of a SQLite store while a collector uses it.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQLITE_BACKUP_H_
#define SIGHTLINE_COLLECTOR_STORE_SQLITE_BACKUP_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace sightline {

// Called now and then with how far it is.
using BackupProgress = absl::FunctionRef<void(int64_t pages_done, int64_t pages_all)>;

// Copies the database at `path` to the new file `out` (mode 0600): the state between two
// transactions at the time of the call. Stops nobody; but what is written meanwhile stays in the
// write-ahead file until the copy is done. The file appears whole: it is written beside, checked
// and fsynced first. ALREADY_EXISTS: `out` is there. FAILED_PRECONDITION: one of the files cannot
// be opened. DATA_LOSS: the copy did not pass its check, or `path` is no database.
// RESOURCE_EXHAUSTED: the disk is full.
absl::Status BackupSqlite(const std::string& path, const std::string& out, BackupProgress progress);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQLITE_BACKUP_H_
