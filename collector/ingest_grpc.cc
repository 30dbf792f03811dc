#include "collector/ingest_grpc.h"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "collector/status_grpc.h"

namespace sightline {
namespace {

// Carries one Submit stream. Its own mutex guards what gRPC must not see at once: one write at a
// time, Finish once and never beside a write. Locks are taken in the order session, reactor.
class SubmitReactor final : public grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitResponse>,
                            public SubmitStream {
 public:
  SubmitReactor(const SessionContext& context, Origin origin, std::atomic<int>& streams)
      : streams_(streams), session_(std::make_shared<Session>(context, std::move(origin), this)) {}

  void StartSession() { session_->Start(); }

  // SubmitStream, called by the session.
  void Read() override { StartRead(&request_); }

  void Write(v1::SubmitResponse response) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(response));
    Advance();
  }

  void Close(absl::Status status) override {
    const std::lock_guard lock(mutex_);
    closing_ = std::move(status);
    Advance();
  }

  // Reactions of gRPC.
  void OnReadDone(bool ok) override {
    if (ok) {
      session_->OnMessage(std::move(request_));
    } else {
      session_->OnHalfClose();
    }
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok) {
      queue_.pop_front();
    } else {
      queue_.clear();
    }
    Advance();
  }

  void OnCancel() override { session_->OnCancel(); }

  void OnDone() override {
    session_->Detach();
    streams_.fetch_sub(1);
    delete this;
  }

 private:
  // Starts the next write, or finishes when all is written. Holds mutex_.
  void Advance() {
    if (writing_ || finished_) return;
    if (!queue_.empty()) {
      writing_ = true;
      StartWrite(&queue_.front());
    } else if (closing_.has_value()) {
      finished_ = true;
      Finish(ToGrpc(*closing_));
    }
  }

  std::atomic<int>& streams_;
  const std::shared_ptr<Session> session_;
  v1::SubmitRequest request_;

  std::mutex mutex_;
  std::deque<v1::SubmitResponse> queue_;  // front is being written while writing_
  std::optional<absl::Status> closing_;
  bool writing_ = false;
  bool finished_ = false;
};

// Turns a stream away.
class RefusingReactor final
    : public grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitResponse> {
 public:
  explicit RefusingReactor(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerUnaryReactor* IngestService::Enroll(grpc::CallbackServerContext* context,
                                                const v1::EnrollRequest* request,
                                                v1::EnrollResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  parts_.workers.Post([this, request, response, reactor] {
    absl::StatusOr<v1::EnrollResponse> result = parts_.enrolment.Enroll(*request);
    if (result.ok()) *response = *std::move(result);
    reactor->Finish(ToGrpc(result.status()));
  });
  return reactor;
}

grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitResponse>* IngestService::Submit(
    grpc::CallbackServerContext* context) {
  if (streams_.fetch_add(1) >= kStreamsMax) {
    streams_.fetch_sub(1);
    return new RefusingReactor(
        grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                     "this collector has as many streams as it takes; connect again later"));
  }
  auto* reactor =
      new SubmitReactor(parts_.session_context, parts_.geo.Locate(context->peer()), streams_);
  reactor->StartSession();
  return reactor;
}

}  // namespace sightline
