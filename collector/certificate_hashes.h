// Which certificates hellos may be bound to: those that this collector shows and showed lately.
#ifndef SIGHTLINE_COLLECTOR_CERTIFICATE_HASHES_H_
#define SIGHTLINE_COLLECTOR_CERTIFICATE_HASHES_H_

#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sightline {

// A connection keeps the certificate that it began with, and gRPC does not say which one that was;
// so the ones before count, too. All were this collector's own. Thread-safe.
class CertificateHashes {
 public:
  // The oldest go first.
  static constexpr size_t kMax = 4;

  // From now on new connections show the certificate with that hash (SHA-256 of the DER form).
  void Add(absl::string_view hash);
  // The one in force first.
  std::vector<std::string> Get() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> hashes_;  // guarded by mutex_; the one in force first
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CERTIFICATE_HASHES_H_
