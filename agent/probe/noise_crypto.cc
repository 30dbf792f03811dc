#include "agent/probe/noise_crypto.h"

#include <openssl/evp.h>

#include <array>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/crypto.h"

namespace sightline::probe {
namespace {

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

EvpKey PrivateKey(absl::string_view raw) {
  if (raw.size() != kX25519KeyBytes) return nullptr;
  return EvpKey(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, Bytes(raw), raw.size()));
}

struct ContextDelete {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

}  // namespace

std::optional<std::string> X25519(absl::string_view private_key, absl::string_view peer_key) {
  const EvpKey own = PrivateKey(private_key);
  if (own == nullptr || peer_key.size() != kX25519KeyBytes) return std::nullopt;
  const EvpKey peer(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, Bytes(peer_key), peer_key.size()));
  const std::unique_ptr<EVP_PKEY_CTX, ContextDelete> context(EVP_PKEY_CTX_new(own.get(), nullptr));
  std::string product(kX25519KeyBytes, '\0');
  size_t size = product.size();
  if (peer == nullptr || context == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(context.get(), Bytes(product), &size) != 1) {
    return std::nullopt;
  }
  return product;
}

std::optional<std::string> X25519PublicKey(absl::string_view private_key) {
  const EvpKey key = PrivateKey(private_key);
  std::string raw(kX25519KeyBytes, '\0');
  size_t size = raw.size();
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key.get(), Bytes(raw), &size) != 1) {
    return std::nullopt;
  }
  return raw;
}

std::pair<std::string, std::string> NoiseHkdf(absl::string_view chaining_key,
                                              absl::string_view input) {
  const std::string extracted = HmacSha256(chaining_key, input);
  std::string first = HmacSha256(extracted, "\x01");
  std::string second = HmacSha256(extracted, absl::StrCat(first, "\x02"));
  return {std::move(first), std::move(second)};
}

std::optional<std::string> GcmOpen(absl::string_view key, uint32_t counter,
                                   absl::string_view associated, absl::string_view ciphertext) {
  if (key.size() != kHashBytes || ciphertext.size() < kGcmTagBytes) return std::nullopt;
  std::array<unsigned char, 12> nonce{};
  for (size_t i = 0; i < 4; ++i) nonce[11 - i] = static_cast<unsigned char>(counter >> (8 * i));
  const absl::string_view body = ciphertext.substr(0, ciphertext.size() - kGcmTagBytes);
  std::string tag(ciphertext.substr(body.size()));
  std::string plain(body.size(), '\0');
  std::array<unsigned char, kGcmTagBytes> rest{};
  int size = 0;
  const std::unique_ptr<EVP_CIPHER_CTX, ContextDelete> context(EVP_CIPHER_CTX_new());
  if (context == nullptr ||
      EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), Bytes(key), nonce.data(), nullptr) !=
          1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(associated),
                        static_cast<int>(associated.size())) != 1 ||
      EVP_DecryptUpdate(context.get(), Bytes(plain), &size, Bytes(body),
                        static_cast<int>(body.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                          tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context.get(), rest.data(), &size) != 1) {
    return std::nullopt;
  }
  return plain;
}

}  // namespace sightline::probe
