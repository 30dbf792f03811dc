// An agent in the process of the test: its own parts from the state folder to the transport. Only
// the results of its checks are made up.
#ifndef SIGHTLINE_TESTS_E2E_ENROLLED_AGENT_GRPC_H_
#define SIGHTLINE_TESTS_E2E_ENROLLED_AGENT_GRPC_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "agent/plan_keeper.h"
#include "agent/spool.h"
#include "agent/state.h"
#include "agent/status_board.h"
#include "agent/uplink.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/seal.h"
#include "tests/common/temp_folder.h"
#include "tests/e2e/loopback_collector_grpc.h"

namespace sightline::e2e {

// What one visit to a collector came to, as the agent has it.
struct Delivery {
  agent::SessionResult session;
  agent::AgentStatus status;  // what `sightline-agent status` shows
};

// An agent that enrolled for real and has its state on the disk.
class EnrolledAgent {
 public:
  EnrolledAgent(LoopbackCollector& collector, const Clock& clock, std::string region = "CN-BJ");

  // Probes nothing, but seals a round in which every check of the plan worked.
  void SealRound();
  void Append(const SealedBatch& sealed);

  // Runs the uplink until it has visited `collector` once. By default over the agent's own
  // transport.
  Delivery Deliver(const LoopbackCollector& collector,
                   std::unique_ptr<agent::Transport> transport = nullptr);

  // Makes the same key an agent of another collector, too.
  absl::Status EnrollAlsoAt(LoopbackCollector& collector);

  const SigningKey& key() const { return *key_; }
  std::string id() const { return key_->public_key().Id(); }
  // As logs write it.
  std::string ShortId() const;
  const Sealer& sealer() const { return *sealer_; }
  agent::Spool& spool() { return *spool_; }
  agent::PlanKeeper& plans() { return *plans_; }

 private:
  TempFolder temp_;
  const Clock& clock_;
  const std::string region_;
  std::optional<agent::StateFolder> folder_;
  std::optional<SigningKey> key_;
  std::optional<VerifyKey> operator_key_;
  std::unique_ptr<agent::PlanKeeper> plans_;
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<agent::Spool> spool_;
};

// Enrols in `state_folder` as the command does.
absl::Status EnrollCommand(LoopbackCollector& collector, const std::string& invite,
                           const std::string& region, const std::string& state_folder,
                           const Clock& clock);

// Carries a stream as the agent's own transport does, but changes what passes. A hook that returns
// false breaks the connection off instead of passing the message on.
class TamperingTransport : public agent::Transport {
 public:
  struct Hooks {
    std::function<bool(v1::SubmitRequest&)> to_collector;
    std::function<bool(v1::SubmitResponse&)> to_agent;
  };
  TamperingTransport(std::shared_ptr<grpc::Channel> channel, Hooks hooks)
      : channel_(std::move(channel)), hooks_(std::move(hooks)) {}

  absl::Status Run(const std::string& address, agent::UplinkSession& session) override;
  // Every stream is bounded in time.
  void Cancel() override {}

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const Hooks hooks_;
};

}  // namespace sightline::e2e

#endif  // SIGHTLINE_TESTS_E2E_ENROLLED_AGENT_GRPC_H_
