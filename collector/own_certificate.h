// The certificate that the public listener shows, and how a new one takes its place while streams
// are open.
#ifndef SIGHTLINE_COLLECTOR_OWN_CERTIFICATE_H_
#define SIGHTLINE_COLLECTOR_OWN_CERTIFICATE_H_

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/certificate_hashes.h"

namespace sightline {

// Where certificate and key are.
struct CertificateFiles {
  std::string certificate_path;  // chain, leaf first, PEM
  std::string key_path;          // PEM; nobody but its owner may read it
};

// What was read there.
struct CertificatePair {
  std::string certificate_pem;
  std::string key_pem;
};

// Errors begin with the flag that named the file. FAILED_PRECONDITION when others may read the key.
absl::StatusOr<CertificatePair> ReadCertificatePair(const CertificateFiles& files);

// Thread-safe.
class OwnCertificate {
 public:
  // Shows `pair` to connections from now on. INVALID_ARGUMENT when it is no certificate or the key
  // is another one's; the one before stays.
  absl::Status Install(CertificatePair pair);

  // The pair in force, unchanged for as long as the caller holds it; nullptr before the first.
  std::shared_ptr<const CertificatePair> Current() const;
  // When the certificate in force expires; the infinite past before the first.
  absl::Time expire_time() const;
  // What hellos may be bound to.
  const CertificateHashes& hashes() const { return hashes_; }

 private:
  CertificateHashes hashes_;
  mutable std::mutex mutex_;
  std::shared_ptr<const CertificatePair> current_;  // guarded by mutex_
  absl::Time expire_time_ = absl::InfinitePast();   // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_OWN_CERTIFICATE_H_
