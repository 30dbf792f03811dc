// One state of a store, however long somebody reads it and whatever is written meanwhile.
#ifndef SIGHTLINE_COLLECTOR_STORE_SNAPSHOT_H_
#define SIGHTLINE_COLLECTOR_STORE_SNAPSHOT_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collector/store/store.h"

namespace sightline {

// Calls `body` with the store as it is now; all that it reads is of one transaction. Collectors go
// on writing: until `body` returns SQLite's WAL grows, and PostgreSQL neither vacuums nor drops
// days. One thread. Returns what `body` returns, or errors as OpenStore. NOT_FOUND: there is no
// such file. FAILED_PRECONDITION: the schema is not that of this program.
absl::Status WithSnapshot(absl::string_view url,
                          absl::FunctionRef<absl::Status(StoreReader&)> body);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SNAPSHOT_H_
