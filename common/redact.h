// Takes network addresses out of text that goes into logs, health reports or errors.
#ifndef SIGHTLINE_COMMON_REDACT_H_
#define SIGHTLINE_COMMON_REDACT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sightline {

// Replaces IPv4 and IPv6 addresses, with their port, prefix length or zone, by "(address)", and
// URLs ("scheme://...") by "(url)". Host names without a scheme are not recognised. Rather
// replaces too much: four numbers with dots are an address. Linear in the length of `text`.
std::string RedactAddresses(absl::string_view text);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_REDACT_H_
