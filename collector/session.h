// One agent's Submit stream: challenge, hello, welcome, batches, acknowledgements. Knows no gRPC.
#ifndef SIGHTLINE_COLLECTOR_SESSION_H_
#define SIGHTLINE_COLLECTOR_SESSION_H_

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "collector/bucket.h"
#include "collector/geo.h"
#include "collector/intake_budget.h"
#include "collector/metrics.h"
#include "collector/plan_book.h"
#include "collector/store/store.h"
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
  // Sends after everything that was written before.
  virtual void Write(v1::SubmitResponse response) = 0;
  // Ends the stream after everything that was written before. Called once.
  virtual void Close(absl::Status status) = 0;
};

// What all sessions of a collector share. Owns nothing; everything outlives the sessions.
struct SessionContext {
  Store& store;
  PlanBook& plans;
  BucketKeys& bucket_keys;
  Writer& writer;
  IntakeBudget& budget;
  Metrics& metrics;
  const Clock& clock;
  // Runs work that may wait for the store.
  std::function<void(std::function<void()>)> post;
};

// Thread-safe. Held by shared_ptr: work that is queued for it keeps it alive.
class Session : public std::enable_shared_from_this<Session>,
                public CommitListener,
                public ReadWaiter {
 public:
  // Batches that may be on their way to the log before the session stops reading, however much
  // room there is.
  static constexpr size_t kInFlightMax = 16;

  // `origin` is all that is kept of the peer address. `stream` must live until Detach.
  Session(SessionContext context, Origin origin, SubmitStream* stream);

  // Sends the challenge and asks for the hello.
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

 private:
  // A batch on its way to the log.
  struct InFlight {
    uint64_t seq = 0;
    std::string body_hash;  // SHA-256 of the batch bytes
    size_t charge = 0;      // bytes that the budget counts
  };

  // A message in work.
  struct Message {
    v1::SubmitRequest request;
    size_t charge = 0;  // bytes that the budget counts for it; 0: nothing
  };

  void Handle(Message& message);
  void HandleHello(const v1::Hello& hello);
  void HandleBatch(Message& message);
  void HandleRepeat(const v1::SignedBatch& signed_batch, const v1::Batch& batch);
  void Accept(Message& message, const v1::Batch& batch);
  void Welcome(const v1::Hello& hello);

  // The following hold mutex_.
  void Acknowledge();
  void Refuse(v1::Refusal refusal);
  void RefuseUnstored(uint64_t batch_seq, const absl::Status& status);
  void RefuseUnavailable(uint64_t batch_seq, const absl::Status& status);
  void Close(absl::Status status);
  void ReadOrWait();
  void CloseIfDrained();

  const SessionContext context_;
  const Origin origin_;
  const std::string nonce_;

  std::mutex mutex_;
  SubmitStream* stream_;  // guarded by mutex_; nullptr after Detach
  bool closed_ = false;
  bool half_closed_ = false;
  bool waiting_to_drain_ = false;     // not reading before something in flight is stored
  std::string claimed_id_;            // agent_id of the hello, for the log; proves nothing
  std::optional<AgentRecord> agent_;  // set by a good hello, together with key_
  std::optional<VerifyKey> key_;
  ChainEnd tail_;            // where the chain will end once all in flight are stored
  uint64_t stored_seq_ = 0;  // highest batch_seq known to be stored
  std::deque<InFlight> in_flight_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SESSION_H_
