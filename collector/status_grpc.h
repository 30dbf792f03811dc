// absl::Status to grpc::Status (the codes are the same numbers), and how calls end with one.
#ifndef SIGHTLINE_COLLECTOR_STATUS_GRPC_H_
#define SIGHTLINE_COLLECTOR_STATUS_GRPC_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sightline {

inline grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

// Moves a result into a response and finishes.
template <typename Response>
grpc::ServerUnaryReactor* FinishWith(grpc::ServerUnaryReactor* reactor,
                                     absl::StatusOr<Response> result, Response* response) {
  if (result.ok()) *response = *std::move(result);
  reactor->Finish(ToGrpc(result.status()));
  return reactor;
}

// For a call that found too many others waiting.
inline grpc::Status TooBusy() {
  return ToGrpc(absl::ResourceExhaustedError("the collector is busy; try again later"));
}

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STATUS_GRPC_H_
