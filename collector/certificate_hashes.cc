#include "collector/certificate_hashes.h"

#include <algorithm>

namespace sightline {

void CertificateHashes::Add(absl::string_view hash) {
  const std::lock_guard lock(mutex_);
  hashes_.erase(std::remove(hashes_.begin(), hashes_.end(), hash), hashes_.end());
  hashes_.insert(hashes_.begin(), std::string(hash));
  if (hashes_.size() > kMax) hashes_.pop_back();
}

std::vector<std::string> CertificateHashes::Get() const {
  const std::lock_guard lock(mutex_);
  return hashes_;
}

}  // namespace sightline
