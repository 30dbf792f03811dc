// One agent's Submit stream: challenge, hello, welcome, batches, acknowledgements. Knows no gRPC.
#ifndef SIGHTLINE_COLLECTOR_SESSION_H_
#define SIGHTLINE_COLLECTOR_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collector/bucket.h"
#include "collector/certificate_hashes.h"
#include "collector/geo.h"
#include "collector/hello_guard.h"
#include "collector/intake_budget.h"
#include "collector/metrics.h"
#include "collector/plan_book.h"
#include "collector/store/store.h"
#include "collector/streams.h"
#include "collector/verify.h"
#include "collector/writer.h"
#include "common/clock.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// The way back to the agent. The session calls it under its own mutex, one call at a time.
class SubmitStream {
 public:
  virtual ~SubmitStream() = default;
  // Asks for one message; Session::OnMessage or OnHalfClose follows.
  virtual void Read() = 0;
  // Sends after everything that was written before. Of acknowledgements that wait only the newest
  // need be sent.
  virtual void Write(v1::SubmitResponse response) = 0;
  // Ends the stream after everything that was written before. Called once.
  virtual void Close(absl::Status status) = 0;
  // Breaks the stream off if the agent has not taken what was sent to it for too long.
  virtual void BreakIfStuck(absl::Time now) = 0;
};

// What all sessions of a collector share. Owns nothing; everything outlives the sessions.
struct SessionContext {
  using Post = std::function<void(std::function<void()>)>;

  Store& store;
  PlanBook& plans;
  BucketKeys& bucket_keys;
  Writer& writer;
  IntakeBudget& budget;
  Streams& streams;
  HelloGuard& guard;
  const CertificateHashes& certificates;  // that hellos may be bound to
  Metrics& metrics;
  const Clock& clock;
  Post post_cpu;    // runs work that needs the processor and never waits
  Post post_store;  // runs work that may wait for the store
};

// Thread-safe. Held by shared_ptr: work that is queued for it keeps it alive.
class Session : public std::enable_shared_from_this<Session>,
                public CommitListener,
                public ReadWaiter,
                public LiveStream {
 public:
  // Batches that may be on their way to the log before the session stops reading, however much
  // room there is.
  static constexpr size_t kInFlightMax = 16;
  // Batches of one stream that may be stored already. The welcome says what is, so an honest agent
  // sends none; each costs a look into the store.
  static constexpr size_t kRepeatsMax = 64;

  // `origin` is all that is kept of the peer address. `context` outlives the session; `stream` must
  // live until Detach.
  Session(const SessionContext& context, Origin origin, SubmitStream* stream);

  // Sends the challenge and asks for the hello; closes when there are too many streams.
  void Start();
  // One message came in.
  void OnMessage(v1::SubmitRequest request);
  // The agent has nothing more to send: ends the stream once everything in flight is acknowledged.
  void OnHalfClose();
  // The connection is gone: ends the stream now. What is in flight is still stored.
  void OnCancel();
  // `stream` is about to go away; it is not called again.
  void Detach();

  // CommitListener.
  void OnCommitted(size_t appended, size_t failed, const absl::Status& status) override;
  // ReadWaiter.
  void OnRoom() override;
  // LiveStream.
  void End(absl::Status status) override;
  void AwaitDrained(std::function<void()> then) override;
  void OnAgentChanged(const AgentRecord& agent) override;
  void OnTick(absl::Time now) override;

 private:
  // A batch on its way to the log.
  struct InFlight {
    uint64_t seq = 0;
    std::string body_hash;  // SHA-256 of the batch bytes
    size_t charge = 0;      // bytes that the budget counts
  };

  // A batch in work. What was charged for it is given back with it, unless it went into flight.
  struct Message {
    explicit Message(IntakeBudget& from) : budget(from) {}
    ~Message() {
      if (charge > 0) budget.Release(1, charge);
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    IntakeBudget& budget;
    size_t charge = 0;
    v1::SignedBatch signed_batch;
    v1::Batch batch;  // set once the message has to wait for the store
  };

  void HandleHello(const v1::Hello& hello);
  absl::StatusOr<AgentKeys> ReadKeys(const AgentRecord& agent);
  void Open(const v1::Hello& hello, const absl::StatusOr<AgentRecord>& agent);
  void HandleBatch(const std::shared_ptr<Message>& message);
  void HandleRepeat(const v1::SignedBatch& signed_batch, const v1::Batch& batch);
  absl::StatusOr<bool> IsSame(const v1::SignedBatch& signed_batch, const v1::Batch& batch);
  bool KnowsPlanAndKey(const v1::Batch& batch);
  void LookUpAndAccept(Message& message);
  void Accept(Message& message, const v1::Batch& batch);
  void LockAndRefuse(v1::Refusal refusal);

  // The following hold mutex_.
  bool IsInOrder(const v1::SubmitRequest& request);
  bool MayTry(const v1::Hello& hello);
  void TakePlanRefusal(const v1::PlanRefusal& refusal);
  void EndIfChanged(const AgentRecord& agent);
  void Welcome(const v1::Hello& hello);
  void Acknowledge();
  void Refuse(v1::Refusal refusal);
  void CountAgainst(v1::RefusalReason reason);
  void RefuseUnstored(uint64_t batch_seq, const absl::Status& status);
  void RefuseUnavailable(uint64_t batch_seq, const absl::Status& status);
  void Close(absl::Status status);
  void ReadOrWait();
  void CloseIfDrained();
  std::vector<std::function<void()>> TakeDrained();

  const SessionContext& context_;
  const Origin origin_;
  const std::string nonce_;

  std::mutex mutex_;
  SubmitStream* stream_;  // guarded by mutex_; nullptr after Detach
  bool closed_ = false;
  bool ended_ = false;  // nothing more goes into flight
  bool half_closed_ = false;
  bool waiting_to_drain_ = false;  // not reading before something in flight is stored
  bool greeted_ = false;           // a hello came
  bool opening_ = false;           // a hello was proven, the welcome is not sent yet
  bool refused_plan_ = false;
  std::string claimed_id_;            // agent_id of the hello; proves nothing
  std::optional<AgentRecord> agent_;  // set by a good hello
  std::optional<AgentKeys> keys_;     // set once the hello is proven
  ChainEnd tail_;                     // where the chain will end once all in flight are stored
  uint64_t stored_seq_ = 0;           // highest batch_seq known to be stored
  std::vector<InFlight> in_flight_;
  std::vector<std::function<void()>> on_drained_;

  // Used by whoever handles a message.
  size_t repeats_ = 0;
  // Of the batch before.
  std::shared_ptr<const PlanVersion> plan_;
  std::optional<int64_t> bucket_day_;
  std::string bucket_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SESSION_H_
