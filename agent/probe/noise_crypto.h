#ifndef SIGHTLINE_AGENT_PROBE_NOISE_CRYPTO_H_
#define SIGHTLINE_AGENT_PROBE_NOISE_CRYPTO_H_

// The primitives of Noise_XX_25519_AESGCM_SHA256 that common/crypto.h lacks, by OpenSSL.
// Thread-safe. For keys of one connection that are thrown away: nothing is wiped.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace sightline::probe {

inline constexpr size_t kX25519KeyBytes = 32;
inline constexpr size_t kGcmTagBytes = 16;

// X25519 (RFC 7748) of a private and a peer's public key. nullopt when a size is wrong or the
// product is zero, as for every point of small order.
std::optional<std::string> X25519(absl::string_view private_key, absl::string_view peer_key);
// nullopt when `private_key` is not 32 bytes.
std::optional<std::string> X25519PublicKey(absl::string_view private_key);

// HKDF of the Noise specification, section 4.3, with two outputs of 32 bytes.
std::pair<std::string, std::string> NoiseHkdf(absl::string_view chaining_key,
                                              absl::string_view input);

// AES-256-GCM. `ciphertext` ends with the tag; the nonce is 8 zero bytes and `counter`, big-endian.
// nullopt when the tag does not fit.
std::optional<std::string> GcmOpen(absl::string_view key, uint32_t counter,
                                   absl::string_view associated, absl::string_view ciphertext);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_NOISE_CRYPTO_H_
