// One stream to a collector, as a state machine: messages in, messages out. No gRPC, no threads.
#ifndef SIGHTLINE_AGENT_UPLINK_SESSION_H_
#define SIGHTLINE_AGENT_UPLINK_SESSION_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/plan_keeper.h"
#include "agent/spool.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline::agent {

enum class SessionState {
  kWaiting,   // For the collector's next message.
  kDone,      // All is acknowledged: close the stream.
  kRefused,   // The collector refused something by name.
  kDiverged,  // The collector holds another history than this agent; nothing was sent.
  kFailed,    // The collector broke the protocol, or this machine's disk failed.
};

struct SessionResult {
  SessionState state = SessionState::kWaiting;
  // Says what happened unless `state` is kWaiting or kDone.
  std::string detail;
  // Why the collector refused, when it did.
  std::optional<v1::Refusal> refusal;
  // Why this agent did not take an offered plan, when it did not.
  std::optional<v1::PlanRefusal> plan_refusal;
  bool took_plan = false;
  // The agent's clock minus the collector's, once known.
  std::optional<absl::Duration> clock_offset;
  // Whether the collector took the hello.
  bool welcomed = false;
  uint64_t batches_acked = 0;
  uint64_t bytes_sent = 0;  // Serialised messages, without what TLS and HTTP/2 add.
};

// Whether only a person can resolve the refusal, so that asking again soon is of no use.
bool IsPermanent(v1::RefusalReason reason);

// Feed it every message of the collector in order and send what it returns; stop when state() is
// not kWaiting. Batches leave the spool as they are acknowledged. Not thread-safe.
class UplinkSession {
 public:
  // All must outlive it. An empty `agent_id` means that of the key, which was never changed.
  UplinkSession(const SigningKey& key, Spool& spool, PlanKeeper& plans, const Clock& clock,
                std::string agent_id = {})
      : key_(key),
        spool_(spool),
        plans_(plans),
        clock_(clock),
        agent_id_(agent_id.empty() ? key.public_key().Id() : std::move(agent_id)) {}

  // Says, before the first message, on which connection this is: SHA-256 (32 bytes) of the DER form
  // of the certificate that the collector shows there. The hello holds on no other; without it
  // there is none.
  void BindTo(std::string certificate_hash) { certificate_hash_ = std::move(certificate_hash); }

  std::vector<v1::SubmitRequest> OnMessage(const v1::SubmitResponse& message);

  SessionState state() const { return result_.state; }
  const SessionResult& result() const { return result_; }

 private:
  enum class Step { kChallenge, kWelcome, kBatches };

  void OnChallenge(const v1::Challenge& challenge);
  void OnWelcome(const v1::Welcome& welcome);
  void OnAck(const v1::Ack& ack);
  void TakePlan(const v1::SignedPlan& offered);
  // Brings the spool to what the collector holds; false when their histories differ.
  bool Resume(const v1::Welcome& welcome);
  void SendBatches();
  void Send(v1::SubmitRequest request);
  void End(SessionState state, std::string detail);

  const SigningKey& key_;
  Spool& spool_;
  PlanKeeper& plans_;
  const Clock& clock_;
  std::string certificate_hash_;
  const std::string agent_id_;
  Step step_ = Step::kChallenge;
  uint64_t sent_seq_ = 0;
  std::deque<uint64_t> in_flight_;
  std::vector<v1::SubmitRequest> out_;
  SessionResult result_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_UPLINK_SESSION_H_
