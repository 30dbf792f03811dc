#include "collector/server_grpc.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/admin_grpc.h"
#include "collector/admin_log.h"
#include "collector/agent_desk.h"
#include "collector/ingest_grpc.h"
#include "collector/registrar.h"
#include "collector/server_credentials_grpc.h"
#include "collector/summaries_grpc.h"
#include "common/plan.h"
#include "common/wire.h"
#include "sightline/v1/admin.grpc.pb.h"

namespace sightline {
namespace {

constexpr int kMessageBytesMax = kBatchBytesMax + 16 * 1024;
// A plan is the largest that operators send.
constexpr int kAdminMessageBytesMax = kPlanBytesMax + 16 * 1024;
constexpr size_t kAdminStreamsMax = 64;
constexpr int kMetadataBytesMax = 8 * 1024;
constexpr int kStreamsPerConnectionMax = 64;
constexpr int kFrameBytesMax = 16 * 1024;
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
// Agents ping every 20 s at most while a stream is open, and never otherwise.
constexpr int kPingIntervalMinMs = 10'000;
constexpr int kPingStrikesMax = 2;
// A connection that carries no stream: an agent opens one at once.
constexpr int kIdleConnectionMs = 30'000;
constexpr int kHandshakeMs = 10'000;
// What gRPC may hold. It puts a whole message together before it looks at its size, so this alone
// bounds what peers that announce huge ones can take: beyond it gRPC ends idle connections and
// streams, of whomever. An idle stream takes little of it.
constexpr size_t kQuotaBytes = size_t{512} * 1024 * 1024;
constexpr size_t kQuotaBytesPerStream = size_t{16} * 1024;
constexpr std::chrono::seconds kShutdownGrace(2);

// The health service knows only the services that it was told of.
void SetServingOf(const grpc::Server& server, const std::string& service, bool serving) {
  server.GetHealthCheckService()->SetServingStatus(service, serving);
}

// Bounds what a peer can make gRPC itself do, whatever it sends.
void LimitPeers(grpc::ServerBuilder& builder, const char* quota, size_t streams_max,
                int message_bytes_max) {
  builder.SetResourceQuota(
      grpc::ResourceQuota(quota).Resize(kQuotaBytes + streams_max * kQuotaBytesPerStream));
  builder.SetMaxReceiveMessageSize(message_bytes_max);
  const std::pair<const char*, int> limits[] = {
      {GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax},
      {GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax},
      {GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kFrameBytesMax},
      {GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs},
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMinMs},
      {GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikesMax},
      {GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleConnectionMs},
      {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs},
  };
  // A message is as large as what came over the wire: nobody sends a little that becomes a lot.
  for (const grpc_compression_algorithm each : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(each, false);
  }
  for (const auto& [name, value] : limits) builder.AddChannelArgument(name, value);
}

class GrpcServer final : public Server {
 public:
  GrpcServer(const ServerOptions& options, const ServerParts& parts)
      : agents_(parts.session_context.store, parts.session_context.streams,
                parts.session_context.clock),
        registrar_(parts.enrolment, agents_, parts.session_context.metrics,
                   parts.session_context.clock, options.enrolments_per_block_max),
        admin_log_(parts.session_context.store, options.node, parts.session_context.clock,
                   parts.session_context.metrics),
        ingest_(parts, registrar_),
        summaries_(parts),
        admin_(parts, agents_, admin_log_),
        remote_admin_(parts, agents_, admin_log_),
        credentials_(parts.certificate, ""),
        admin_credentials_(parts.certificate, options.admin_client_ca_pem) {}
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  ~GrpcServer() override {
    const auto deadline = std::chrono::system_clock::now() + kShutdownGrace;
    if (public_server_ != nullptr) public_server_->Shutdown(deadline);
    if (admin_server_ != nullptr) admin_server_->Shutdown(deadline);
    if (remote_admin_server_ != nullptr) remote_admin_server_->Shutdown(deadline);
    if (!admin_socket_.empty()) unlink(admin_socket_.c_str());
  }

  absl::Status StartPublic(const ServerOptions& options) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options.listen, credentials_.Make(), &port_);
    builder.RegisterService(&ingest_);
    builder.RegisterService(&summaries_);
    LimitPeers(builder, "public", options.streams_max, kMessageBytesMax);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    public_server_ = builder.BuildAndStart();
    if (public_server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", options.listen,
                       ": is the port in use, and is the address this machine's?"));
    }
    SetServing({});
    return absl::OkStatus();
  }

  absl::Status StartAdmin(const ServerOptions& options) {
    if (options.admin_socket.size() >= sizeof(sockaddr_un{}.sun_path)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the path of the admin socket is too long: ", options.admin_socket));
    }
    // A socket of a collector that was killed is in the way.
    unlink(options.admin_socket.c_str());
    const mode_t before = umask(0177);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat("unix:", options.admin_socket),
                             grpc::InsecureServerCredentials());
    builder.RegisterService(&admin_);
    admin_server_ = builder.BuildAndStart();
    umask(before);
    if (admin_server_ == nullptr) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on the admin socket ", options.admin_socket));
    }
    SetServingOf(*admin_server_, v1::Admin::service_full_name(), true);
    admin_socket_ = options.admin_socket;
    return absl::OkStatus();
  }

  // The operator's side for clients whose certificate leads to the operator's own CA: gRPC ends the
  // handshake with any other.
  absl::Status StartRemoteAdmin(const ServerOptions& options) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options.admin_listen, admin_credentials_.Make(), &admin_port_);
    builder.RegisterService(&remote_admin_);
    LimitPeers(builder, "admin", kAdminStreamsMax, kAdminMessageBytesMax);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    remote_admin_server_ = builder.BuildAndStart();
    if (remote_admin_server_ == nullptr || admin_port_ == 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", options.admin_listen,
                       " for operators: is the port in use, is the address this machine's, and are "
                       "certificates and key good?"));
    }
    SetServingOf(*remote_admin_server_, v1::Admin::service_full_name(), true);
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  int admin_port() const override { return admin_port_; }

  void SetServing(const ServiceHealth& health) override {
    SetServingOf(*public_server_, v1::Ingest::service_full_name(), health.ingest);
    SetServingOf(*public_server_, v1::Summaries::service_full_name(), health.summaries);
    SetServingOf(*public_server_, "", health.ingest && health.summaries);
  }

 private:
  AgentDesk agents_;
  Registrar registrar_;
  AdminLog admin_log_;
  IngestService ingest_;
  SummariesService summaries_;
  AdminService admin_;
  AdminService remote_admin_;
  ServerCredentialsSource credentials_;
  ServerCredentialsSource admin_credentials_;
  std::unique_ptr<grpc::Server> public_server_;
  std::unique_ptr<grpc::Server> admin_server_;
  std::unique_ptr<grpc::Server> remote_admin_server_;
  std::string admin_socket_;
  int port_ = 0;
  int admin_port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const ServerParts& parts) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto server = std::make_unique<GrpcServer>(options, parts);
  absl::Status status = server->StartPublic(options);
  if (status.ok() && !options.admin_socket.empty()) status = server->StartAdmin(options);
  if (status.ok() && !options.admin_listen.empty()) status = server->StartRemoteAdmin(options);
  if (!status.ok()) return status;
  return server;
}

}  // namespace sightline
