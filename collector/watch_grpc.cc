#include "collector/watch_grpc.h"

#include <mutex>
#include <optional>
#include <utility>

#include "collector/status_grpc.h"
#include "collector/watch.h"

namespace sightline {
namespace {

// A reader that takes nothing for so long is cut.
constexpr absl::Duration kSendTimeMax = absl::Seconds(60);

// One write at a time, and Finish once, never beside a write or beside work on the store. Locks are
// taken in the order loop, reactor.
class WatchReactor final : public grpc::ServerWriteReactor<v1::WatchSummariesResponse>,
                           public Watcher {
 public:
  WatchReactor(grpc::CallbackServerContext* context, const ServerParts& parts,
               const v1::WatchSummariesRequest& request)
      : context_(context), parts_(parts), request_(request) {}

  void Begin() {
    const std::lock_guard lock(mutex_);
    working_ = parts_.readers.TryPost([this] { BeginOnWorker(); });
    if (!working_) End(TooBusy());
  }

  // Watcher.
  void Poke(absl::Time now) override {
    const std::lock_guard lock(mutex_);
    if (sending_ && now - sent_at_ > kSendTimeMax) context_->TryCancel();
    Advance(now);
  }

  // Reactions of gRPC.
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    sending_ = false;
    if (!ok) cancelled_ = true;
    Advance(Now());
  }

  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    Advance(Now());
  }

  void OnDone() override {
    parts_.chronicle_loop.Remove(*this);
    // Whoever finished the stream still holds the lock for a moment.
    { const std::lock_guard lock(mutex_); }
    delete this;
  }

 private:
  absl::Time Now() const { return parts_.session_context.clock.Now(); }

  void BeginOnWorker() {
    const auto plan = parts_.session_context.plans.Current();
    absl::StatusOr<WatchSession> session =
        absl::UnavailableError("the operator has published no plan yet");
    if (plan != nullptr) {
      session = WatchSession::Begin(parts_.session_context.store, parts_.chronicle, parts_.board,
                                    plan->plan, request_);
    }
    bool has_place = true;
    if (session.ok()) has_place = parts_.chronicle_loop.Add(*this);
    const std::lock_guard lock(mutex_);
    working_ = false;
    if (!session.ok()) return End(ToGrpc(session.status()));
    if (!has_place) {
      return End(ToGrpc(absl::ResourceExhaustedError(
          "too many readers watch this collector already; come back later")));
    }
    session_ = *std::move(session);
    Advance(Now());
  }

  void ReadOnWorker() {
    // While it works nothing else touches the session.
    const absl::Status status = session_->ReadStore(parts_.session_context.store);
    const std::lock_guard lock(mutex_);
    working_ = false;
    // What is not there now is asked for again with the next poke.
    if (absl::IsDataLoss(status)) return End(ToGrpc(status));
    if (status.ok()) Advance(Now());
  }

  // Starts the next write, or ends. Holds mutex_.
  void Advance(absl::Time now) {
    if (sending_ || working_ || finished_) return;
    if (cancelled_) return End(grpc::Status::CANCELLED);
    if (!session_.has_value()) return;
    std::optional<v1::WatchSummariesResponse> next = session_->Next(now);
    if (next.has_value()) {
      message_ = *std::move(next);
      sending_ = true;
      sent_at_ = now;
      StartWrite(&message_);
    } else if (session_->NeedsStore()) {
      working_ = parts_.readers.TryPost([this] { ReadOnWorker(); });
    }
  }

  // Holds mutex_.
  void End(const grpc::Status& status) {
    if (std::exchange(finished_, true)) return;
    Finish(status);
  }

  grpc::CallbackServerContext* const context_;
  const ServerParts& parts_;
  const v1::WatchSummariesRequest& request_;

  std::mutex mutex_;
  std::optional<WatchSession> session_;
  v1::WatchSummariesResponse message_;  // being sent
  absl::Time sent_at_;
  bool sending_ = false;
  bool working_ = false;  // a worker has the session
  bool cancelled_ = false;
  bool finished_ = false;
};

}  // namespace

grpc::ServerWriteReactor<v1::WatchSummariesResponse>* StartWatch(
    grpc::CallbackServerContext* context, const ServerParts& parts,
    const v1::WatchSummariesRequest& request) {
  auto* reactor = new WatchReactor(context, parts, request);
  reactor->Begin();
  return reactor;
}

}  // namespace sightline
