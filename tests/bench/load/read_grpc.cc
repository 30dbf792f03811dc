#include "tests/bench/load/read_grpc.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/lifetime_grpc.h"
#include "sightline/v1/summary.pb.h"
#include "sightline/v1/timeline.pb.h"
#include "tests/bench/load/channel_grpc.h"
#include "tests/bench/load/latencies.h"
#include "tests/bench/load/pace.h"

namespace sightline::load {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(10);

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer sent;
  grpc::ByteBuffer received;
};

// What became of the calls. Thread-safe.
class Results {
 public:
  void Started() {
    const std::lock_guard lock(mutex_);
    ++open_;
  }
  void Done(const grpc::Status& status, size_t bytes, absl::Duration took, bool counts) {
    const std::lock_guard lock(mutex_);
    if (!status.ok()) {
      ++failed_;
      error_ = status.error_message();
    } else {
      bytes_ = bytes;
      if (counts) latencies_.Add(took);
    }
    --open_;
    idle_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return open_ == 0; });
  }
  // After Wait.
  void Print(const std::string& call) const {
    absl::PrintF("{\"%s\": %s, \"failed\": %d, \"bytes\": %d, \"error\": \"%s\"}\n", call,
                 latencies_.ToJson(), failed_, bytes_, error_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable idle_;
  int64_t open_ = 0;
  int64_t failed_ = 0;
  size_t bytes_ = 0;
  std::string error_;
  Latencies latencies_;
};

std::string RequestOf(const ReadOptions& options) {
  if (options.call == "summary") {
    v1::GetSummaryRequest request;
    request.set_country(options.country);
    return request.SerializeAsString();
  }
  v1::GetTimelineRequest request;
  request.set_country(options.country);
  request.set_target_id(options.target_id);
  for (const auto path : absl::StrSplit(options.columns, ',', absl::SkipEmpty())) {
    request.mutable_read_mask()->add_paths(std::string(path));
  }
  return request.SerializeAsString();
}

}  // namespace

absl::Status RunReaders(const ReadOptions& options) {
  const GrpcLifetime grpc;
  const auto dialler = MakeDialler(options.folder, options.collector);
  if (!dialler.ok()) return dialler.status();
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (int i = 0; i < options.connections; ++i) {
    const auto channel = dialler->Dial(absl::StrCat("127.0.1.", 1 + i % 250));
    if (!channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kCallTimeout))) {
      return absl::UnavailableError("--collector: does not answer");
    }
    stubs.push_back(std::make_unique<grpc::GenericStub>(channel));
  }
  const std::string method = absl::StrCat("/sightline.v1.Summaries/",
                                          options.call == "summary" ? "GetSummary" : "GetTimeline");
  const grpc::Slice slice(RequestOf(options));
  Results results;
  const absl::Time start = absl::Now();
  const Pace pace(start, options.rate_per_s);
  const auto count = static_cast<int64_t>(options.seconds * options.rate_per_s);
  for (int64_t i = 0; i < count; ++i) {
    const absl::Time due = pace.DueAt(i);
    absl::SleepFor(due - absl::Now());
    auto call = std::make_shared<Call>();
    call->context.set_deadline(absl::ToChronoTime(absl::Now() + kCallTimeout));
    call->sent = grpc::ByteBuffer(&slice, 1);
    const bool counts = due - start >= absl::Seconds(options.skip_s);
    results.Started();
    stubs[static_cast<size_t>(i) % stubs.size()]->UnaryCall(
        &call->context, method, grpc::StubOptions(), &call->sent, &call->received,
        [&results, call, due, counts](const grpc::Status& status) {
          results.Done(status, call->received.Length(), absl::Now() - due, counts);
        });
  }
  results.Wait();
  results.Print(options.call);
  return absl::OkStatus();
}

}  // namespace sightline::load
