// The agent's side of the Ingest service over gRPC and TLS. A connection exists only during a call.
// Where an address is asked for, a road is taken (road.h). TLS goes through a proxy as it is: the
// proxy sees the collector's address and nothing more.
#ifndef SIGHTLINE_AGENT_INGEST_CLIENT_GRPC_H_
#define SIGHTLINE_AGENT_INGEST_CLIENT_GRPC_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/uplink.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline::agent {

struct IngestClientOptions {
  // PEM certificates that the collector's chain must lead to; empty: the system's trust store. The
  // chain must name the host of the address.
  std::string roots_pem;
  absl::Duration connect_timeout = absl::Seconds(10);
  // Longest time for one stream or call; what a stream leaves behind goes with the next one.
  absl::Duration call_timeout = absl::Minutes(2);
};

// From now on the environment's no_proxy keeps no connection from the proxy of its road; other
// variables for proxies are never looked at. Call it in main, while there is one thread.
void IgnoreProxyEnvironment();

// Each calls its method once. The status is the collector's, or UNAVAILABLE or DEADLINE_EXCEEDED.
absl::StatusOr<v1::EnrollResponse> CallEnroll(const std::string& address,
                                              const IngestClientOptions& options,
                                              const v1::EnrollRequest& request);
absl::StatusOr<v1::RotateKeyResponse> CallRotateKey(const std::string& address,
                                                    const IngestClientOptions& options,
                                                    const v1::RotateKeyRequest& request);
absl::StatusOr<v1::LeaveResponse> CallLeave(const std::string& address,
                                            const IngestClientOptions& options,
                                            const v1::LeaveRequest& request);

// Waits for the first words of Submit, which come before this agent says anything, and leaves: so
// nothing is handed in and no name is told. Otherwise as above.
absl::Status AskForChallenge(const std::string& address, const IngestClientOptions& options);

// The system's trust store as PEM; FAILED_PRECONDITION says what to install.
absl::StatusOr<std::string> ReadSystemRoots();

std::unique_ptr<Transport> MakeGrpcTransport(IngestClientOptions options);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_INGEST_CLIENT_GRPC_H_
