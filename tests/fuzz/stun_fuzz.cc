// The parser of STUN responses. The transaction id is taken from the input, so that mutations get
// past its check.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "agent/probe/stun.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sightline::probe::StunTransactionId id{};
  if (size >= 20) std::copy(data + 8, data + 20, id.begin());
  const absl::string_view datagram(reinterpret_cast<const char*>(data), size);
  const auto address = sightline::probe::ParseStunResponse(datagram, id);
  // An address takes at least 12 bytes of attribute after the header.
  if (address.has_value() && size < 32) __builtin_trap();
  return 0;
}
