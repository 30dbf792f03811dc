// Errors of libpq and libpqxx as statuses. Messages have no address, host name, path or URL of the
// server in them: they go into logs and health reports.
#ifndef SIGHTLINE_COLLECTOR_STORE_PQ_STATUS_H_
#define SIGHTLINE_COLLECTOR_STORE_PQ_STATUS_H_

#include <libpq-fe.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sightline {

// What every connection is set to. A commit that is acknowledged must be on the disk, whatever the
// database's default. Plans are made once per connection and statement: with a partition for each
// day, making one costs more than running it. A collector that stands still within a transaction
// holds locks, of the fold's lease and of agents: others wait for no longer than a lease lasts.
inline constexpr absl::string_view kPostgresqlSettings =
    "SET client_encoding = 'UTF8'; SET client_min_messages = 'error'; "
    "SET statement_timeout = '30s'; SET lock_timeout = '20s'; "
    "SET idle_in_transaction_session_timeout = '5s'; SET plan_cache_mode = force_generic_plan; "
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'";

// What a failed result means to a caller of the store. `result` may be nullptr: then the connection
// says what is wrong.
absl::Status StatusOfPqResult(PGconn* connection, const PGresult* result);

// What the exception that is being handled means to a caller of the store. Only inside a handler.
absl::Status StatusOfPqxxException();

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_PQ_STATUS_H_
