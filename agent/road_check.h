// Walks along a road to a collector and says how far it got. Nothing is handed in, and no name of
// the agent is told.
#ifndef SIGHTLINE_AGENT_ROAD_CHECK_H_
#define SIGHTLINE_AGENT_ROAD_CHECK_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace sightline::agent {

// In the order in which they come.
enum class RoadStage {
  kLookUp,       // The name of the collector, or of the proxy.
  kConnect,      // TCP, to either.
  kProxy,        // The proxy's answer to CONNECT.
  kHandshake,    // TLS 1.3.
  kCertificate,  // Whether it is the collector's.
  kAnswer,       // The service's first words.
  kDone,
};

struct RoadFacts {
  std::string road;
  // Where the walk ended, and why unless all is done.
  RoadStage stage = RoadStage::kLookUp;
  absl::Status status;
  absl::Duration connect_time;
  absl::Duration handshake_time;
  // Of the collector's certificate, once that was seen; and what OpenSSL says of the chain
  // (X509_V_ERR_...), 0 when it is good.
  std::optional<absl::Time> certificate_end;
  int certificate_error = 0;
};

struct RoadCheckOptions {
  // PEM certificates that the collector's chain must lead to.
  std::string roots_pem;
  // For each stage.
  absl::Duration timeout = absl::Seconds(8);
  // Whether the service answers along the road.
  std::function<absl::Status(const std::string& road)> ask;
};

// Blocks; connects once for TCP and TLS, and `ask` once more.
RoadFacts CheckRoad(const std::string& road, const RoadCheckOptions& options);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_ROAD_CHECK_H_
