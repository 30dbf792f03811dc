#ifndef SIGHTLINE_TESTS_AGENT_PROBE_NOISE_SERVER_H_
#define SIGHTLINE_TESTS_AGENT_PROBE_NOISE_SERVER_H_

// The server's side of WhatsApp's Noise handshake as values, by OpenSSL.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

// A key for X25519 that can sign. Made from an Ed25519 seed, because then OpenSSL's Ed25519 signs
// for it and only the sign of the key's x is to be added.
class XeddsaKey {
 public:
  // `seed` is hashed first, and may be any text.
  explicit XeddsaKey(const std::string& seed);
  const std::string& private_key() const { return private_key_; }
  const std::string& public_key() const { return public_key_; }
  std::string Sign(absl::string_view message) const;

 private:
  std::string seed_;
  std::string private_key_;
  std::string public_key_;
};

inline constexpr int64_t kNoiseNow = 1'760'000'000;

struct NoiseDetails {
  uint32_t serial = 0;
  uint32_t issuer_serial = 0;
  std::string key;
  uint64_t not_before = kNoiseNow - 1000;
  uint64_t not_after = kNoiseNow + 1000;
};
std::string Serialise(const NoiseDetails& details);

// The genuine server, for clients of Profile(). Everything is public, to make impostors of it.
struct NoiseServer {
  NoiseServer();

  v1::NoiseProfile Profile() const;
  // CertChain with these details signed by root_signer and leaf_signer.
  std::string Chain() const;
  static std::string Chain(const std::string& intermediate_details,
                           const std::string& intermediate_signature,
                           const std::string& leaf_details, const std::string& leaf_signature);
  // Payload of the server's frame for a client's first message.
  std::string Answer(const std::string& first_message) const {
    return Answer(first_message, Chain());
  }
  std::string Answer(const std::string& first_message, const std::string& chain) const;

  XeddsaKey root{"root"};
  XeddsaKey root_signer{"root"};
  XeddsaKey leaf_signer{"intermediate"};
  XeddsaKey static_key{"static"};
  XeddsaKey ephemeral{"ephemeral"};
  NoiseDetails intermediate;
  NoiseDetails leaf;
};

// With its length in front.
std::string NoiseFrame(const std::string& payload);

}  // namespace sightline::probe

#endif  // SIGHTLINE_TESTS_AGENT_PROBE_NOISE_SERVER_H_
