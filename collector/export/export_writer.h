// Makes an export: everything of a store that somebody needs to judge it all again.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_EXPORT_WRITER_H_
#define SIGHTLINE_COLLECTOR_EXPORT_EXPORT_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/store/store.h"
#include "sightline/internal/v1/export.pb.h"

namespace sightline {

struct ExportOptions {
  // When it is made; for the header.
  absl::Time now;
  // What the collectors ran with.
  absl::Duration retain = absl::Hours(72);
  // A block is closed when it holds so much.
  size_t block_bytes = size_t{256} * 1024;
  // Read from the store at a time.
  size_t page_records = 256;
  // Called now and then with the number of records written and of those there are, roughly.
  std::function<void(uint64_t done, uint64_t total)> progress;
};

struct ExportResult {
  internal::v1::ExportEnd counts;
  uint64_t bytes = 0;
  std::string fingerprint;  // 32 bytes: the hash at the end of the file
};

// Writes to a temporary name beside `path`, mode 0600, and renames it when all is on the disk; a
// file that is there is left alone. Blocks on the store. Memory: a page of the log and a block,
// however large the store is. `store` must not change meanwhile (snapshot.h). Errors as those of
// the store and of NewFile. DATA_LOSS: a stored plan is none.
absl::StatusOr<ExportResult> WriteExport(StoreReader& store, const std::string& path,
                                         const ExportOptions& options);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_EXPORT_WRITER_H_
