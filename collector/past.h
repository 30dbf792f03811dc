// Answers readers about the past, from the store.
#ifndef SIGHTLINE_COLLECTOR_PAST_H_
#define SIGHTLINE_COLLECTOR_PAST_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "collector/store/store.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Each may wait for the store. INVALID_ARGUMENT names the field. Errors of the store beside those
// below.

// The verdicts that stand now on the window that request.time() was in, of the targets that were
// asked for. `plan` is the current one. NOT_FOUND: no such country or target, or no verdicts on
// that window; then it says which windows there are.
absl::StatusOr<v1::GetSummaryResponse> SummaryAt(StoreReader& store, const v1::Plan& plan,
                                                 const v1::GetSummaryRequest& request);

// NOT_FOUND: no such country; a target that neither the plan nor any event knows.
absl::StatusOr<v1::ListEventsResponse> ListEvents(StoreReader& store, const v1::Plan& plan,
                                                  const v1::ListEventsRequest& request);

// The same from `events` of that country, whichever they are. Pure.
absl::StatusOr<v1::ListEventsResponse> SelectEvents(absl::Span<const v1::Event> events,
                                                    const v1::Plan& plan,
                                                    const v1::ListEventsRequest& request);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PAST_H_
