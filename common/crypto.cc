#include "common/crypto.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <cstdio>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

struct BioDelete {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioDelete>;

struct MdContextDelete {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using MdContext = std::unique_ptr<EVP_MD_CTX, MdContextDelete>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// OpenSSL fails here only when memory or the generator does: nothing sensible can follow.
void Require(bool ok, const char* what) {
  if (ok) return;
  static_cast<void>(std::fprintf(stderr, "sightline: OpenSSL failed in %s\n", what));
  std::abort();
}

// Ed25519 signs a message in one piece, so domain and data have to be joined.
std::string Join(absl::string_view domain, absl::string_view data) {
  return absl::StrCat(domain, data);
}

std::string RawPublicKey(const EVP_PKEY* key) {
  std::string raw(kPublicKeyBytes, '\0');
  size_t size = raw.size();
  Require(EVP_PKEY_get_raw_public_key(key, Bytes(raw), &size) == 1, "get_raw_public_key");
  return raw;
}

// The caller does not own the result: BIO_get_mem_data points into `bio`.
std::string Contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace

void KeepCryptoUntilExit() {
  Require(OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr) == 1, "initialisation");
}

std::string Sha256(absl::string_view data) {
  static const EVP_MD* const kMethod = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const MdContext context(EVP_MD_CTX_new());
  std::string hash(kHashBytes, '\0');
  Require(EVP_DigestInit_ex2(context.get(), kMethod, nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
              EVP_DigestFinal_ex(context.get(), Bytes(hash), nullptr) == 1,
          "SHA-256");
  return hash;
}

std::string HmacSha256(absl::string_view key, absl::string_view data) {
  std::string mac(kHashBytes, '\0');
  Require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(data), data.size(),
               Bytes(mac), nullptr) != nullptr,
          "HMAC");
  return mac;
}

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  Require(RAND_bytes(Bytes(bytes), static_cast<int>(count)) == 1, "RAND_bytes");
  return bytes;
}

std::optional<int> CountCertificates(absl::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int count = 0;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    X509_free(certificate);
    ++count;
  }
  // Anything but the end of the text is a broken certificate.
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const bool ended =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!ended || count == 0) return std::nullopt;
  return count;
}

absl::StatusOr<VerifyKey> VerifyKey::FromRaw(absl::string_view raw) {
  if (raw.size() != kPublicKeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a public key has 32 bytes, this one has ", raw.size()));
  }
  return VerifyKey(std::string(raw));
}

absl::StatusOr<VerifyKey> VerifyKey::FromPem(absl::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  EvpKey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
    return absl::InvalidArgumentError(
        "no Ed25519 public key in PEM form (expected a file made by `sightline keys new`)");
  }
  return VerifyKey(RawPublicKey(key.get()));
}

bool VerifyKey::Verify(absl::string_view domain, absl::string_view data,
                       absl::string_view signature) const {
  if (signature.size() != kSignatureBytes) return false;
  static const bool kReady = sodium_init() >= 0;
  Require(kReady, "libsodium");
  const std::string message = Join(domain, data);
  return crypto_sign_verify_detached(Bytes(signature), Bytes(absl::string_view(message)),
                                     message.size(), Bytes(absl::string_view(raw_))) == 0;
}

std::string VerifyKey::ToPem() const {
  const EvpKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                               Bytes(absl::string_view(raw_)), raw_.size()));
  const Bio bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_PUBKEY(bio.get(), key.get()) == 1, "write public key");
  return Contents(bio.get());
}

SigningKey SigningKey::Generate() {
  EvpKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  Require(key != nullptr, "key generation");
  VerifyKey public_key = *VerifyKey::FromRaw(RawPublicKey(key.get()));
  return SigningKey(std::move(key), std::move(public_key));
}

absl::StatusOr<SigningKey> SigningKey::FromPem(absl::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  EvpKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
    return absl::InvalidArgumentError("no Ed25519 private key in PEM form");
  }
  absl::StatusOr<VerifyKey> public_key = VerifyKey::FromRaw(RawPublicKey(key.get()));
  if (!public_key.ok()) return public_key.status();
  return SigningKey(std::move(key), *std::move(public_key));
}

absl::StatusOr<SigningKey> SigningKey::FromSeed(absl::string_view seed) {
  if (seed.size() != kSeedBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a seed has ", kSeedBytes, " bytes, this one has ", seed.size()));
  }
  EvpKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size()));
  Require(key != nullptr, "key from a seed");
  VerifyKey public_key = *VerifyKey::FromRaw(RawPublicKey(key.get()));
  return SigningKey(std::move(key), std::move(public_key));
}

std::string SigningKey::Sign(absl::string_view domain, absl::string_view data) const {
  const std::string message = Join(domain, data);
  const MdContext context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  Require(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
              EVP_DigestSign(context.get(), Bytes(signature), &size,
                             Bytes(absl::string_view(message)), message.size()) == 1,
          "signing");
  return signature;
}

std::string SigningKey::ToPem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  Require(
      PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "write private key");
  return Contents(bio.get());
}

}  // namespace sightline
