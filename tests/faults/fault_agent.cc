#include "tests/faults/fault_agent.h"

#include <algorithm>
#include <mutex>
#include <sstream>
#include <utility>

#include "agent/enroll.h"
#include "agent/ingest_client_grpc.h"
#include "common/files.h"
#include "common/invite.h"
#include "tests/faults/blind_transport_grpc.h"

namespace sightline::faults {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(2);
constexpr absl::Duration kStreamTimeout = absl::Seconds(5);
constexpr absl::Duration kRetryInitial = absl::Milliseconds(20);
constexpr absl::Duration kRetryMax = absl::Milliseconds(250);
constexpr absl::Duration kLateMax = absl::Seconds(20);
constexpr double kLate = 0.05;
constexpr size_t kSmallSegment = 1024;
constexpr int kRoundsSmall = 4;
constexpr size_t kWaitingMax = 100;
constexpr size_t kChecksMin = 2;

agent::IngestClientOptions ClientOptions(const std::string& roots_pem) {
  agent::IngestClientOptions options;
  options.roots_pem = roots_pem;
  options.connect_timeout = kConnectTimeout;
  options.call_timeout = kStreamTimeout;
  return options;
}

// Takes one of the addresses by chance, so that an agent is now with one collector, now with
// another, and its old stream may still live at the first.
class HoppingTransport : public agent::Transport {
 public:
  HoppingTransport(agent::Transport& inner, std::vector<std::string> addresses, uint64_t seed)
      : inner_(inner), addresses_(std::move(addresses)), random_(seed) {}
  absl::Status Run(const std::string&, agent::UplinkSession& session) override {
    std::uniform_int_distribution<size_t> any(0, addresses_.size() - 1);
    return inner_.Run(addresses_[any(random_)], session);
  }
  void Cancel() override { inner_.Cancel(); }

 private:
  agent::Transport& inner_;
  const std::vector<std::string> addresses_;
  std::mt19937_64 random_;  // the uplink's thread only
};

}  // namespace

FaultAgent::FaultAgent(FaultAgentOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      random_(options_.seed),
      folder_(SystemFiles(), options_.state_folder) {}

FaultAgent::~FaultAgent() {
  if (uplink_ != nullptr) uplink_->Stop();
}

absl::StatusOr<std::unique_ptr<FaultAgent>> FaultAgent::Start(FaultAgentOptions options,
                                                              const Clock& clock) {
  std::unique_ptr<FaultAgent> agent(new FaultAgent(std::move(options), clock));
  absl::Status status = agent->EnrolOnce();
  if (status.ok()) status = agent->Open();
  if (!status.ok()) return status;
  return agent;
}

absl::Status FaultAgent::EnrolOnce() {
  if (folder_.LoadIdentity().ok()) return absl::OkStatus();
  absl::StatusOr<v1::Invite> invite = DecodeInvite(options_.invite);
  if (!invite.ok()) return invite.status();
  invite->mutable_collectors()->Assign(options_.addresses.begin(), options_.addresses.end());
  agent::EnrollOptions enroll;
  enroll.invite = EncodeInvite(*invite);
  enroll.region = options_.region;
  enroll.state_folder = options_.state_folder;
  enroll.accept = true;
  std::istringstream in;
  std::ostringstream out;
  const auto call = [](const std::string& address, const std::string& roots_pem,
                       const v1::EnrollRequest& request) {
    return agent::CallEnroll(address, ClientOptions(roots_pem), request);
  };
  return agent::Enroll(enroll, SystemFiles(), clock_, call, in, out);
}

absl::Status FaultAgent::Open() {
  absl::StatusOr<agent::Identity> identity = folder_.LoadIdentity();
  if (!identity.ok()) return identity.status();
  identity_ = *std::move(identity);
  absl::StatusOr<SigningKey> key = folder_.LoadKey();
  if (!key.ok()) return key.status();
  key_ = *std::move(key);
  absl::StatusOr<VerifyKey> operator_key = VerifyKey::FromRaw(identity_->operator_public_key);
  if (!operator_key.ok()) return operator_key.status();
  operator_key_ = *std::move(operator_key);
  auto plans = agent::PlanKeeper::Load(folder_, *operator_key_, clock_);
  if (!plans.ok()) return plans.status();
  plans_ = *std::move(plans);
  sealer_ = std::make_unique<Sealer>(
      *key_, SealContext{identity_->region, SIGHTLINE_VERSION, RandomBytes(16)});
  agent::SpoolOptions spool;
  spool.folder = folder_.SpoolFolder();
  if (options_.small_spool) {
    spool.segment_bytes = kSmallSegment;
    spool.bytes_max = 16 * kSmallSegment;
  }
  spool.seal_tombstone = [this](const LostRange& lost) {
    return sealer_->SealTombstone(lost, plans_->version(), clock_.Now());
  };
  agent::SpoolRecovery recovery;
  auto opened = agent::Spool::Open(SystemFiles(), std::move(spool), &recovery);
  if (!opened.ok()) return opened.status();
  spool_ = *std::move(opened);
  board_ = std::make_unique<agent::StatusBoard>("", agent::AgentStatus());
  const agent::IngestClientOptions client = ClientOptions(identity_->collector_roots_pem);
  inner_ = options_.blind ? MakeBlindTransport(client.roots_pem, *spool_)
                          : agent::MakeGrpcTransport(client);
  transport_ = std::make_unique<HoppingTransport>(*inner_, options_.addresses, options_.seed);
  agent::UplinkOptions uplink;
  uplink.collectors = options_.addresses;
  uplink.retry_initial = uplink.refused_retry_initial = kRetryInitial;
  uplink.retry_max = uplink.refused_retry_max = kRetryMax;
  uplink.seed = options_.seed;
  uplink_ = std::make_unique<agent::Uplink>(
      agent::Uplink::Parts{*key_, *spool_, *plans_, *board_, clock_, *transport_}, uplink);
  return absl::OkStatus();
}

bool FaultAgent::Chance(double probability) {
  return std::bernoulli_distribution(probability)(random_);
}

std::vector<v1::Observation> FaultAgent::Observe(const v1::Plan& plan) {
  std::vector<const v1::Check*> checks;
  for (const v1::Target& target : plan.targets()) {
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) checks.push_back(&check);
    }
  }
  std::shuffle(checks.begin(), checks.end(), random_);
  checks.resize(std::uniform_int_distribution<size_t>(kChecksMin, checks.size())(random_));
  std::vector<v1::Observation> observations;
  for (const v1::Check* check : checks) {
    v1::Observation& observation = observations.emplace_back();
    observation.set_check_id(check->check_id());
    observation.set_duration_ms(std::uniform_int_distribution<uint32_t>(5, 900)(random_));
    v1::LayerVector& layers = *observation.mutable_layers();
    layers.set_dns(v1::LAYER_STATE_OK);
    layers.set_tcp(v1::LAYER_STATE_OK);
    if (identity_->role != v1::AGENT_ROLE_CONTROL && Chance(0.3)) {
      layers.set_tls(v1::LAYER_STATE_BLOCKED);
      layers.set_http(v1::LAYER_STATE_UNTESTED);
      layers.set_app(v1::LAYER_STATE_UNTESTED);
      observation.set_failure("connection_reset");
      observation.set_failed_operation("tls_handshake");
    } else {
      layers.set_tls(v1::LAYER_STATE_OK);
      layers.set_http(v1::LAYER_STATE_OK);
      layers.set_app(v1::LAYER_STATE_OK);
    }
  }
  return observations;
}

absl::Status FaultAgent::Seal() {
  // A machine that cannot keep up must not collect work without end.
  if (!options_.small_spool && spool_->totals().batches >= kWaitingMax) return absl::OkStatus();
  // So that outages of a second fill a small spool.
  absl::Status status;
  for (int i = 0; status.ok() && i < (options_.small_spool ? kRoundsSmall : 1); ++i) {
    status = SealRound();
  }
  return status;
}

absl::Status FaultAgent::SealRound() {
  const std::shared_ptr<const v1::Plan> plan = plans_->Current();
  const absl::Time now = clock_.Now();
  absl::Time round_time = now;
  if (Chance(kLate)) round_time -= kLateMax * std::uniform_real_distribution<double>()(random_);
  const absl::Status status = spool_->Append(sealer_->Seal(
      spool_->totals().tail, {plan->version(), round_time, now, v1::Vantage()}, Observe(*plan)));
  if (status.ok()) uplink_->Wake();
  return status;
}

void FaultAgent::Wake() { uplink_->Wake(); }

FaultAgentReport FaultAgent::Report() const {
  const agent::SpoolTotals totals = spool_->totals();
  const agent::AgentStatus status = board_->Get();
  FaultAgentReport report;
  report.agent_id = identity_->agent_id;
  report.region = identity_->region;
  report.sealed_seq = totals.tail.seq;
  report.head = totals.tail.head;
  report.waiting = totals.batches;
  report.lost = totals.lost.batches;
  report.state = status.collector_state;
  report.detail = status.last_refusal.empty() ? status.collector_detail : status.last_refusal;
  return report;
}

}  // namespace sightline::faults
