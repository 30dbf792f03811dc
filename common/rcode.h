// DNS response codes in OONI's words (data format df-007).
#ifndef SIGHTLINE_COMMON_RCODE_H_
#define SIGHTLINE_COMMON_RCODE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sightline {

// For a response without addresses. 0 (no error) is dns_no_answer. Points to static storage.
absl::string_view FailureFromRcode(uint32_t rcode);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_RCODE_H_
