// One Submit stream of one agent, as cheap for this side as gRPC allows: the prepared bytes are
// sent from where they are mapped.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_STREAM_GRPC_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_STREAM_GRPC_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "common/crypto.h"
#include "sightline/v1/ingest.pb.h"
#include "tests/bench/load/data_file.h"
#include "tests/bench/load/latencies.h"

namespace sightline::load {

// What happened; streams add to their own, which are merged at the end.
struct Counts {
  uint64_t batches = 0;  // acknowledged
  uint64_t welcomed = 0;
  std::map<std::string, uint64_t> refusals;  // by reason
  std::map<std::string, uint64_t> errors;    // by status code
  Latencies acks;                            // of batches, from when they were due
  absl::Time last_ack = absl::InfinitePast();

  void Merge(const Counts& other);
};

// What a stream does.
struct StreamTask {
  uint32_t agent = 0;
  // In flight at once.
  uint64_t window = 8;
  // Batches to send, then the stream is closed; as many as the chain has when it is shorter.
  uint64_t batches_max = 0;
  // Batches go out only when Offer says so.
  bool paced = false;
  // Latencies of what was due before are left out.
  absl::Time record_from = absl::InfinitePast();
  // After the welcome nothing is sent and the stream stays.
  bool idle = false;
};

// Made for one call. Thread-safe. `listener` is called once by OnDone, as the last thing: from then
// on the stream may be deleted, but not by the thread that calls.
class Stream : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnWelcome(Stream& stream) = 0;
    virtual void OnOver(Stream& stream) = 0;
  };

  // `data` outlives the stream.
  Stream(const DataFile& data, StreamTask task, std::shared_ptr<grpc::Channel> channel,
         Listener& listener);

  void Start();
  // One more batch is to be sent, and was due at `due`. False when the chain has no more for this
  // stream: somebody else has to take it.
  bool Offer(absl::Time due);
  // Nothing new is sent; the stream closes once all in flight is acknowledged.
  void Stop();
  // Ends the stream now.
  void Cancel() { context_.TryCancel(); }

  // After OnOver.
  const StreamTask& task() const { return task_; }
  Counts& counts() { return counts_; }
  bool clean() const { return clean_; }
  // Batches that the collector is known to hold.
  uint64_t held() const { return held_; }
  // Offered and not sent.
  std::deque<absl::Time>& offers() { return offers_; }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  // The following hold mutex_.
  void Handle(const v1::SubmitResponse& response);
  void SayHello(absl::string_view nonce);
  void OnAck(uint64_t last_seq);
  // Sends what may be sent now, or closes.
  void Pump();
  bool MaySend() const;
  void Release();

  const DataFile& data_;
  const StreamTask task_;
  const std::shared_ptr<grpc::Channel> channel_;
  Listener& listener_;
  grpc::ClientContext context_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  v1::SubmitResponse response_;

  std::mutex mutex_;
  bool welcomed_ = false;
  bool writing_ = false;
  bool closed_ = false;
  bool over_ = false;
  bool stopping_ = false;
  bool held_open_ = true;
  bool clean_ = false;
  uint64_t held_ = 0;
  uint64_t next_seq_ = 0;
  uint64_t last_seq_ = 0;             // the last one that this stream sends
  std::deque<absl::Time> in_flight_;  // due times, oldest first
  std::deque<absl::Time> offers_;
  Counts counts_;
};

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_STREAM_GRPC_H_
