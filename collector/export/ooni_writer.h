// Streams the log of a store, or of an export of one, as OONI JSON lines.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_OONI_WRITER_H_
#define SIGHTLINE_COLLECTOR_EXPORT_OONI_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/store/store.h"

namespace sightline {

struct OoniOptions {
  // ISO 3166-1 alpha-2: only rounds of agents that declare a region of this country. Empty: all.
  std::string country = {};
  // Only rounds that began in [from, until), by the agents' clocks.
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
  // Whether lines name their agent.
  bool agents = false;
  // Read from each node's log at a time.
  size_t page_records = 256;
  // What detail of earlier rounds may take, for rounds that say "as before".
  size_t detail_bytes_max = size_t{256} * 1024 * 1024;
  // Called now and then with the number of records read and of those there are, roughly.
  std::function<void(uint64_t done, uint64_t total)> progress = {};
};

struct OoniCounts {
  uint64_t records = 0;  // of the log that were read
  uint64_t rounds = 0;   // that became lines
  uint64_t lines = 0;
  uint64_t repeated = 0;      // observations whose detail is that of an earlier round
  uint64_t missing = 0;       // observations whose detail was in a round that is not at hand
  uint64_t unknown_plan = 0;  // rounds by a plan that is not there: left out
};

// Calls `sink` with each line, its line end included. Logs of several nodes come in the order of
// receive times, as far as each is in that order. Memory: a page for each node, the plans,
// and detail_bytes_max, however long the log is. Signatures are not checked: "sightline verify"
// does that. `store` must not change meanwhile (snapshot.h). Errors of the store and of `sink`.
// DATA_LOSS: a stored plan or batch is none.
absl::StatusOr<OoniCounts> WriteOoniLines(
    StoreReader& store, const OoniOptions& options,
    const std::function<absl::Status(absl::string_view line)>& sink);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_OONI_WRITER_H_
