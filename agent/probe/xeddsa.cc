#include "agent/probe/xeddsa.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "agent/probe/noise_crypto.h"
#include "common/crypto.h"

namespace sightline::probe {
namespace {

struct BignumDelete {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Bignum = std::unique_ptr<BIGNUM, BignumDelete>;
using BignumContext = std::unique_ptr<BN_CTX, BignumDelete>;

using PointBytes = std::array<unsigned char, kX25519KeyBytes>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// 2^255 - 19. Empty when memory ran out.
Bignum FieldPrime() {
  Bignum prime(BN_new());
  if (prime == nullptr || BN_set_bit(prime.get(), 255) != 1 || BN_sub_word(prime.get(), 19) != 1) {
    return nullptr;
  }
  return prime;
}

// y = (u - 1) / (u + 1), little-endian; nullopt when u is not canonical or has no y.
std::optional<PointBytes> EdwardsY(absl::string_view u_bytes) {
  const BignumContext context(BN_CTX_new());
  const Bignum prime = FieldPrime();
  const Bignum u(BN_lebin2bn(Bytes(u_bytes), static_cast<int>(u_bytes.size()), nullptr));
  const Bignum above(BN_new());
  const Bignum below(BN_new());
  if (context == nullptr || prime == nullptr || u == nullptr || above == nullptr ||
      below == nullptr || BN_cmp(u.get(), prime.get()) >= 0) {
    return std::nullopt;
  }
  // BN_mod_inverse fails for 0, which is u = -1.
  PointBytes y{};
  if (BN_mod_sub(above.get(), u.get(), BN_value_one(), prime.get(), context.get()) != 1 ||
      BN_mod_add(below.get(), u.get(), BN_value_one(), prime.get(), context.get()) != 1 ||
      BN_is_zero(below.get()) ||
      BN_mod_inverse(below.get(), below.get(), prime.get(), context.get()) == nullptr ||
      BN_mod_mul(above.get(), above.get(), below.get(), prime.get(), context.get()) != 1 ||
      BN_bn2lebinpad(above.get(), y.data(), static_cast<int>(y.size())) < 0) {
    return std::nullopt;
  }
  return y;
}

bool VerifyEd25519(const PointBytes& key_bytes, absl::string_view message,
                   absl::string_view signature) {
  const EvpKey key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key_bytes.data(), key_bytes.size()));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return key != nullptr && context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

// X25519 scalars are multiples of 8, so that any of them takes a point of small order, and only
// such a point, to zero.
bool HasSmallOrder(absl::string_view u_bytes) {
  return !X25519(std::string(kX25519KeyBytes, 'Z'), u_bytes).has_value();
}

}  // namespace

bool VerifyXeddsa(absl::string_view public_key, absl::string_view message,
                  absl::string_view signature) {
  if (public_key.size() != kX25519KeyBytes || signature.size() != kXeddsaSignatureBytes) {
    return false;
  }
  std::optional<PointBytes> point = EdwardsY(public_key);
  if (!point.has_value() || HasSmallOrder(public_key)) return false;
  std::string plain_signature(signature.data(), signature.size());
  const auto top = static_cast<unsigned char>(plain_signature.back());
  point->back() = static_cast<unsigned char>(point->back() | (top & 0x80U));
  plain_signature.back() = static_cast<char>(top & 0x7fU);
  return VerifyEd25519(*point, message, plain_signature);
}

}  // namespace sightline::probe
