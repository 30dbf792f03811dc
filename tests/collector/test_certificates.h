// What sessions without TLS take hellos for: the certificate that TestAgent says it saw.
#ifndef SIGHTLINE_TESTS_COLLECTOR_TEST_CERTIFICATES_H_
#define SIGHTLINE_TESTS_COLLECTOR_TEST_CERTIFICATES_H_

#include "collector/certificate_hashes.h"
#include "tests/collector/test_agent.h"

namespace sightline {

inline const CertificateHashes& TestCertificates() {
  static const CertificateHashes* const kHashes = [] {
    auto* hashes = new CertificateHashes;
    hashes->Add(TestCertificateHash());
    return hashes;
  }();
  return *kHashes;
}

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_TEST_CERTIFICATES_H_
