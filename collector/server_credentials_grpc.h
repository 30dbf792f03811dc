// TLS credentials of a listener whose certificate may change while it listens.
#ifndef SIGHTLINE_COLLECTOR_SERVER_CREDENTIALS_GRPC_H_
#define SIGHTLINE_COLLECTOR_SERVER_CREDENTIALS_GRPC_H_

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "collector/own_certificate.h"

namespace sightline {

// Every new connection is shown the certificate that is in force then; open ones keep theirs.
// Speaks TLS 1.3 only. For one listener; must outlive its server.
//
// By the core's certificate fetcher, which the C++ API of gRPC 1.51 does not name.
// FileWatcherCertificateProvider would read the files itself; here a pair is checked before it is
// shown, and what hellos are bound to changes with it.
class ServerCredentialsSource {
 public:
  // `certificate` outlives it and has a pair. Clients must show a certificate that leads to one of
  // `client_ca_pem`, unless that is empty.
  ServerCredentialsSource(const OwnCertificate& certificate, std::string client_ca_pem)
      : certificate_(certificate), client_ca_pem_(std::move(client_ca_pem)) {}
  ServerCredentialsSource(const ServerCredentialsSource&) = delete;
  ServerCredentialsSource& operator=(const ServerCredentialsSource&) = delete;

  std::shared_ptr<grpc::ServerCredentials> Make();

 private:
  // What gRPC calls at each handshake; `self` is this object.
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config);

  const OwnCertificate& certificate_;
  const std::string client_ca_pem_;
  std::mutex mutex_;
  std::shared_ptr<const CertificatePair> shown_;  // guarded by mutex_; what gRPC has
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SERVER_CREDENTIALS_GRPC_H_
