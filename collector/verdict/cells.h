// Votes of one target, country and window as they are stored beside the verdict.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_CELLS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_CELLS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/verdict/tally.h"
#include "sightline/internal/v1/fold.pb.h"

namespace sightline {

internal::v1::Cells CellsOf(const TargetTally& tally);

// The same, serialised. The same tally gives the same bytes.
std::string SerializeCells(const TargetTally& tally);

// DATA_LOSS: it is not what SerializeCells wrote.
absl::StatusOr<internal::v1::Cells> ParseCells(absl::string_view bytes);

// Whether some tally could give these numbers. Whoever reads cells from somewhere else than its own
// store asks before it counts with them.
bool ArePlausible(const internal::v1::Cells& cells);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_CELLS_H_
