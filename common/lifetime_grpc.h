// Ends the gRPC library in good order.
#ifndef SIGHTLINE_COMMON_LIFETIME_GRPC_H_
#define SIGHTLINE_COMMON_LIFETIME_GRPC_H_

#include <grpc/grpc.h>

namespace sightline {

// Keeps the library initialised for as long as it lives. The last one to go waits until the
// library's threads have let go of everything; without that they would still be tidying up while
// the process exits. Make it before any channel or server, and not in a reaction of gRPC.
class GrpcLifetime {
 public:
  GrpcLifetime() { grpc_init(); }
  ~GrpcLifetime() { grpc_shutdown_blocking(); }
  GrpcLifetime(const GrpcLifetime&) = delete;
  GrpcLifetime& operator=(const GrpcLifetime&) = delete;
};

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_LIFETIME_GRPC_H_
