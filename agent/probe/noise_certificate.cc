#include "agent/probe/noise_certificate.h"

#include <algorithm>
#include <string>

#include "agent/probe/noise_crypto.h"
#include "agent/probe/noise_messages.pb.h"
#include "agent/probe/xeddsa.h"

namespace sightline::probe {
namespace {

using noise::CertChain;
using Certificate = CertChain::NoiseCertificate;

constexpr uint32_t kRootSerial = 0;

// False when there is no certificate of the right shape.
bool Read(const Certificate& certificate, Certificate::Details* details) {
  return !certificate.details().empty() &&
         certificate.signature().size() == kXeddsaSignatureBytes &&
         details->ParseFromString(certificate.details()) &&
         details->key().size() == kX25519KeyBytes;
}

bool SignedBy(const Certificate& certificate, absl::string_view key) {
  return VerifyXeddsa(key, certificate.details(), certificate.signature());
}

absl::string_view DateFailure(const Certificate::Details& details, int64_t now_s) {
  const auto now = static_cast<uint64_t>(std::max<int64_t>(now_s, 0));
  if (now < details.not_before()) return kNoiseCertificateNotYetValid;
  if (now > details.not_after()) return kNoiseCertificateExpired;
  return {};
}

}  // namespace

NoiseVerdict VerifyNoiseChain(absl::string_view chain_bytes, absl::string_view static_key,
                              const std::vector<std::string>& root_keys, int64_t now_s) {
  NoiseVerdict verdict;
  CertChain chain;
  Certificate::Details intermediate;
  Certificate::Details leaf;
  if (!chain.ParseFromArray(chain_bytes.data(), static_cast<int>(chain_bytes.size())) ||
      !Read(chain.intermediate(), &intermediate) || !Read(chain.leaf(), &leaf)) {
    return verdict;
  }
  verdict.leaf_serial = leaf.serial();
  const bool rooted = std::any_of(root_keys.begin(), root_keys.end(), [&](const std::string& key) {
    return SignedBy(chain.intermediate(), key);
  });
  if (!rooted) {
    verdict.failure = kNoiseWrongRoot;
  } else if (!SignedBy(chain.leaf(), intermediate.key())) {
    verdict.failure = kNoiseBadLeafSignature;
  } else if (intermediate.issuer_serial() != kRootSerial ||
             leaf.issuer_serial() != intermediate.serial()) {
    verdict.failure = kNoiseSerialMismatch;
  } else if (leaf.key() != static_key) {
    verdict.failure = kNoiseWrongLeafKey;
  } else {
    verdict.failure = DateFailure(intermediate, now_s);
    if (verdict.verified()) verdict.failure = DateFailure(leaf, now_s);
  }
  return verdict;
}

}  // namespace sightline::probe
