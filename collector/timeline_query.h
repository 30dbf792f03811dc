// What a reader asks of a timeline, checked.
#ifndef SIGHTLINE_COLLECTOR_TIMELINE_QUERY_H_
#define SIGHTLINE_COLLECTOR_TIMELINE_QUERY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/columns.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/timeline.pb.h"

namespace sightline {

inline constexpr int kTimelineStepsMax = 10'000;
inline constexpr absl::Duration kTimelineMax = absl::Hours(24 * 400);

// Whether the plan has the country, the target and the regions of `request`. Pure. NOT_FOUND names
// the field, and what is known.
absl::Status CheckTimelinePlaces(const v1::Plan& plan, const v1::GetTimelineRequest& request);

// What gRPC's clients take unless told otherwise is 4 MiB, and a value takes a byte or two.
inline constexpr int64_t kTimelineValuesMax = 2'000'000;

// Whether the answer would have at most `values_max` values. Pure. INVALID_ARGUMENT says how many
// there would be, and what makes them fewer.
absl::Status CheckTimelineSize(const v1::Plan& plan, const v1::GetTimelineRequest& request,
                               const TimelineRange& range, int64_t values_max);

// The range that `request` asks for. `newest` is the start of the newest window that was judged.
// Pure. INVALID_ARGUMENT names the field and says what fits.
absl::StatusOr<TimelineRange> ReadTimelineRequest(const v1::GetTimelineRequest& request,
                                                  absl::Duration window_length, absl::Time newest);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_TIMELINE_QUERY_H_
