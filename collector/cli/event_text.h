// Openings and closings in a few words. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_EVENT_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_EVENT_TEXT_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <string>

#include "absl/time/time.h"
#include "sightline/v1/summary.pb.h"

namespace sightline::cli {

// "12 s", "40 min", "16 h", "16 days": rounded down, two digits at most until days grow.
std::string Length(absl::Duration length);

// What has been going on for longest, as an addition to a headline: "since 2024-04-08 00:00 UTC
// (16 days, long run)"; empty when nothing is. `window_end` is what ages are counted up to.
std::string Since(const v1::TargetVerdict& verdict, absl::Time window_end);

using Events = google::protobuf::RepeatedPtrField<v1::Event>;

// One line an event, in the order given, with a head. UTC.
std::string EventTable(const Events& events, bool colour);

// The same and more for programs: RFC 4180, a head, times as in RFC 3339, enum values as in the
// .proto files without the prefix, ratios from 0 to 1. What is not set is empty.
std::string EventCsv(const Events& events);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_EVENT_TEXT_H_
