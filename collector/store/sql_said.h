// How what was said is written: within the transaction of the verdicts that it comes from.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQL_SAID_H_
#define SIGHTLINE_COLLECTOR_STORE_SQL_SAID_H_

#include "absl/status/status.h"
#include "collector/store/records.h"
#include "collector/store/sql_database.h"

namespace sightline {

// Writes changes, statements, and the revisions of the windows that `write` touches. The caller
// holds the lease's row: nobody else gives numbers meanwhile. ALREADY_EXISTS: a change_seq is
// taken.
absl::Status WriteSaid(SqlSession& session, const FoldWrite& write);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQL_SAID_H_
