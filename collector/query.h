// Requests of the readers' API as the query of an URL.
#ifndef SIGHTLINE_COLLECTOR_QUERY_H_
#define SIGHTLINE_COLLECTOR_QUERY_H_

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sightline {

// Fills `message` from "country=CN&target_ids=whatsapp&target_ids=signal": names are those of its
// fields; times as in RFC 3339, durations as "3600s", field masks separated by commas. A name that
// comes again adds to a repeated field. INVALID_ARGUMENT names the parameter: none of that name, a
// value that does not fit, a second one for a field that takes one. Pure; whatever the bytes are.
absl::Status ParseQuery(absl::string_view query, google::protobuf::Message* message);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_QUERY_H_
