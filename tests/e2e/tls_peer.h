// Peers that speak bare TLS, for what gRPC cannot be told to do: another version, and a relay that
// shows a certificate of its own.
#ifndef SIGHTLINE_TESTS_E2E_TLS_PEER_H_
#define SIGHTLINE_TESTS_E2E_TLS_PEER_H_

#include <memory>
#include <string>

#include "tests/agent/test_certificate.h"

namespace sightline::e2e {

// What became of one handshake.
struct TlsHandshake {
  bool ok = false;
  std::string version;           // such as "TLSv1.3"
  std::string cipher;            // such as "TLS_AES_256_GCM_SHA384"
  std::string certificate_hash;  // of the server's, SHA-256 of the DER form
  std::string error;             // OpenSSL's words
};

// Shakes hands with 127.0.0.1:`port` as a client that speaks `version` (an OpenSSL constant such as
// TLS1_2_VERSION) and no other, checks no certificate, and hangs up.
TlsHandshake ShakeHands(int port, int version);

// Takes connections on a free port of 127.0.0.1, one after the other, until it is destroyed.
class TlsListener {
 public:
  // Speaks `version` and no other; says nothing after the handshake.
  static std::unique_ptr<TlsListener> Silent(const agent::TestCertificate& shown, int version);
  // Passes every byte on to 127.0.0.1:`target_port` and back, under TLS 1.3 at both sides.
  static std::unique_ptr<TlsListener> Relay(const agent::TestCertificate& shown, int target_port);
  virtual ~TlsListener() = default;

  virtual int port() const = 0;
  // How many handshakes were good, of clients.
  virtual int connections() const = 0;
};

}  // namespace sightline::e2e

#endif  // SIGHTLINE_TESTS_E2E_TLS_PEER_H_
