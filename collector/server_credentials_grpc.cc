#include "collector/server_credentials_grpc.h"

#include <grpc/grpc.h>

#include <string>

#include "common/tls_policy.h"

namespace sightline {
namespace {

// Owns credentials of the core.
class CoreCredentials final : public grpc::ServerCredentials {
 public:
  explicit CoreCredentials(grpc_server_credentials* credentials) : credentials_(credentials) {}
  CoreCredentials(const CoreCredentials&) = delete;
  CoreCredentials& operator=(const CoreCredentials&) = delete;
  ~CoreCredentials() override { grpc_server_credentials_release(credentials_); }

  // Peers show no credentials of their own here.
  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> ServerCredentialsSource::Make() {
  RequireTls13();
  grpc_ssl_server_credentials_options* const options =
      grpc_ssl_server_credentials_create_options_using_config_fetcher(
          client_ca_pem_.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                 : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
          &Fetch, this);
  return std::make_shared<CoreCredentials>(
      grpc_ssl_server_credentials_create_with_options(options));
}

grpc_ssl_certificate_config_reload_status ServerCredentialsSource::Fetch(
    void* self, grpc_ssl_server_certificate_config** config) {
  ServerCredentialsSource& source = *static_cast<ServerCredentialsSource*>(self);
  const std::shared_ptr<const CertificatePair> current = source.certificate_.Current();
  const std::lock_guard lock(source.mutex_);
  if (current == source.shown_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair{current->key_pem.c_str(), current->certificate_pem.c_str()};
  // gRPC 1.51 insists on roots for clients' certificates here, also when none is asked for.
  const std::string& roots =
      source.client_ca_pem_.empty() ? current->certificate_pem : source.client_ca_pem_;
  *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
  source.shown_ = current;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace sightline
