#include "tests/agent/probe/noise_server.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/sha.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "agent/probe/noise_messages.pb.h"

namespace sightline::probe {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kTagBytes = 16;
const std::string kHeader("WA\x06\x03", 4);
const std::string kPattern("Noise_XX_25519_AESGCM_SHA256\0\0\0\0", 32);

void Require(bool ok) {
  if (!ok) std::abort();
}

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string Hash256(const std::string& data) {
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(Bytes(data), data.size(), Bytes(hash));
  return hash;
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key PrivateKey(int type, const std::string& raw) {
  Key key(EVP_PKEY_new_raw_private_key(type, nullptr, Bytes(raw), raw.size()), EVP_PKEY_free);
  Require(key != nullptr);
  return key;
}

std::string PublicOf(const EVP_PKEY* key) {
  std::string raw(kKeyBytes, '\0');
  size_t size = raw.size();
  Require(EVP_PKEY_get_raw_public_key(key, Bytes(raw), &size) == 1);
  return raw;
}

std::string Exchange(const std::string& private_key, const std::string& peer_key) {
  const Key own = PrivateKey(EVP_PKEY_X25519, private_key);
  const Key peer(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, Bytes(peer_key), peer_key.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new(own.get(), nullptr), EVP_PKEY_CTX_free);
  std::string shared(kKeyBytes, '\0');
  size_t size = shared.size();
  Require(EVP_PKEY_derive_init(context.get()) == 1 &&
          EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
          EVP_PKEY_derive(context.get(), Bytes(shared), &size) == 1);
  return shared;
}

// 64 bytes of HKDF-SHA256 (RFC 5869) without info.
std::string Hkdf(std::string salt, std::string input) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
      EVP_KDF_fetch(nullptr, "HKDF", nullptr), EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
      EVP_KDF_CTX_new(kdf.get()), EVP_KDF_CTX_free);
  std::string digest = "SHA256";
  const std::array<OSSL_PARAM, 4> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, input.data(), input.size()),
      OSSL_PARAM_construct_end()};
  std::string out(2 * kKeyBytes, '\0');
  Require(EVP_KDF_derive(context.get(), Bytes(out), out.size(), parameters.data()) == 1);
  return out;
}

// The first message under a key: its counter, and so its nonce, is 0.
std::string Seal(const std::string& key, const std::string& associated, const std::string& plain) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
      EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  const std::array<unsigned char, 12> nonce{};
  std::string sealed(plain.size() + kTagBytes, '\0');
  int size = 0;
  Require(EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), Bytes(key), nonce.data(),
                              nullptr) == 1 &&
          EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(associated),
                            static_cast<int>(associated.size())) == 1 &&
          EVP_EncryptUpdate(context.get(), Bytes(sealed), &size, Bytes(plain),
                            static_cast<int>(plain.size())) == 1 &&
          EVP_EncryptFinal_ex(context.get(), Bytes(sealed) + plain.size(), &size) == 1 &&
          EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                              Bytes(sealed) + plain.size()) == 1);
  return sealed;
}

}  // namespace

XeddsaKey::XeddsaKey(const std::string& seed) : seed_(Hash256(seed)) {
  // RFC 8032, section 5.1.5; X25519 clamps by itself.
  std::string expanded(SHA512_DIGEST_LENGTH, '\0');
  SHA512(Bytes(absl::string_view(seed_)), seed_.size(), Bytes(expanded));
  private_key_ = expanded.substr(0, kKeyBytes);
  public_key_ = PublicOf(PrivateKey(EVP_PKEY_X25519, private_key_).get());
}

std::string XeddsaKey::Sign(absl::string_view message) const {
  const Key key = PrivateKey(EVP_PKEY_ED25519, seed_);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  std::string signature(2 * kKeyBytes, '\0');
  size_t size = signature.size();
  Require(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
          EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(message), message.size()) ==
              1);
  signature.back() = static_cast<char>(signature.back() | (PublicOf(key.get()).back() & 0x80));
  return signature;
}

std::string Serialise(const NoiseDetails& details) {
  noise::CertChain::NoiseCertificate::Details message;
  message.set_serial(details.serial);
  message.set_issuer_serial(details.issuer_serial);
  message.set_key(details.key);
  message.set_not_before(details.not_before);
  message.set_not_after(details.not_after);
  return message.SerializeAsString();
}

NoiseServer::NoiseServer() {
  intermediate.serial = 7;
  intermediate.key = leaf_signer.public_key();
  leaf.serial = 42;
  leaf.issuer_serial = 7;
  leaf.key = static_key.public_key();
}

v1::NoiseProfile NoiseServer::Profile() const {
  v1::NoiseProfile profile;
  profile.set_name("test");
  profile.set_header(kHeader);
  profile.set_pattern("Noise_XX_25519_AESGCM_SHA256");
  profile.add_root_keys(root.public_key());
  return profile;
}

std::string NoiseServer::Chain() const {
  const std::string intermediate_details = Serialise(intermediate);
  const std::string leaf_details = Serialise(leaf);
  return Chain(intermediate_details, root_signer.Sign(intermediate_details), leaf_details,
               leaf_signer.Sign(leaf_details));
}

std::string NoiseServer::Chain(const std::string& intermediate_details,
                               const std::string& intermediate_signature,
                               const std::string& leaf_details, const std::string& leaf_signature) {
  noise::CertChain chain;
  chain.mutable_intermediate()->set_details(intermediate_details);
  chain.mutable_intermediate()->set_signature(intermediate_signature);
  chain.mutable_leaf()->set_details(leaf_details);
  chain.mutable_leaf()->set_signature(leaf_signature);
  return chain.SerializeAsString();
}

std::string NoiseServer::Answer(const std::string& first_message, const std::string& chain) const {
  const std::string client = first_message.substr(first_message.size() - kKeyBytes);
  std::string hash = Hash256(kPattern + kHeader);
  hash = Hash256(hash + client);
  hash = Hash256(hash + ephemeral.public_key());
  std::string keys = Hkdf(kPattern, Exchange(ephemeral.private_key(), client));
  const std::string sealed_static = Seal(keys.substr(kKeyBytes), hash, static_key.public_key());
  hash = Hash256(hash + sealed_static);
  keys = Hkdf(keys.substr(0, kKeyBytes), Exchange(static_key.private_key(), client));

  noise::HandshakeMessage message;
  message.mutable_server_hello()->set_ephemeral(ephemeral.public_key());
  message.mutable_server_hello()->set_static_(sealed_static);
  message.mutable_server_hello()->set_payload(Seal(keys.substr(kKeyBytes), hash, chain));
  return message.SerializeAsString();
}

std::string NoiseFrame(const std::string& payload) {
  std::string frame;
  for (const unsigned shift : {16U, 8U, 0U}) {
    frame.push_back(static_cast<char>(payload.size() >> shift));
  }
  return frame + payload;
}

}  // namespace sightline::probe
