// libpq's errors as statuses.
#ifndef SIGHTLINE_COLLECTOR_STORE_PQ_STATUS_H_
#define SIGHTLINE_COLLECTOR_STORE_PQ_STATUS_H_

#include <libpq-fe.h>

#include "absl/status/status.h"

namespace sightline {

// What a failed result means to a caller of the store. `result` may be nullptr: then the connection
// says what is wrong.
absl::Status StatusOfPqResult(PGconn* connection, const PGresult* result);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_PQ_STATUS_H_
