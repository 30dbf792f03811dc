// From the verdicts that the fold leader wrote to the board of any collector: what readers get is
// the same whomever they ask, and is there before a collector has folded anything itself.
#ifndef SIGHTLINE_COLLECTOR_STORED_VERDICTS_H_
#define SIGHTLINE_COLLECTOR_STORED_VERDICTS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/board.h"
#include "collector/store/store.h"
#include "collector/verdict/follow.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// The summary that `rows` came from: those of one country and window, ordered by target_id, at
// least one. Byte for byte what Judge returned. A row without a verdict is of a target that a later
// plan took away. DATA_LOSS: a row that cannot be read.
absl::StatusOr<v1::GetSummaryResponse> SummaryOfRows(absl::Span<const VerdictRecord> rows);

// What readers are told of one country and window: the stored verdicts, and what the history, as it
// stands now, says about that window. The window may be one of the past. NOT_FOUND: there are no
// verdicts on it. DATA_LOSS: a row that cannot be read.
absl::StatusOr<v1::GetSummaryResponse> StoredSummary(StoreReader& store, const std::string& country,
                                                     absl::Time window_start);

// Puts the newest stored window of each country of `plan` on the board; NothingComplete where there
// is none. After an error the rest of the board is as it was.
absl::Status ShowStored(Store& store, const v1::Plan& plan, const FollowerOptions& options,
                        Board& board);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORED_VERDICTS_H_
