#ifndef SIGHTLINE_AGENT_PROBE_TRUST_H_
#define SIGHTLINE_AGENT_PROBE_TRUST_H_

// Whom TLS checks believe, and what they make of a chain that does not lead there.

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

// TLS client contexts by root set. Loading a trust store costs milliseconds and memory, so each is
// kept until Trim. Not thread-safe.
class TrustCache {
 public:
  // The context for a check of this plan: TLS 1.2 or newer, ALPN http/1.1, no session cache; a
  // handshake goes on past a bad chain, and VerifyFailure tells. Owned by the cache.
  // INVALID_ARGUMENT when the plan has no such root set or its PEM holds no certificate.
  absl::StatusOr<SSL_CTX*> Get(const v1::Plan& plan, absl::string_view root_set);

  // The context for a contrast, which asks only whether a TLS server answers: believes nobody, so
  // that VerifyFailure says what is wrong with any chain; no ALPN. Owned by the cache, which never
  // drops it. nullptr when memory ran out.
  SSL_CTX* Nobody();

  // Drops contexts that no root set of the plan needs. Call when no connection is open.
  void Trim(const v1::Plan& plan);

 private:
  // Keyed by content, so that a newer plan with the same roots finds them.
  absl::flat_hash_map<std::string, SslContext> contexts_;
  SslContext nobody_;
};

// Sets the name to send (unless it is an address) and to verify. Call before the handshake.
void ExpectHost(SSL* ssl, const std::string& host);

// After a completed handshake: empty when the chain leads to an expected root and names the
// expected host; else ssl_invalid_hostname, ssl_invalid_certificate or ssl_unknown_authority, in
// this order when several hold, so that a server of another name is told first.
absl::string_view VerifyFailure(SSL* ssl);

// SHA-256 of each certificate presented (DER), leaf first, at most 10.
std::vector<std::string> ChainSha256(SSL* ssl);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_TRUST_H_
