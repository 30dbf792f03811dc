#ifndef SIGHTLINE_AGENT_PROBE_NOISE_HANDSHAKE_H_
#define SIGHTLINE_AGENT_PROBE_NOISE_HANDSHAKE_H_

// The client's half of WhatsApp's Noise XX handshake, up to the server's certificates and no
// further: without the third message no phone number, key or version is ever sent. Pure but for the
// random ephemeral key; thread-compatible. Source: tulir/whatsmeow:handshake.go, socket/.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/probe/noise_certificate.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

// A frame is its length in 3 bytes, big-endian, and its payload.
inline constexpr size_t kNoiseLengthBytes = 3;
inline constexpr size_t kNoiseFrameBytesMax = size_t{64} * 1024;

// Length of the payload that follows. nullopt when these are not 3 bytes, or the length is 0 or
// above kNoiseFrameBytesMax: then whoever speaks does not speak this protocol.
std::optional<size_t> NoiseFrameLength(absl::string_view length_bytes);

// What the handshake keeps back: which of its bytes the server spoke to, and with what key.
class NoiseHandshake {
 public:
  // INVALID_ARGUMENT when the profile's header has more than 64 bytes, its pattern is empty or has
  // more than 32, or it has no root key or one of another size than 32.
  static absl::StatusOr<NoiseHandshake> Start(const v1::NoiseProfile& profile);
  // With the 32 bytes of a given private key, for tests: who knows it can read and forge all.
  static absl::StatusOr<NoiseHandshake> StartWithKey(const v1::NoiseProfile& profile,
                                                     absl::string_view ephemeral_private_key);

  // The header and the frame with the client's hello: what to send, once.
  const std::string& first_message() const { return first_message_; }

  // Judges the payload of the server's first frame at `now_s`, seconds since 1970-01-01 UTC.
  NoiseVerdict Judge(absl::string_view frame, int64_t now_s) const;

 private:
  NoiseHandshake() = default;

  std::string ephemeral_private_key_;
  std::vector<std::string> root_keys_;
  std::string first_message_;
  // The handshake hash and the chaining key after the first message.
  std::string hash_;
  std::string chaining_key_;
};

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_NOISE_HANDSHAKE_H_
