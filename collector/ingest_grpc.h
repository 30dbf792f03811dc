// The Ingest service: adapters between gRPC and Session and Registrar. Decides nothing.
#ifndef SIGHTLINE_COLLECTOR_INGEST_GRPC_H_
#define SIGHTLINE_COLLECTOR_INGEST_GRPC_H_

#include <utility>

#include "collector/registrar.h"
#include "collector/server_grpc.h"
#include "sightline/v1/ingest.grpc.pb.h"

namespace sightline {

class IngestService final : public v1::Ingest::CallbackService {
 public:
  IngestService(ServerParts parts, Registrar& registrar)
      : parts_(std::move(parts)), registrar_(registrar) {}

  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context,
                                   const v1::EnrollRequest* request,
                                   v1::EnrollResponse* response) override;
  grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitResponse>* Submit(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* RotateKey(grpc::CallbackServerContext* context,
                                      const v1::RotateKeyRequest* request,
                                      v1::RotateKeyResponse* response) override;
  grpc::ServerUnaryReactor* Leave(grpc::CallbackServerContext* context,
                                  const v1::LeaveRequest* request,
                                  v1::LeaveResponse* response) override;

 private:
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Answer(RegistryCall call, grpc::CallbackServerContext* context,
                                   absl::StatusOr<Response> (Registrar::*answer)(const Request&,
                                                                                 const Origin&),
                                   const Request* request, Response* response);

  const ServerParts parts_;
  Registrar& registrar_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_INGEST_GRPC_H_
