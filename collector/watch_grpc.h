// Carries one WatchSummaries stream.
#ifndef SIGHTLINE_COLLECTOR_WATCH_GRPC_H_
#define SIGHTLINE_COLLECTOR_WATCH_GRPC_H_

#include <grpcpp/grpcpp.h>

#include "collector/server_grpc.h"
#include "sightline/v1/change.pb.h"

namespace sightline {

// The reactor of a new stream; it deletes itself when the stream is over. `parts` and `request`
// outlive it.
grpc::ServerWriteReactor<v1::WatchSummariesResponse>* StartWatch(
    grpc::CallbackServerContext* context, const ServerParts& parts,
    const v1::WatchSummariesRequest& request);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WATCH_GRPC_H_
