// How an agent gets another key without losing its name and its chain.
//
//   1. With nothing waiting in the spool, agent.key.next is made.
//   2. rotation.pb is written: both keys sign that the new one counts from the next batch on. From
//      here on the new key signs every batch, so no number is ever signed by both.
//   3. The collector is told, by this command or before the agent's next report, as often as it
//      takes: a repeat is answered as the first time was.
//   4. agent.key holds the new key, identity.toml its generation, and 1 and 2 are removed.
//
// After a crash between any two steps the next `rotate-key`, or the running agent before it sends,
// goes on from there. Before 2 nothing happened; after 2 it only goes forward, unless the collector
// refuses the very first try by name.
#ifndef SIGHTLINE_AGENT_ROTATE_H_
#define SIGHTLINE_AGENT_ROTATE_H_

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/state.h"
#include "agent/uplink.h"
#include "common/crypto.h"
#include "common/files.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline::agent {

// Calls RotateKey along one road (road.h) with these trust anchors.
using RotateKeyCall = std::function<absl::StatusOr<v1::RotateKeyResponse>(
    const std::string& road, const std::string& roots_pem, const v1::RotateKeyRequest& request)>;

// The key that signs for an agent from its next batch on.
struct AgentKey {
  SigningKey key;
  // The change to `key` that is not finished yet.
  std::optional<v1::KeySuccession> pending;
};

// FAILED_PRECONDITION for a key file that others can read, DATA_LOSS when the key is missing or is
// not the agent's. The caller holds the folder's lock.
absl::StatusOr<AgentKey> LoadAgentKey(const StateFolder& folder, const Identity& identity);

// Step 4; `succession` is of the folder's rotation.pb, and its new key is `key`. Doing it again
// after an error is fine. Updates `identity`.
absl::Status FinishRotation(StateFolder& folder, Identity& identity, const SigningKey& key,
                            const v1::KeySuccession& succession);

struct RotateOptions {
  std::string state_folder;
  // In place of the one that enrolment saved; empty: no proxy.
  std::optional<std::string> proxy;
};

// Gives the agent a new key, or finishes a change that was begun, and says so on `out`. Errors:
// NOT_FOUND when nobody enrolled there; FAILED_PRECONDITION while the agent runs, for a key that
// others can read, or when reports wait that the old key signed; UNAVAILABLE when no collector
// answered: the change is then finished later. When the collector refused the first try, the old
// key stays in force.
absl::Status RotateKey(const RotateOptions& options, Files& files, const RotateKeyCall& call,
                       std::ostream& out);

// A Transport that finishes a change of the key before its first stream.
class RotatingTransport : public Transport {
 public:
  // What is not finished yet, for as long as the agent runs. One thread at a time.
  struct Change {
    StateFolder& folder;
    Identity& identity;
    AgentKey& key;
    RotateKeyCall call;
  };

  // `change` must outlive it.
  RotatingTransport(std::unique_ptr<Transport> inner, Change& change)
      : inner_(std::move(inner)), change_(change) {}

  absl::Status Run(const std::string& road, UplinkSession& session) override;
  void Cancel() override { inner_->Cancel(); }

 private:
  const std::unique_ptr<Transport> inner_;
  Change& change_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_ROTATE_H_
