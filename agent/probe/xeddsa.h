#ifndef SIGHTLINE_AGENT_PROBE_XEDDSA_H_
#define SIGHTLINE_AGENT_PROBE_XEDDSA_H_

// XEdDSA: Ed25519 signatures by keys that were made for X25519. Verification only. Thread-safe.

#include "absl/strings/string_view.h"

namespace sightline::probe {

inline constexpr size_t kXeddsaSignatureBytes = 64;

// Whether `signature` over `message` was made by the owner of the Montgomery point `public_key` (u,
// little-endian). The Edwards point is y = (u - 1) / (u + 1) mod 2^255 - 19; the top bit of the
// signature is the sign of its x, as in Signal's curve25519 library and so in WhatsApp. The rest is
// Ed25519 (RFC 8032). Source: signal.org/docs/specifications/xeddsa, section 2.3.
//
// False as well for other sizes, for u >= 2^255 - 19 (an encoding that nobody makes honestly), for
// u = -1, which has no Edwards point, and for points of small order, for which anyone can sign.
bool VerifyXeddsa(absl::string_view public_key, absl::string_view message,
                  absl::string_view signature);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_XEDDSA_H_
