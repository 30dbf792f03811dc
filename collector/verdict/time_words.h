// What readers are told of time: since when something is open or blocked, and how long that has
// lasted. Pure function.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_TIME_WORDS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_TIME_WORDS_H_

#include "absl/types/span.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Sets `events` of each verdict to those of `events` that are of its target, known by the end of
// the window and not over by its start, and puts a sentence on them, and one on each that was
// amended, behind the first reason. `events` are of the summary's country, in any order; the window
// may be one of the past: then ages are those at its end.
void AddTime(absl::Span<const v1::Event> events, v1::GetSummaryResponse& summary);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_TIME_WORDS_H_
