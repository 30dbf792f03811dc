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
#include "collector/directory.h"
#include "collector/ingest_grpc.h"
#include "collector/log.h"
#include "collector/notes.h"
#include "collector/server_credentials_grpc.h"
#include "collector/status_grpc.h"
#include "collector/summaries_grpc.h"
#include "collector/webhook_grpc.h"
#include "common/wire.h"
#include "sightline/v1/admin.grpc.pb.h"

namespace sightline {
namespace {

constexpr int kMessageBytesMax = kBatchBytesMax + 16 * 1024;
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
void LimitPeers(grpc::ServerBuilder& builder, size_t streams_max) {
  builder.SetResourceQuota(
      grpc::ResourceQuota("public").Resize(kQuotaBytes + streams_max * kQuotaBytesPerStream));
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
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
  for (const auto& [name, value] : limits) builder.AddChannelArgument(name, value);
}

class AdminService final : public WebhookService {
 public:
  explicit AdminService(const ServerParts& parts) : WebhookService(parts), parts_(parts) {}

  grpc::ServerUnaryReactor* CreateInvites(grpc::CallbackServerContext* context,
                                          const v1::CreateInvitesRequest* request,
                                          v1::CreateInvitesResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const bool posted = parts_.workers.TryPost([this, request, response, reactor] {
      FinishWith(reactor, parts_.enrolment.CreateInvites(*request), response);
    });
    if (!posted) reactor->Finish(TooBusy());
    return reactor;
  }

  grpc::ServerUnaryReactor* PublishPlan(grpc::CallbackServerContext* context,
                                        const v1::PublishPlanRequest* request,
                                        v1::PublishPlanResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const bool posted = parts_.workers.TryPost([this, request, response, reactor] {
      const absl::StatusOr<uint64_t> version =
          parts_.session_context.plans.Publish(request->plan());
      if (version.ok()) {
        response->set_version(*version);
        Log(LogLevel::kInfo, "admin", "plan_published", {{"version", *version}});
      } else {
        Log(LogLevel::kWarn, "admin", "plan_refused", {{"detail", version.status().message()}});
      }
      reactor->Finish(ToGrpc(version.status()));
    });
    if (!posted) reactor->Finish(TooBusy());
    return reactor;
  }

  grpc::ServerUnaryReactor* ListAgents(grpc::CallbackServerContext* context,
                                       const v1::ListAgentsRequest* request,
                                       v1::ListAgentsResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const bool posted = parts_.workers.TryPost([this, request, response, reactor] {
      FinishWith(reactor, sightline::ListAgents(parts_.session_context.store, *request), response);
    });
    if (!posted) reactor->Finish(TooBusy());
    return reactor;
  }

  grpc::ServerUnaryReactor* CreateAnnotation(grpc::CallbackServerContext* context,
                                             const v1::CreateAnnotationRequest* request,
                                             v1::CreateAnnotationResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const bool posted = parts_.workers.TryPost([this, request, response, reactor] {
      const auto plan = parts_.session_context.plans.Current();
      absl::StatusOr<v1::Annotation> note =
          absl::FailedPreconditionError("there is no plan yet; publish one first");
      if (plan != nullptr) {
        note = sightline::CreateAnnotation(parts_.session_context.store, plan->plan, *request,
                                           parts_.session_context.clock.Now());
      }
      if (note.ok()) *response->mutable_annotation() = *std::move(note);
      reactor->Finish(ToGrpc(note.status()));
    });
    if (!posted) reactor->Finish(TooBusy());
    return reactor;
  }

  grpc::ServerUnaryReactor* DeleteAnnotation(grpc::CallbackServerContext* context,
                                             const v1::DeleteAnnotationRequest* request,
                                             v1::DeleteAnnotationResponse* /*response*/) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const bool posted = parts_.workers.TryPost([this, request, reactor] {
      reactor->Finish(ToGrpc(sightline::DeleteAnnotation(parts_.session_context.store, *request)));
    });
    if (!posted) reactor->Finish(TooBusy());
    return reactor;
  }

 private:
  const ServerParts parts_;
};

class GrpcServer final : public Server {
 public:
  explicit GrpcServer(const ServerParts& parts)
      : ingest_(parts), summaries_(parts), admin_(parts), credentials_(parts.certificate) {}
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  ~GrpcServer() override {
    const auto deadline = std::chrono::system_clock::now() + kShutdownGrace;
    if (public_server_ != nullptr) public_server_->Shutdown(deadline);
    if (admin_server_ != nullptr) admin_server_->Shutdown(deadline);
    if (!admin_socket_.empty()) unlink(admin_socket_.c_str());
  }

  absl::Status StartPublic(const ServerOptions& options) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options.listen, credentials_.Make(), &port_);
    builder.RegisterService(&ingest_);
    builder.RegisterService(&summaries_);
    LimitPeers(builder, options.streams_max);
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

  int port() const override { return port_; }

  void SetServing(const ServiceHealth& health) override {
    SetServingOf(*public_server_, v1::Ingest::service_full_name(), health.ingest);
    SetServingOf(*public_server_, v1::Summaries::service_full_name(), health.summaries);
    SetServingOf(*public_server_, "", health.ingest && health.summaries);
  }

 private:
  IngestService ingest_;
  SummariesService summaries_;
  AdminService admin_;
  ServerCredentialsSource credentials_;
  std::unique_ptr<grpc::Server> public_server_;
  std::unique_ptr<grpc::Server> admin_server_;
  std::string admin_socket_;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const ServerParts& parts) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto server = std::make_unique<GrpcServer>(parts);
  absl::Status status = server->StartPublic(options);
  if (status.ok() && !options.admin_socket.empty()) status = server->StartAdmin(options);
  if (!status.ok()) return status;
  return server;
}

}  // namespace sightline
