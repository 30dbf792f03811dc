// libpqxx's exceptions as statuses.
#ifndef SIGHTLINE_COLLECTOR_STORE_PQ_STATUS_H_
#define SIGHTLINE_COLLECTOR_STORE_PQ_STATUS_H_

#include "absl/status/status.h"

namespace sightline {

// What the exception that is being handled means to a caller of the store. Only inside a handler.
// Messages have no address, host name, path or URL of the server in them: they go into logs and
// health reports.
absl::Status StatusOfPqException();

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_PQ_STATUS_H_
