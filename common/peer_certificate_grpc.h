// What a client of gRPC binds its hello to: the certificate that the server showed.
#ifndef SIGHTLINE_COMMON_PEER_CERTIFICATE_GRPC_H_
#define SIGHTLINE_COMMON_PEER_CERTIFICATE_GRPC_H_

#include <grpc/grpc_security_constants.h>
#include <grpcpp/grpcpp.h>

#include <string>
#include <vector>

#include "common/certificate.h"

namespace sightline {

// SHA-256 (32 bytes) of the DER form of the certificate that the server showed on the connection
// of the call. Call it once something of the server has come in; before that, and on a connection
// without TLS, the result is empty.
inline std::string PeerCertificateHash(const grpc::ClientContext& call) {
  const auto peer = call.auth_context();
  if (peer == nullptr) return "";
  const std::vector<grpc::string_ref> pem =
      peer->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pem.empty()) return "";
  absl::StatusOr<CertificateFacts> facts =
      ReadCertificate(absl::string_view(pem[0].data(), pem[0].size()));
  return facts.ok() ? std::move(facts->hash) : "";
}

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_PEER_CERTIFICATE_GRPC_H_
