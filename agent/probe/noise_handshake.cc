#include "agent/probe/noise_handshake.h"

#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/probe/noise_crypto.h"
#include "agent/probe/noise_messages.pb.h"
#include "common/crypto.h"

namespace sightline::probe {
namespace {

constexpr size_t kHeaderBytesMax = 64;
constexpr size_t kStaticBytes = kX25519KeyBytes + kGcmTagBytes;

absl::Status CheckProfile(const v1::NoiseProfile& profile) {
  if (profile.header().size() > kHeaderBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a Noise header has at most 64 bytes, this one has ", profile.header().size()));
  }
  if (profile.pattern().empty() || profile.pattern().size() > kHashBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a Noise pattern has 1 to 32 bytes, this one has ", profile.pattern().size()));
  }
  if (profile.root_keys().empty()) {
    return absl::InvalidArgumentError("a Noise profile needs a root key");
  }
  for (const std::string& key : profile.root_keys()) {
    if (key.size() != kX25519KeyBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("a Noise root key has 32 bytes, this one has ", key.size()));
    }
  }
  return absl::OkStatus();
}

// Noise's symmetric state while the server's message is read.
class SymmetricState {
 public:
  SymmetricState(std::string hash, std::string chaining_key)
      : hash_(std::move(hash)), chaining_key_(std::move(chaining_key)) {}

  void MixHash(absl::string_view bytes) { hash_ = Sha256(absl::StrCat(hash_, bytes)); }

  // False when `peer_key` is of small order.
  bool MixKey(absl::string_view private_key, absl::string_view peer_key) {
    const std::optional<std::string> shared = X25519(private_key, peer_key);
    if (!shared.has_value()) return false;
    std::tie(chaining_key_, key_) = NoiseHkdf(chaining_key_, *shared);
    counter_ = 0;
    return true;
  }

  std::optional<std::string> DecryptAndHash(absl::string_view ciphertext) {
    std::optional<std::string> plain = GcmOpen(key_, counter_++, hash_, ciphertext);
    MixHash(ciphertext);
    return plain;
  }

 private:
  std::string hash_;
  std::string chaining_key_;
  std::string key_;
  uint32_t counter_ = 0;
};

NoiseVerdict Refused(absl::string_view failure) { return {failure, 0}; }

}  // namespace

std::optional<size_t> NoiseFrameLength(absl::string_view length_bytes) {
  if (length_bytes.size() != kNoiseLengthBytes) return std::nullopt;
  size_t length = 0;
  for (const char byte : length_bytes) length = length << 8U | static_cast<unsigned char>(byte);
  if (length == 0 || length > kNoiseFrameBytesMax) return std::nullopt;
  return length;
}

absl::StatusOr<NoiseHandshake> NoiseHandshake::Start(const v1::NoiseProfile& profile) {
  return StartWithKey(profile, RandomBytes(kX25519KeyBytes));
}

absl::StatusOr<NoiseHandshake> NoiseHandshake::StartWithKey(
    const v1::NoiseProfile& profile, absl::string_view ephemeral_private_key) {
  if (absl::Status status = CheckProfile(profile); !status.ok()) return status;
  const std::optional<std::string> ephemeral = X25519PublicKey(ephemeral_private_key);
  if (!ephemeral.has_value()) {
    return absl::InvalidArgumentError("an X25519 private key has 32 bytes");
  }
  noise::HandshakeMessage hello;
  hello.mutable_client_hello()->set_ephemeral(*ephemeral);
  const std::string payload = hello.SerializeAsString();
  const std::string length = {'\0', '\0', static_cast<char>(payload.size())};

  NoiseHandshake handshake;
  handshake.ephemeral_private_key_ = std::string(ephemeral_private_key);
  handshake.root_keys_.assign(profile.root_keys().begin(), profile.root_keys().end());
  handshake.first_message_ = absl::StrCat(profile.header(), length, payload);
  handshake.chaining_key_ = profile.pattern();
  handshake.chaining_key_.resize(kHashBytes, '\0');
  // Unlike in standard Noise, the hello's empty payload is not mixed in.
  handshake.hash_ = Sha256(absl::StrCat(handshake.chaining_key_, profile.header()));
  handshake.hash_ = Sha256(absl::StrCat(handshake.hash_, *ephemeral));
  return handshake;
}

NoiseVerdict NoiseHandshake::Judge(absl::string_view frame, int64_t now_s) const {
  noise::HandshakeMessage message;
  if (frame.size() > kNoiseFrameBytesMax ||
      !message.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
    return Refused(kNoiseMalformedMessage);
  }
  const noise::HandshakeMessage::ServerHello& hello = message.server_hello();
  if (hello.ephemeral().size() != kX25519KeyBytes || hello.static_().size() != kStaticBytes ||
      hello.payload().size() < kGcmTagBytes) {
    return Refused(kNoiseMalformedMessage);
  }
  SymmetricState state(hash_, chaining_key_);
  state.MixHash(hello.ephemeral());
  if (!state.MixKey(ephemeral_private_key_, hello.ephemeral())) {
    return Refused(kNoiseMalformedMessage);
  }
  const std::optional<std::string> static_key = state.DecryptAndHash(hello.static_());
  if (!static_key.has_value()) return Refused(kNoiseDecryptionFailed);
  if (!state.MixKey(ephemeral_private_key_, *static_key)) return Refused(kNoiseMalformedMessage);
  const std::optional<std::string> chain = state.DecryptAndHash(hello.payload());
  if (!chain.has_value()) return Refused(kNoiseDecryptionFailed);
  return VerifyNoiseChain(*chain, *static_key, root_keys_, now_s);
}

}  // namespace sightline::probe
