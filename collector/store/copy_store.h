// Everything of one store into another, empty one: how a store moves from SQLite to PostgreSQL.
#ifndef SIGHTLINE_COLLECTOR_STORE_COPY_STORE_H_
#define SIGHTLINE_COLLECTOR_STORE_COPY_STORE_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/store/sql_database.h"

namespace sightline {

struct CopyReport {
  int64_t records = 0;  // of the log, in the target
  int64_t agents = 0;
};

// Called after each group of records with how many of all are in the target.
using CopyProgress = absl::FunctionRef<void(int64_t done, int64_t all)>;

// Copies both schemas' tables, which must be up to date. The log keeps its node names and node_seq.
// Leases are not copied: who holds one is found out anew. May be run again after it was
// interrupted or the source changed: it goes on behind the last record of each node. Agents come
// last, in one transaction, so that a target that is not complete lets no agent append.
// FAILED_PRECONDITION: the target has agents (it is in use, or complete), or a collector still
// writes to the source. DATA_LOSS: the target does not hold what was copied.
absl::StatusOr<CopyReport> CopyStore(SqlDatabase& from, SqlDatabase& to, CopyProgress progress);

// The same by URL; brings both schemas up to date first. Errors also as OpenStore.
absl::StatusOr<CopyReport> CopyStore(absl::string_view from_url, absl::string_view to_url,
                                     CopyProgress progress);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_COPY_STORE_H_
