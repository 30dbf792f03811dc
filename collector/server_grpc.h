// The collector's gRPC servers: the public one with TLS, the operator's on a Unix socket, and one
// for operators elsewhere who show a certificate.
#ifndef SIGHTLINE_COLLECTOR_SERVER_GRPC_H_
#define SIGHTLINE_COLLECTOR_SERVER_GRPC_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "collector/board.h"
#include "collector/chronicle.h"
#include "collector/chronicle_loop.h"
#include "collector/enroll.h"
#include "collector/geo.h"
#include "collector/health.h"
#include "collector/own_certificate.h"
#include "collector/region_translations.h"
#include "collector/server_options.h"
#include "collector/session.h"
#include "collector/webhook/desk.h"
#include "collector/workers.h"

namespace sightline {

// What the services call. Owns nothing; everything outlives the server.
struct ServerParts {
  const SessionContext& session_context;
  const OwnCertificate& certificate;  // of the public listener
  Enrolment& enrolment;
  const Geo& geo;
  const RegionNames& regions;
  RegionTranslations& translations;
  const Board& board;
  const Chronicle& chronicle;
  ChronicleLoop& chronicle_loop;
  Workers& workers;  // for what may wait for the store
  Workers& readers;  // the same, of readers: however many ask, intake does not wait for them
  WebhookDesk& webhooks;
  Workers& testers;  // for what may wait for a receiver of webhooks
};

// Runs from Start until it is destroyed. Thread-safe.
class Server {
 public:
  // UNAVAILABLE when an address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const ServerParts& parts);
  // Ends open streams and waits for the last of them.
  virtual ~Server() = default;

  // Port of the public listener.
  virtual int port() const = 0;
  // Port of the operators' listener with client certificates; 0 when there is none.
  virtual int admin_port() const = 0;

  // What grpc.health.v1 says from now on of the services on the public port, and of the server as a
  // whole (""). Until then all are serving. Not after the destructor began.
  virtual void SetServing(const ServiceHealth& health) = 0;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SERVER_GRPC_H_
