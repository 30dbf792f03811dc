#ifndef SIGHTLINE_AGENT_PROBE_NOISE_CERTIFICATE_H_
#define SIGHTLINE_AGENT_PROBE_NOISE_CERTIFICATE_H_

// What a Noise server's certificates prove. Pure; thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sightline::probe {

// What was wrong with what the server said; OONI has no words for these.
inline constexpr absl::string_view kNoiseMalformedMessage = "noise_malformed_message";
inline constexpr absl::string_view kNoiseDecryptionFailed = "noise_decryption_failed";
inline constexpr absl::string_view kNoiseWrongRoot = "noise_wrong_root";
inline constexpr absl::string_view kNoiseBadLeafSignature = "noise_bad_leaf_signature";
inline constexpr absl::string_view kNoiseSerialMismatch = "noise_serial_mismatch";
inline constexpr absl::string_view kNoiseWrongLeafKey = "noise_wrong_leaf_key";
inline constexpr absl::string_view kNoiseCertificateExpired = "noise_certificate_expired";
inline constexpr absl::string_view kNoiseCertificateNotYetValid = "noise_certificate_not_yet_valid";

struct NoiseVerdict {
  // One of the names above; empty when the service proved itself.
  absl::string_view failure = kNoiseMalformedMessage;
  // Serial number that the leaf claims, proved or not; 0 when none was read.
  uint32_t leaf_serial = 0;

  bool verified() const { return failure.empty(); }
};

// `chain` is a serialised CertChain, `static_key` the key that the server proved to hold in the
// handshake, `now_s` seconds since 1970-01-01 UTC. Verified when
//   a root key signed the intermediate, whose issuer serial is 0;
//   the intermediate's key signed the leaf, whose issuer serial is the intermediate's serial;
//   the leaf names `static_key`; and both are within their dates (inclusive; absent means 1970).
// Of several defects the first in this order is told; not being readable comes first.
// Source: tulir/whatsmeow:handshake.go.
NoiseVerdict VerifyNoiseChain(absl::string_view chain, absl::string_view static_key,
                              const std::vector<std::string>& root_keys, int64_t now_s);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_NOISE_CERTIFICATE_H_
