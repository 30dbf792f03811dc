// Days of the log as partitions of PostgreSQL's `batches`: batches_d20000 holds day 20000, and
// batches_other what has no partition of its own.
#ifndef SIGHTLINE_COLLECTOR_STORE_PARTITIONS_H_
#define SIGHTLINE_COLLECTOR_STORE_PARTITIONS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "collector/store/sql_database.h"

namespace sightline {

// Makes the partitions of days [first, last] that are not there. A day of which batches_other holds
// rows keeps them there and gets none. Several collectors may do it at once. ABORTED: a lock that
// it needs was not free, and is not waited for, because those who append would wait behind it.
absl::Status AddPartitions(SqlDatabase& database, int64_t first, int64_t last);

// Drops the partitions of days before `day`, and makes `nodes` cover what was in them. ABORTED as
// above: those that are dropped by then stay dropped.
absl::Status DropPartitionsBefore(SqlDatabase& database, int64_t day);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_PARTITIONS_H_
