// Ed25519 (RFC 8032), SHA-256 and HMAC-SHA-256 by OpenSSL, but signatures are verified by
// libsodium: in half the time (48 against 103 us), and a collector does little else. What libsodium
// accepts OpenSSL accepts, too; keys of small order and other forms that no honest signer makes it
// refuses. Everything here is thread-safe.
#ifndef SIGHTLINE_COMMON_CRYPTO_H_
#define SIGHTLINE_COMMON_CRYPTO_H_

#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline {

inline constexpr size_t kHashBytes = 32;
inline constexpr size_t kPublicKeyBytes = 32;
inline constexpr size_t kSeedBytes = 32;
inline constexpr size_t kSignatureBytes = 64;

// Keeps OpenSSL whole until the process is gone. By itself it would be torn down at exit while
// threads of gRPC may still hold or use parts of it. Call it first in main.
void KeepCryptoUntilExit();

// 32 bytes.
std::string Sha256(absl::string_view data);

// 32 bytes.
std::string HmacSha256(absl::string_view key, absl::string_view data);

// How many certificates the PEM text holds. nullopt when there is none or one is broken.
std::optional<int> CountCertificates(absl::string_view pem);

// `count` bytes from the operating system's generator.
std::string RandomBytes(size_t count);

struct EvpKeyDelete {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, EvpKeyDelete>;

// A public key. Copyable.
class VerifyKey {
 public:
  // `raw` is 32 bytes. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<VerifyKey> FromRaw(absl::string_view raw);
  // From the text of a PEM public key.
  static absl::StatusOr<VerifyKey> FromPem(absl::string_view pem);

  // Whether `signature` fits `domain` followed by `data`. `domain` is one of wire.h's constants.
  bool Verify(absl::string_view domain, absl::string_view data, absl::string_view signature) const;

  const std::string& raw() const { return raw_; }
  // SHA-256 of the raw key: an agent_id or a plan's key_id.
  std::string Id() const { return Sha256(raw_); }
  std::string ToPem() const;

 private:
  explicit VerifyKey(std::string raw) : raw_(std::move(raw)) {}

  std::string raw_;
};

// A private key. Movable only.
class SigningKey {
 public:
  static SigningKey Generate();
  // From the text of a PKCS #8 PEM private key. INVALID_ARGUMENT when it is no Ed25519 key.
  static absl::StatusOr<SigningKey> FromPem(absl::string_view pem);

  // The key that RFC 8032 makes of 32 secret bytes: for histories that must come out the same
  // again. INVALID_ARGUMENT when they are not 32.
  static absl::StatusOr<SigningKey> FromSeed(absl::string_view seed);

  // 64 bytes over `domain` followed by `data`.
  std::string Sign(absl::string_view domain, absl::string_view data) const;

  const VerifyKey& public_key() const { return public_key_; }
  std::string ToPem() const;

 private:
  SigningKey(EvpKey key, VerifyKey public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}

  EvpKey key_;
  VerifyKey public_key_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_CRYPTO_H_
