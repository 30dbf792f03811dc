// One Submit stream of somebody who means harm.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_HOSTILE_STREAM_GRPC_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_HOSTILE_STREAM_GRPC_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/bench/load/data_file.h"

namespace sightline::load {

enum class HostileMode {
  kHuge,          // messages of 64 MB, without a hello
  kTiny,          // empty messages, without a hello
  kTinyEnrolled,  // messages of 4 bytes after a good hello, that no rule refuses
  kReplay,        // one good batch over and over
  kSlowReader,    // good batches over and over, without reading what comes back
  kNoHello,       // nothing at all
  kBadHello,      // a hello whose signature is wrong
  kBadSignature,  // batches whose signature is wrong, after a good hello
};

struct HostileCounts {
  uint64_t messages = 0;  // that gRPC took from us
  uint64_t bytes = 0;
  std::map<std::string, uint64_t> ends;  // of streams, by refusal or status code
};

// Made for one call; thread-safe. `listener` as in stream_grpc.h.
class HostileStream : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnOver(HostileStream& stream) = 0;
  };

  // `data` outlives the stream; the stream is of its agent number `agent`.
  HostileStream(HostileMode mode, const DataFile& data, uint32_t agent,
                std::shared_ptr<grpc::Channel> channel, Listener& listener);

  void Start();
  // Ends the stream now.
  void Cancel();

  // After OnOver.
  const HostileCounts& counts() const { return counts_; }
  uint32_t agent() const { return agent_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  // The following hold mutex_.
  void Handle();
  void SayHello(absl::string_view nonce);
  void SendNext();
  grpc::ByteBuffer NextMessage();
  void Write(grpc::ByteBuffer message);

  const HostileMode mode_;
  const DataFile& data_;
  const uint32_t agent_;
  const std::shared_ptr<grpc::Channel> channel_;
  Listener& listener_;
  grpc::ClientContext context_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;

  std::mutex mutex_;
  bool cancelled_ = false;
  bool flooding_ = false;
  bool writing_ = false;
  uint64_t next_seq_ = 1;
  std::string end_;
  HostileCounts counts_;
};

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_HOSTILE_STREAM_GRPC_H_
