#include "agent/ingest_client_grpc.h"

#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <mutex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/road.h"
#include "common/files.h"
#include "common/lifetime_grpc.h"
#include "common/peer_certificate_grpc.h"
#include "common/tls_policy.h"
#include "sightline/v1/ingest.grpc.pb.h"

namespace sightline::agent {
namespace {

constexpr const char kSystemRoots[] = "/etc/ssl/certs/ca-certificates.crt";
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;

absl::Status ToAbsl(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// The library says that a handshake failed, and the person who reads it what that means.
absl::Status ToAbslOfCall(const grpc::Status& status) {
  absl::Status result = ToAbsl(status);
  const bool handshake = absl::IsUnavailable(result) &&
                         absl::StrContains(absl::AsciiStrToLower(result.message()), "handshake");
  if (!handshake) return result;
  return absl::UnavailableError(
      absl::StrCat(result.message(),
                   "; a collector speaks TLS 1.3 and shows a certificate that the invite vouches "
                   "for: this is none, or somebody stands between"));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& address,
                                                       const IngestClientOptions& options) {
  RequireTls13();
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = options.roots_pem;
  if (ssl.pem_root_certs.empty()) {
    absl::StatusOr<std::string> roots = ReadSystemRoots();
    if (!roots.ok()) {
      return absl::FailedPreconditionError(absl::StrCat(
          roots.status().message(), "; the invite relies on the system's trust store"));
    }
    ssl.pem_root_certs = *std::move(roots);
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  // Bounds one attempt to connect; whether to try again is the uplink's decision.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(options.connect_timeout)));
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // A collector that means harm cannot make a lot of a little.
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
  const Road road = ParseRoad(address);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, road.proxy.empty() ? 0 : 1);
  if (!road.proxy.empty()) arguments.SetString(GRPC_ARG_HTTP_PROXY, road.proxy);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Otherwise an address that failed a moment ago would be refused without another try.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(road.address, grpc::SslCredentials(ssl), arguments);
}

class GrpcTransport : public Transport {
 public:
  explicit GrpcTransport(IngestClientOptions options) : options_(std::move(options)) {}

  absl::Status Run(const std::string& address, UplinkSession& session) override {
    // Only for the stream: between two of them the library's threads would wake once a second.
    const GrpcLifetime grpc;
    const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(address, options_);
    if (!channel.ok()) return channel.status();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + options_.call_timeout));
    {
      const std::lock_guard lock(mutex_);
      if (cancelled_) return absl::CancelledError("stopping");
      running_ = &context;
    }
    const absl::Status status = Exchange(*v1::Ingest::NewStub(*channel), context, session);
    const std::lock_guard lock(mutex_);
    running_ = nullptr;
    return status;
  }

  void Cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (running_ != nullptr) running_->TryCancel();
  }

 private:
  static absl::Status Exchange(v1::Ingest::Stub& stub, grpc::ClientContext& context,
                               UplinkSession& session) {
    const auto stream = stub.Submit(&context);
    v1::SubmitResponse response;
    bool bound = false;
    bool writable = true;
    while (session.state() == SessionState::kWaiting && stream->Read(&response)) {
      if (!bound) session.BindTo(PeerCertificateHash(context));
      bound = true;
      // After a failed write the collector's reason may still be on its way: read on.
      for (const v1::SubmitRequest& request : session.OnMessage(response)) {
        writable = writable && stream->Write(request);
      }
    }
    if (session.state() == SessionState::kDone) {
      stream->WritesDone();
      while (stream->Read(&response)) {
      }
    } else if (session.state() != SessionState::kWaiting) {
      context.TryCancel();
    }
    const absl::Status status = ToAbslOfCall(stream->Finish());
    if (status.ok() && session.state() == SessionState::kWaiting) {
      return absl::UnavailableError("the collector closed the stream");
    }
    return status;
  }

  const IngestClientOptions options_;
  std::mutex mutex_;
  grpc::ClientContext* running_ = nullptr;
  bool cancelled_ = false;
};

template <typename Request, typename Response>
absl::StatusOr<Response> CallOnce(
    const std::string& address, const IngestClientOptions& options, const Request& request,
    grpc::Status (v1::Ingest::Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
  const GrpcLifetime grpc;
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(address, options);
  if (!channel.ok()) return channel.status();
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + options.call_timeout));
  Response response;
  const grpc::Status status =
      (v1::Ingest::NewStub(*channel).get()->*method)(&context, request, &response);
  if (!status.ok()) return ToAbslOfCall(status);
  return response;
}

}  // namespace

void IgnoreProxyEnvironment() {
  // It goes before no_proxy; no host ends like this.
  setenv("no_grpc_proxy", "-", 1);
}

absl::StatusOr<v1::EnrollResponse> CallEnroll(const std::string& address,
                                              const IngestClientOptions& options,
                                              const v1::EnrollRequest& request) {
  return CallOnce(address, options, request, &v1::Ingest::Stub::Enroll);
}

absl::StatusOr<v1::RotateKeyResponse> CallRotateKey(const std::string& address,
                                                    const IngestClientOptions& options,
                                                    const v1::RotateKeyRequest& request) {
  return CallOnce(address, options, request, &v1::Ingest::Stub::RotateKey);
}

absl::StatusOr<v1::LeaveResponse> CallLeave(const std::string& address,
                                            const IngestClientOptions& options,
                                            const v1::LeaveRequest& request) {
  return CallOnce(address, options, request, &v1::Ingest::Stub::Leave);
}

absl::Status AskForChallenge(const std::string& address, const IngestClientOptions& options) {
  const GrpcLifetime grpc;
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(address, options);
  if (!channel.ok()) return channel.status();
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + options.call_timeout));
  const auto stream = v1::Ingest::NewStub(*channel)->Submit(&context);
  v1::SubmitResponse response;
  const bool answered = stream->Read(&response) && response.has_challenge();
  context.TryCancel();
  const grpc::Status status = stream->Finish();
  if (answered) return absl::OkStatus();
  if (status.ok() || status.error_code() == grpc::StatusCode::CANCELLED) {
    return absl::UnavailableError("the service did not begin as a collector does");
  }
  return ToAbslOfCall(status);
}

absl::StatusOr<std::string> ReadSystemRoots() {
  absl::StatusOr<std::string> roots = SystemFiles().Read(kSystemRoots);
  if (roots.ok()) return roots;
  return absl::FailedPreconditionError(
      absl::StrCat(roots.status().message(), "; install ca-certificates"));
}

std::unique_ptr<Transport> MakeGrpcTransport(IngestClientOptions options) {
  return std::make_unique<GrpcTransport>(std::move(options));
}

}  // namespace sightline::agent
