// absl::Status to grpc::Status: the codes are the same numbers.
#ifndef SIGHTLINE_COLLECTOR_STATUS_GRPC_H_
#define SIGHTLINE_COLLECTOR_STATUS_GRPC_H_

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace sightline {

inline grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

// For a call that found too many others waiting.
inline grpc::Status TooBusy() {
  return ToGrpc(absl::ResourceExhaustedError("the collector is busy; try again later"));
}

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STATUS_GRPC_H_
