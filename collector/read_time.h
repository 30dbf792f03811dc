// Moments that readers send.
#ifndef SIGHTLINE_COLLECTOR_READ_TIME_H_
#define SIGHTLINE_COLLECTOR_READ_TIME_H_

#include <google/protobuf/timestamp.pb.h>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sightline {

// INVALID_ARGUMENT begins with `field` and says what a Timestamp may hold. Pure.
absl::StatusOr<absl::Time> ReadTime(absl::string_view field,
                                    const google::protobuf::Timestamp& time);

// A span of time that a request may leave open at both ends.
struct TimeSpan {
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
};

// start_time and end_time of `request`, the latter after the former. INVALID_ARGUMENT names the
// field. Pure.
template <typename Request>
absl::StatusOr<TimeSpan> ReadTimeSpan(const Request& request) {
  TimeSpan span;
  if (request.has_start_time()) {
    const absl::StatusOr<absl::Time> from = ReadTime("start_time", request.start_time());
    if (!from.ok()) return from.status();
    span.from = *from;
  }
  if (request.has_end_time()) {
    const absl::StatusOr<absl::Time> until = ReadTime("end_time", request.end_time());
    if (!until.ok()) return until.status();
    span.until = *until;
  }
  if (span.until > span.from) return span;
  return absl::InvalidArgumentError("end_time: must be after start_time");
}

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_READ_TIME_H_
