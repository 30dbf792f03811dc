#include "collector/ingest_grpc.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "collector/outbox.h"
#include "collector/status_grpc.h"

namespace sightline {
namespace {

// Carries one Submit stream. Its own mutex guards what gRPC must not see at once: one write at a
// time, Finish once and never beside a write. Locks are taken in the order session, reactor.
class SubmitReactor final : public grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitResponse>,
                            public SubmitStream {
 public:
  SubmitReactor(grpc::CallbackServerContext* call, const SessionContext& context, Origin origin)
      : call_(call),
        clock_(context.clock),
        session_(std::make_shared<Session>(context, std::move(origin), this)) {}

  void StartSession() { session_->Start(); }

  // SubmitStream, called by the session.
  void Read() override { StartRead(&request_); }

  void Write(v1::SubmitResponse response) override {
    const std::lock_guard lock(mutex_);
    outbox_.Put(std::move(response));
    Advance();
  }

  void Close(absl::Status status) override {
    const std::lock_guard lock(mutex_);
    closing_ = std::move(status);
    Advance();
  }

  void BreakIfStuck(absl::Time now) override {
    const std::lock_guard lock(mutex_);
    // A peer that has a connection but takes nothing would keep the end from being sent, too.
    const bool end_is_stuck = finished_ && now - finished_at_ > Outbox::kSendTimeMax;
    if (outbox_.IsStuck(now) || end_is_stuck) call_->TryCancel();
  }

  // Reactions of gRPC.
  void OnReadDone(bool ok) override {
    if (ok) {
      // Leaves nothing behind: the stream may stay idle for long.
      session_->OnMessage(std::exchange(request_, v1::SubmitRequest()));
    } else {
      session_->OnHalfClose();
    }
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    outbox_.OnSent();
    if (!ok) outbox_.Clear();
    Advance();
  }

  void OnCancel() override { session_->OnCancel(); }

  void OnDone() override {
    session_->Detach();
    delete this;
  }

 private:
  // Starts the next write, or finishes when all is written. Holds mutex_.
  void Advance() {
    if (outbox_.sending() || finished_) return;
    if (const v1::SubmitResponse* const next = outbox_.Next(clock_.Now())) {
      StartWrite(next);
    } else if (closing_.has_value()) {
      finished_ = true;
      finished_at_ = clock_.Now();
      Finish(ToGrpc(*closing_));
    }
  }

  grpc::CallbackServerContext* const call_;
  const Clock& clock_;
  const std::shared_ptr<Session> session_;
  v1::SubmitRequest request_;

  std::mutex mutex_;
  Outbox outbox_;
  std::optional<absl::Status> closing_;
  bool finished_ = false;
  absl::Time finished_at_;
};

}  // namespace

// Turned away here, a flood of calls does not keep others from the threads that may wait.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* IngestService::Answer(
    RegistryCall call, grpc::CallbackServerContext* context,
    absl::StatusOr<Response> (Registrar::*answer)(const Request&, const Origin&),
    const Request* request, Response* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const Origin origin = parts_.geo.Locate(context->peer());
  if (const absl::Status admitted = registrar_.Admit(call, origin); !admitted.ok()) {
    reactor->Finish(ToGrpc(admitted));
    return reactor;
  }
  const bool posted =
      parts_.workers.TryPost([&registrar = registrar_, origin, answer, request, response, reactor] {
        FinishWith(reactor, (registrar.*answer)(*request, origin), response);
      });
  if (!posted) {
    registrar_.Settle(call, origin, absl::ResourceExhaustedError("busy"));
    reactor->Finish(TooBusy());
  }
  return reactor;
}

grpc::ServerUnaryReactor* IngestService::Enroll(grpc::CallbackServerContext* context,
                                                const v1::EnrollRequest* request,
                                                v1::EnrollResponse* response) {
  return Answer(RegistryCall::kEnroll, context, &Registrar::Enroll, request, response);
}

grpc::ServerUnaryReactor* IngestService::RotateKey(grpc::CallbackServerContext* context,
                                                   const v1::RotateKeyRequest* request,
                                                   v1::RotateKeyResponse* response) {
  return Answer(RegistryCall::kRotateKey, context, &Registrar::RotateKey, request, response);
}

grpc::ServerUnaryReactor* IngestService::Leave(grpc::CallbackServerContext* context,
                                               const v1::LeaveRequest* request,
                                               v1::LeaveResponse* response) {
  return Answer(RegistryCall::kLeave, context, &Registrar::Leave, request, response);
}

grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitResponse>* IngestService::Submit(
    grpc::CallbackServerContext* context) {
  auto* reactor =
      new SubmitReactor(context, parts_.session_context, parts_.geo.Locate(context->peer()));
  reactor->StartSession();
  return reactor;
}

}  // namespace sightline
