// What a TLS certificate says of itself, and whether a key belongs to it. By OpenSSL.
#ifndef SIGHTLINE_COMMON_CERTIFICATE_H_
#define SIGHTLINE_COMMON_CERTIFICATE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sightline {

struct CertificateFacts {
  // SHA-256 of the DER form, 32 bytes: what Hello.signature covers.
  std::string hash;
  absl::Time expire_time;
};

// Of the first certificate in a PEM text, which is the one that a server shows. INVALID_ARGUMENT
// when the text does not begin with one.
absl::StatusOr<CertificateFacts> ReadCertificate(absl::string_view pem);

// OK when the private key is that of the first certificate. INVALID_ARGUMENT otherwise, also for a
// key behind a password: nobody is there to type it.
absl::Status CheckKeyFits(absl::string_view certificate_pem, absl::string_view key_pem);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_CERTIFICATE_H_
