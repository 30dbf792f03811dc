// A store made of a copy: the way back from sqlite_backup.h.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQLITE_RESTORE_H_
#define SIGHTLINE_COLLECTOR_STORE_SQLITE_RESTORE_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sightline {

struct RestoreReport {
  int64_t records = 0;  // of the log
  int64_t agents = 0;
  int64_t schema_held = 0;   // version that the copy has
  int64_t schema_known = 0;  // version that this program makes of it at the next start
  // When the newest batch came; the infinite past when there is none.
  absl::Time newest = absl::InfinitePast();
  // Days were dropped from the log, so that holes in numbers and chains say nothing.
  bool days_dropped = false;
};

// Called now and then with how far it is.
using RestoreProgress = absl::FunctionRef<void(int64_t bytes_done, int64_t bytes_all)>;

// Makes the store `path` (mode 0600; of the folder's owner when root does it) of the copy `from`,
// which is only read. What was written is checked before it gets its name: SQLite's integrity, that
// it is a store of this or an older schema, that each node's numbers have no gap, that each agent's
// chain links and ends where the registry says. Signatures are not checked; audit.h does. `path`
// appears whole and on the disk, or not at all. ALREADY_EXISTS: `path`, or what SQLite keeps beside
// it, is there. NOT_FOUND: no copy. FAILED_PRECONDITION: `from` is a store in use or one of a newer
// program, or a file cannot be made. INVALID_ARGUMENT: it is no store. DATA_LOSS: it is damaged.
// RESOURCE_EXHAUSTED: the disk is full.
absl::StatusOr<RestoreReport> RestoreSqlite(const std::string& from, const std::string& path,
                                            RestoreProgress progress);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQLITE_RESTORE_H_
