// What the gRPC library says about itself, in our log.
#ifndef SIGHTLINE_COLLECTOR_LOG_GRPC_H_
#define SIGHTLINE_COLLECTOR_LOG_GRPC_H_

namespace sightline {

// From now on the library's errors become events of part "grpc", without the addresses of peers;
// what is less than an error is dropped. Call it before the library is used.
void CatchGrpcLog();

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_LOG_GRPC_H_
