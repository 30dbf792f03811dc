#ifndef SIGHTLINE_TESTS_AGENT_PROBE_CERTIFICATES_H_
#define SIGHTLINE_TESTS_AGENT_PROBE_CERTIFICATES_H_

// Certificates made on the spot, named by their defect where they have one.

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace sightline::probe {

// A certificate with its key; P-256.
struct Identity {
  std::shared_ptr<X509> certificate;
  std::shared_ptr<EVP_PKEY> key;
};

Identity MakeRoot(const std::string& name);
// Valid from `from_days` to `to_days` after now.
Identity MakeLeaf(const Identity& root, const std::string& host, int from_days = -1,
                  int to_days = 30);
std::string ToPem(const X509& certificate);
std::string Sha256Of(const X509& certificate);

}  // namespace sightline::probe

#endif  // SIGHTLINE_TESTS_AGENT_PROBE_CERTIFICATES_H_
