// How a write is tied to a lease: within its transaction.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQL_LEASE_H_
#define SIGHTLINE_COLLECTOR_STORE_SQL_LEASE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collector/store/records.h"
#include "collector/store/sql_database.h"

namespace sightline {

// Locks the lease's row until the end of the transaction. FAILED_PRECONDITION unless the lease
// still has this holder and term.
absl::Status HoldLease(SqlSession& session, absl::string_view lease_name, const LeaseRecord& held);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQL_LEASE_H_
