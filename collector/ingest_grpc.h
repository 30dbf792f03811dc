// The Ingest service: adapters between gRPC and Session and Enrolment. Decides nothing.
#ifndef SIGHTLINE_COLLECTOR_INGEST_GRPC_H_
#define SIGHTLINE_COLLECTOR_INGEST_GRPC_H_

#include <utility>

#include "collector/server_grpc.h"
#include "sightline/v1/ingest.grpc.pb.h"

namespace sightline {

class IngestService final : public v1::Ingest::CallbackService {
 public:
  explicit IngestService(ServerParts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context,
                                   const v1::EnrollRequest* request,
                                   v1::EnrollResponse* response) override;
  grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitResponse>* Submit(
      grpc::CallbackServerContext* context) override;

 private:
  const ServerParts parts_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_INGEST_GRPC_H_
