#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "collector/cli/client.h"
#include "collector/cli/client_link_grpc.h"
#include "collector/cli/event_text.h"
#include "sightline/v1/summaries.grpc.pb.h"

namespace sightline::cli {
namespace {

enum class Step { kDone, kBroken, kSilent };

// One stream. Every operation is waited for before the next begins, so one tag is enough.
class Stream {
 public:
  Stream(v1::Summaries::Stub& stub, const v1::WatchSummariesRequest& request)
      : reader_(stub.AsyncWatchSummaries(&context_, request, &queue_, this)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  // May be called by any thread.
  void Cancel() { context_.TryCancel(); }

  Step Begin(absl::Duration silence) { return Await(silence); }

  Step Read(v1::WatchSummariesResponse* response, absl::Duration silence) {
    reader_->Read(response, this);
    return Await(silence);
  }

  // Call once, after a Step that is not kDone, or after Cancel().
  grpc::Status Finish() {
    grpc::Status status;
    reader_->Finish(&status, this);
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    return status;
  }

 private:
  Step Await(absl::Duration silence) {
    void* tag = nullptr;
    bool ok = false;
    const auto deadline = std::chrono::system_clock::now() + absl::ToChronoMilliseconds(silence);
    if (queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::TIMEOUT) {
      Cancel();
      queue_.Next(&tag, &ok);  // the operation that was waited for
      return Step::kSilent;
    }
    return ok ? Step::kDone : Step::kBroken;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReader<v1::WatchSummariesResponse>> reader_;
};

}  // namespace

absl::Status WatchSummaries(const Collector& collector, const v1::WatchSummariesRequest& request,
                            absl::Duration silence, const std::stop_token& stop,
                            absl::FunctionRef<bool(const v1::WatchSummariesResponse&)> take) {
  const absl::StatusOr<Link> link = Connect(collector);
  if (!link.ok()) return link.status();
  const auto stub = v1::Summaries::NewStub(link->channel);
  Stream stream(*stub, request);
  const std::stop_callback on_stop(stop, [&stream] { stream.Cancel(); });
  bool more = true;
  v1::WatchSummariesResponse response;
  Step step = stream.Begin(silence);
  while (step == Step::kDone && more) {
    step = stream.Read(&response, silence);
    if (step == Step::kDone) more = take(response);
  }
  if (!more) stream.Cancel();
  const grpc::Status status = stream.Finish();
  if (!more || stop.stop_requested()) return absl::OkStatus();
  if (step == Step::kSilent) {
    return absl::UnavailableError(
        absl::StrCat("no word from ", link->where, " for ", Length(silence)));
  }
  if (status.ok()) return absl::UnavailableError(absl::StrCat(link->where, " ended the stream"));
  return ToStatus(*link, status);
}

}  // namespace sightline::cli
