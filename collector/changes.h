// What became different between two statements on a target. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_CHANGES_H_
#define SIGHTLINE_COLLECTOR_CHANGES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sightline/internal/v1/statement.pb.h"
#include "sightline/v1/change.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// What a verdict says, as far as changes are told from it. `before` is what was said last, nullptr
// when nothing was.
internal::v1::Statement StatementOf(const v1::TargetVerdict& verdict, absl::Time window_start,
                                    const internal::v1::Statement* before);

// An event as it is told, and as it was told before; nothing when it is new.
struct EventStep {
  std::optional<v1::Event> before;
  v1::Event now;
};

// Whether the step is one to tell of: it began, ended, was taken back, or became SUSTAINED or
// LONG_RUN. That counts and rates grow is none.
bool IsTold(const EventStep& step);

// The change from `before` (nullptr: nothing was said) to `now`, which is the statement of
// `verdict`, and by `steps`, all of which are told; nothing when there is none. change_seq,
// country and change_time are left to the caller.
std::optional<v1::Change> ChangeBetween(const internal::v1::Statement* before,
                                        const internal::v1::Statement& now,
                                        const v1::TargetVerdict& verdict,
                                        const std::vector<EventStep>& steps);

// The change of an earlier window by late reports; nothing when both verdicts say the same.
// `before` is nullptr when there was none.
std::optional<v1::Change> CorrectionOf(const v1::TargetVerdict* before,
                                       const v1::TargetVerdict& verdict, absl::Time window_start);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CHANGES_H_
