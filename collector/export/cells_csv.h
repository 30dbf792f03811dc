// What verdicts say of each place and window, as comma-separated values.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_CELLS_CSV_H_
#define SIGHTLINE_COLLECTOR_EXPORT_CELLS_CSV_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/store/store.h"

namespace sightline {

struct CellsOptions {
  // ISO 3166-1 alpha-2. Empty: every country of the plans.
  std::string country = {};
  // Only windows that start in [from, until).
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
};

struct CellsCounts {
  uint64_t verdicts = 0;  // that were read
  uint64_t rows = 0;      // without the head
};

// The head, with its line end. README.md says what the columns are.
std::string CellsHead();

// Rows of one verdict, with line ends: networks across regions, then each region and its networks,
// in the order of the verdict. These are the numbers that readers of the verdict see: networks and
// regions of fewer than 4 origins are merged there (published.h), and cannot be told apart here. A
// place that is UNKNOWN without a vote has no row. DATA_LOSS: it holds no verdict.
absl::StatusOr<std::string> CellsRows(const VerdictRecord& record, uint64_t& rows);

// Calls `sink` with the head, and with the rows of each verdict, ordered by country, window,
// target, region and network. The same store gives the same bytes. Memory: as ForEachVerdict.
// `store` must not change meanwhile (snapshot.h). INVALID_ARGUMENT: no plan has that country.
// Errors of the store and of `sink`. DATA_LOSS: a stored plan or verdict is none.
absl::StatusOr<CellsCounts> WriteCellsCsv(
    StoreReader& store, const CellsOptions& options,
    const std::function<absl::Status(absl::string_view rows)>& sink);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_CELLS_CSV_H_
