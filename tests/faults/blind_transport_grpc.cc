#include "tests/faults/blind_transport_grpc.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "common/lifetime_grpc.h"
#include "common/peer_certificate_grpc.h"
#include "sightline/v1/ingest.grpc.pb.h"

namespace sightline::faults {
namespace {

constexpr std::chrono::seconds kStreamTimeout(5);

class BlindTransport : public agent::Transport {
 public:
  BlindTransport(std::string roots_pem, const agent::Spool& spool)
      : roots_pem_(std::move(roots_pem)), spool_(spool) {}

  absl::Status Run(const std::string& address, agent::UplinkSession& session) override {
    const GrpcLifetime grpc;
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = roots_pem_;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = grpc::CreateCustomChannel(address, grpc::SslCredentials(tls), arguments);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kStreamTimeout);
    const auto stream = v1::Ingest::NewStub(channel)->Submit(&context);
    v1::SubmitResponse response;
    while (session.state() == agent::SessionState::kWaiting && stream->Read(&response)) {
      if (response.has_challenge()) session.BindTo(PeerCertificateHash(context));
      if (response.has_welcome()) {
        const ChainPoint acked = spool_.totals().acked;
        response.mutable_welcome()->set_last_seq(acked.seq);
        response.mutable_welcome()->set_head(acked.head);
      }
      for (const v1::SubmitRequest& request : session.OnMessage(response)) stream->Write(request);
    }
    context.TryCancel();
    stream->Finish();
    if (session.state() != agent::SessionState::kWaiting) return absl::OkStatus();
    return absl::UnavailableError("the stream broke");
  }

  // Every stream is bounded in time.
  void Cancel() override {}

 private:
  const std::string roots_pem_;
  const agent::Spool& spool_;
};

}  // namespace

std::unique_ptr<agent::Transport> MakeBlindTransport(std::string roots_pem,
                                                     const agent::Spool& spool) {
  return std::make_unique<BlindTransport>(std::move(roots_pem), spool);
}

}  // namespace sightline::faults
