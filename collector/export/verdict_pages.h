// All verdicts of a country, some at a time.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_VERDICT_PAGES_H_
#define SIGHTLINE_COLLECTOR_EXPORT_VERDICT_PAGES_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/store/store.h"

namespace sightline {

// Calls `take` with each verdict whose window starts in [from, until), by window_start and
// target_id. Memory: some thousand rows, however many there are and however long windows are.
// Errors of the store, and of `take`, which ends it.
absl::Status ForEachVerdict(StoreReader& store, const std::string& country, absl::Time from,
                            absl::Time until, absl::FunctionRef<absl::Status(VerdictRecord&)> take);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_VERDICT_PAGES_H_
