#include "tests/e2e/enrolled_agent_grpc.h"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "agent/enroll.h"
#include "agent/ingest_client_grpc.h"
#include "common/files.h"
#include "common/invite.h"
#include "common/peer_certificate_grpc.h"
#include "common/wire.h"
#include "sightline/v1/ingest.grpc.pb.h"

namespace sightline::e2e {
namespace {

agent::IngestClientOptions ClientOptions(const std::string& roots_pem) {
  agent::IngestClientOptions options;
  options.roots_pem = roots_pem;
  options.call_timeout = absl::FromChrono(kPatience);
  return options;
}

// Passes everything on and keeps the result of the first session.
class WatchedTransport : public agent::Transport {
 public:
  explicit WatchedTransport(agent::Transport& inner) : inner_(inner) {}
  absl::Status Run(const std::string& address, agent::UplinkSession& session) override {
    const absl::Status status = inner_.Run(address, session);
    if (!first_.has_value()) first_ = session.result();
    return status;
  }
  void Cancel() override { inner_.Cancel(); }
  // Once the uplink has stopped.
  const std::optional<agent::SessionResult>& first() const { return first_; }

 private:
  agent::Transport& inner_;
  std::optional<agent::SessionResult> first_;
};

}  // namespace

absl::Status EnrollCommand(LoopbackCollector& collector, const std::string& invite,
                           const std::string& region, const std::string& state_folder,
                           const Clock& clock) {
  agent::EnrollOptions options;
  options.invite = invite;
  options.region = region;
  options.state_folder = state_folder;
  options.accept = true;
  std::istringstream in;
  std::ostringstream out;
  const auto call = [&collector](const std::string& address, const std::string& roots_pem,
                                 const v1::EnrollRequest& request) {
    EXPECT_EQ(address, collector.address());
    return agent::CallEnroll(address, ClientOptions(roots_pem), request);
  };
  return agent::Enroll(options, SystemFiles(), clock, call, in, out);
}

EnrolledAgent::EnrolledAgent(LoopbackCollector& collector, const Clock& clock, std::string region)
    : clock_(clock), region_(std::move(region)) {
  const std::string path = temp_ / "state";
  const absl::Status enrolled = EnrollCommand(collector, collector.Invite(), region_, path, clock_);
  EXPECT_TRUE(enrolled.ok()) << enrolled;
  folder_.emplace(SystemFiles(), path);
  const agent::Identity identity = *folder_->LoadIdentity();
  key_ = *folder_->LoadKey();
  operator_key_ = *VerifyKey::FromRaw(identity.operator_public_key);
  plans_ = *agent::PlanKeeper::Load(*folder_, *operator_key_, clock_);
  sealer_ = std::make_unique<Sealer>(*key_, SealContext{identity.region, "0.1.0", RandomBytes(16)});
  agent::SpoolOptions options;
  options.folder = folder_->SpoolFolder();
  options.seal_tombstone = [this](const LostRange& lost) {
    return sealer_->SealTombstone(lost, plans_->version(), clock_.Now());
  };
  agent::SpoolRecovery recovery;
  spool_ = *agent::Spool::Open(SystemFiles(), std::move(options), &recovery);
}

void EnrolledAgent::SealRound() {
  const std::shared_ptr<const v1::Plan> plan = plans_->Current();
  std::vector<v1::Observation> observations;
  for (const v1::Target& target : plan->targets()) {
    for (const v1::Check& check : target.features(0).checks()) {
      v1::Observation& observation = observations.emplace_back();
      observation.set_check_id(check.check_id());
      v1::LayerVector& layers = *observation.mutable_layers();
      layers.set_dns(v1::LAYER_STATE_OK);
      layers.set_tcp(v1::LAYER_STATE_OK);
      layers.set_tls(v1::LAYER_STATE_OK);
      layers.set_http(v1::LAYER_STATE_OK);
      layers.set_app(v1::LAYER_STATE_OK);
    }
  }
  const absl::Time now = clock_.Now();
  Append(sealer_->Seal(spool_->totals().tail, {plan->version(), now, now, v1::Vantage()},
                       std::move(observations)));
}

void EnrolledAgent::Append(const SealedBatch& sealed) {
  const absl::Status status = spool_->Append(sealed);
  EXPECT_TRUE(status.ok()) << status;
}

Delivery EnrolledAgent::Deliver(const LoopbackCollector& collector,
                                std::unique_ptr<agent::Transport> transport) {
  if (transport == nullptr) {
    transport = agent::MakeGrpcTransport(ClientOptions(collector.roots_pem()));
  }
  WatchedTransport watched(*transport);
  agent::StatusBoard board(folder_->StatusPath(), agent::AgentStatus());
  agent::UplinkOptions options;
  options.collectors = {collector.address()};
  // One visit a call.
  options.retry_initial = options.retry_max = absl::Hours(1);
  options.refused_retry_initial = options.refused_retry_max = absl::Hours(1);
  agent::Uplink uplink({*key_, *spool_, *plans_, board, clock_, watched}, options);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (board.Get().collector_state == "idle" && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  uplink.Stop();
  EXPECT_TRUE(watched.first().has_value()) << "no visit within " << kPatience.count() << " s";
  return {watched.first().value_or(agent::SessionResult()), board.Get()};
}

absl::Status EnrolledAgent::EnrollAlsoAt(LoopbackCollector& collector) {
  const v1::Invite invite = *DecodeInvite(collector.Invite());
  v1::EnrollRequest request;
  request.set_token(invite.token());
  request.set_public_key(key_->public_key().raw());
  request.set_region(region_);
  request.set_proof(
      key_->Sign(kEnrollDomain, EnrollPayload(invite.token(), request.public_key(), region_)));
  return agent::CallEnroll(collector.address(), ClientOptions(collector.roots_pem()), request)
      .status();
}

std::string EnrolledAgent::ShortId() const { return absl::BytesToHexString(id().substr(0, 6)); }

absl::Status TamperingTransport::Run(const std::string&, agent::UplinkSession& session) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto stream = v1::Ingest::NewStub(channel_)->Submit(&context);
  const auto pass = [&](v1::SubmitResponse& response) {
    if (response.has_challenge()) session.BindTo(PeerCertificateHash(context));
    if (hooks_.to_agent && !hooks_.to_agent(response)) return false;
    for (v1::SubmitRequest& request : session.OnMessage(response)) {
      if (hooks_.to_collector && !hooks_.to_collector(request)) return false;
      stream->Write(request);
    }
    return true;
  };
  v1::SubmitResponse response;
  bool whole = true;
  while (whole && session.state() == agent::SessionState::kWaiting && stream->Read(&response)) {
    whole = pass(response);
  }
  if (session.state() == agent::SessionState::kDone) {
    stream->WritesDone();
    while (stream->Read(&response)) {
    }
  } else {
    context.TryCancel();
  }
  const grpc::Status status = stream->Finish();
  if (whole) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("broken off: ", status.error_message()));
}

}  // namespace sightline::e2e
