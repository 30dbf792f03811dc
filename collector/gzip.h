// Gzip (RFC 1952) of what is sent more than once.
#ifndef SIGHTLINE_COLLECTOR_GZIP_H_
#define SIGHTLINE_COLLECTOR_GZIP_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline {

// Pure. Some 20 ms for a megabyte.
std::string Gzip(absl::string_view bytes);

// The other way. DATA_LOSS: it is no gzip, or more than `bytes_max` come of it.
absl::StatusOr<std::string> Gunzip(absl::string_view gzip, size_t bytes_max);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_GZIP_H_
