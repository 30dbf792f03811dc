// An honest agent whose results are made up: sealer, spool on disk, uplink and transport are those
// of sightline-agent, only the pauses are short.
#ifndef SIGHTLINE_TESTS_FAULTS_FAULT_AGENT_H_
#define SIGHTLINE_TESTS_FAULTS_FAULT_AGENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/plan_keeper.h"
#include "agent/spool.h"
#include "agent/state.h"
#include "agent/status_board.h"
#include "agent/uplink.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/seal.h"

namespace sightline::faults {

struct FaultAgentOptions {
  std::string state_folder;
  std::string invite;  // redeemed when nobody enrolled in the folder yet
  std::string region;
  // "HOST:PORT" each. Every stream goes to one of them by chance.
  std::vector<std::string> addresses;
  // So small a spool that outages fill it and tombstones take the place of batches.
  bool small_spool = false;
  // Sends what it has whatever the collector says that it holds: equivocates after a copy.
  bool blind = false;
  uint64_t seed = 0;
};

// What an agent says at the end.
struct FaultAgentReport {
  std::string agent_id;
  std::string region;
  uint64_t sealed_seq = 0;  // of the last batch
  std::string head;         // its chain hash
  uint64_t waiting = 0;     // batches in the spool
  uint64_t lost = 0;        // batches that gave way to tombstones
  std::string state;        // of the uplink: delivered, diverged, refused, ...
  std::string detail;
};

// Seal() on one thread; the uplink has its own.
class FaultAgent {
 public:
  // Enrols when needed; asks the addresses in turn. `clock` must outlive it.
  static absl::StatusOr<std::unique_ptr<FaultAgent>> Start(FaultAgentOptions options,
                                                           const Clock& clock);
  ~FaultAgent();

  // Seals a round of two to all checks of the plan, now and then one that began seconds ago; with a
  // small spool several. Seals nothing while a hundred batches wait, unless the spool is small.
  // RESOURCE_EXHAUSTED when the spool is full.
  absl::Status Seal();
  // Makes the uplink look for work.
  void Wake();
  FaultAgentReport Report() const;

 private:
  FaultAgent(FaultAgentOptions options, const Clock& clock);
  absl::Status EnrolOnce();
  absl::Status Open();
  absl::Status SealRound();
  std::vector<v1::Observation> Observe(const v1::Plan& plan);
  bool Chance(double probability);

  const FaultAgentOptions options_;
  const Clock& clock_;
  std::mt19937_64 random_;
  agent::StateFolder folder_;
  std::optional<agent::Identity> identity_;
  std::optional<SigningKey> key_;
  std::optional<VerifyKey> operator_key_;
  std::unique_ptr<agent::PlanKeeper> plans_;
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<agent::Spool> spool_;
  std::unique_ptr<agent::StatusBoard> board_;
  std::unique_ptr<agent::Transport> inner_;
  std::unique_ptr<agent::Transport> transport_;
  std::unique_ptr<agent::Uplink> uplink_;
};

}  // namespace sightline::faults

#endif  // SIGHTLINE_TESTS_FAULTS_FAULT_AGENT_H_
