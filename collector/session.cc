// The life of a session: from the challenge to the welcome, and the end.
#include "collector/session.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/log.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr size_t kNonceBytes = 32;
// What a batch in memory costs beside its bytes: its record, its round, its place in the queue.
constexpr size_t kBatchOverheadBytes = 2048;

// Enough of an agent_id to find it in a log.
std::string ShortId(absl::string_view agent_id) {
  return absl::BytesToHexString(agent_id.substr(0, 6));
}

// What no honest agent ever sends, whatever happened to its connection or its clock.
bool IsMisbehaviour(v1::RefusalReason reason) {
  switch (reason) {
    case v1::REFUSAL_REASON_BAD_SIGNATURE:
    case v1::REFUSAL_REASON_MALFORMED:
    case v1::REFUSAL_REASON_WRONG_AGENT:
    case v1::REFUSAL_REASON_EQUIVOCATION:
    case v1::REFUSAL_REASON_TOO_LARGE:
    case v1::REFUSAL_REASON_PROTOCOL:
      return true;
    default:
      return false;
  }
}

}  // namespace

Session::Session(const SessionContext& context, Origin origin, SubmitStream* stream)
    : context_(context),
      origin_(std::move(origin)),
      nonce_(RandomBytes(kNonceBytes)),
      stream_(stream) {}

void Session::Start() {
  const bool entered = context_.streams.Enter(shared_from_this(), context_.clock.Now());
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  if (!entered) {
    return Close(absl::ResourceExhaustedError(
        "this collector has as many streams as it takes; connect again later"));
  }
  v1::SubmitResponse response;
  response.mutable_challenge()->set_nonce(nonce_);
  stream_->Write(std::move(response));
  stream_->Read();
}

void Session::OnMessage(v1::SubmitRequest request) {
  // Only one read is outstanding, so messages are handled one at a time and in order.
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || !IsInOrder(request)) return;
    if (request.has_plan_refusal()) return TakePlanRefusal(request.plan_refusal());
    if (request.has_hello() && !MayTry(request.hello())) return;
  }
  if (request.has_hello()) {
    context_.post_store([self = shared_from_this(), hello = std::move(*request.mutable_hello())] {
      self->HandleHello(hello);
    });
    return;
  }
  auto message = std::make_shared<Message>(context_.budget);
  message->signed_batch = std::move(*request.mutable_batch());
  const size_t size = message->signed_batch.batch().size();
  context_.metrics.bytes_received.Increment(static_cast<double>(size));
  message->charge = size + kBatchOverheadBytes;
  context_.budget.Take(message->charge);
  context_.post_cpu(
      [self = shared_from_this(), message = std::move(message)] { self->HandleBatch(message); });
}

// Whether a message of this kind may come now; refuses it otherwise.
bool Session::IsInOrder(const v1::SubmitRequest& request) {
  const char* problem = nullptr;
  if (request.message_case() == v1::SubmitRequest::MESSAGE_NOT_SET) {
    problem = "the message is empty or of a kind unknown to this collector";
  } else if (request.has_hello() == greeted_) {
    problem = "the first message of a stream, and only it, is the hello";
  } else if (request.has_plan_refusal() && refused_plan_) {
    problem = "the plan was refused on this stream already";
  }
  if (problem != nullptr) Refuse(MakeRefusal(v1::REFUSAL_REASON_PROTOCOL, 0, problem));
  return problem == nullptr;
}

// Whether the hello is worth looking at; refuses it otherwise.
bool Session::MayTry(const v1::Hello& hello) {
  greeted_ = true;
  claimed_id_ = hello.agent_id().substr(0, kHashBytes);
  const absl::Duration wait = context_.guard.Wait(origin_, claimed_id_, context_.clock.Now());
  if (wait == absl::ZeroDuration()) return true;
  Refuse(MakeRefusal(v1::REFUSAL_REASON_TOO_OFTEN, 0,
                     absl::StrCat("this agent misbehaved, or too many hellos from its network were "
                                  "not proven; try again in ",
                                  absl::FormatDuration(absl::Ceil(wait, absl::Seconds(1))))));
  return false;
}

void Session::TakePlanRefusal(const v1::PlanRefusal& refusal) {
  refused_plan_ = true;
  Log(LogLevel::kWarn, "intake", "plan_refused",
      {{"agent", ShortId(claimed_id_)},
       {"reason", ShortName(refusal.reason())},
       {"detail", refusal.detail()}});
  ReadOrWait();
}

absl::StatusOr<AgentKeys> Session::ReadKeys(const AgentRecord& agent) {
  std::vector<v1::KeySuccession> successions;
  if (agent.key_generation > 0) {
    absl::StatusOr<std::vector<v1::KeySuccession>> read =
        context_.store.ReadKeySuccessions(agent.agent_id);
    if (!read.ok()) return read.status();
    successions = *std::move(read);
  }
  return AgentKeys::Follow(agent.agent_id, agent.public_key, successions);
}

void Session::HandleHello(const v1::Hello& hello) {
  const uint64_t changes = context_.streams.changes();
  absl::StatusOr<AgentRecord> agent = context_.store.FindAgent(hello.agent_id());
  if (absl::IsNotFound(agent.status())) {
    return LockAndRefuse(MakeRefusal(v1::REFUSAL_REASON_UNKNOWN_AGENT, 0,
                                     "no such agent is enrolled here; enrol with an invite of "
                                     "this collector's operator"));
  }
  absl::StatusOr<AgentKeys> keys = agent.ok() ? ReadKeys(*agent) : agent.status();
  if (!keys.ok()) {
    const std::lock_guard lock(mutex_);
    return RefuseUnavailable(0, keys.status());
  }
  std::optional<v1::Refusal> refusal =
      VerifyHello(hello, keys->current(), nonce_, context_.certificates.Get());
  if (!refusal.has_value()) refusal = RefuseEnded(*agent);
  if (refusal.has_value()) return LockAndRefuse(*std::move(refusal));
  context_.guard.OnProven(hello.agent_id(), context_.clock.Now());
  {
    const std::lock_guard lock(mutex_);
    keys_ = *std::move(keys);
    opening_ = true;
  }
  const std::shared_ptr<LiveStream> before = context_.streams.Prove(this, hello.agent_id());
  if (before == nullptr) {
    // Whoever told of a change before this stream could be found did not find it.
    const bool same = context_.streams.changes() == changes;
    return Open(hello, same ? agent : context_.store.FindAgent(hello.agent_id()));
  }
  before->End(absl::AbortedError("a newer stream of this agent took the place of this one"));
  // What is still in flight there moves the end of the chain.
  before->AwaitDrained([self = shared_from_this(), hello] {
    self->context_.post_store(
        [self, hello] { self->Open(hello, self->context_.store.FindAgent(hello.agent_id())); });
  });
}

void Session::AwaitDrained(std::function<void()> then) {
  {
    const std::lock_guard lock(mutex_);
    if (!in_flight_.empty() || opening_) {
      on_drained_.push_back(std::move(then));
      return;
    }
  }
  then();
}

// Welcomes the agent, whose hello was proven.
void Session::Open(const v1::Hello& hello, const absl::StatusOr<AgentRecord>& agent) {
  std::vector<std::function<void()>> drained;
  {
    const std::lock_guard lock(mutex_);
    opening_ = false;
    drained = TakeDrained();
    if (!agent.ok()) {
      RefuseUnavailable(0, agent.status());
    } else {
      agent_ = *agent;
      tail_ = {agent->last_seq, agent->head};
      stored_seq_ = agent->last_seq;
      EndIfChanged(*agent);
      if (!closed_) {
        context_.metrics.hellos.Increment();
        Welcome(hello);
        ReadOrWait();
      }
    }
  }
  for (const std::function<void()>& then : drained) then();
}

// Ends the stream unless the agent takes part with the key that opened it.
void Session::EndIfChanged(const AgentRecord& agent) {
  std::optional<v1::Refusal> refusal = RefuseEnded(agent);
  const bool other_key = keys_.has_value() && agent.key_generation != keys_->generation();
  if (!refusal.has_value() && !other_key) return;
  ended_ = true;
  if (refusal.has_value()) return Refuse(*std::move(refusal));
  Close(absl::AbortedError("the agent's key was changed; connect again and use the new one"));
}

void Session::OnAgentChanged(const AgentRecord& agent) {
  const std::lock_guard lock(mutex_);
  EndIfChanged(agent);
}

void Session::Welcome(const v1::Hello& hello) {
  v1::SubmitResponse response;
  v1::Welcome& welcome = *response.mutable_welcome();
  welcome.set_last_seq(tail_.seq);
  welcome.set_head(tail_.hash);
  *welcome.mutable_server_time() = ToProto(context_.clock.Now());
  const std::shared_ptr<const PlanVersion> next = context_.plans.NextFor(hello.plan_version());
  if (next != nullptr) *welcome.mutable_plan() = next->signed_plan;
  stream_->Write(std::move(response));
}

void Session::OnHalfClose() {
  const std::lock_guard lock(mutex_);
  half_closed_ = true;
  CloseIfDrained();
}

void Session::OnCancel() {
  const std::lock_guard lock(mutex_);
  Close(absl::CancelledError("the agent went away"));
}

void Session::Detach() {
  context_.streams.Leave(this);
  const std::lock_guard lock(mutex_);
  stream_ = nullptr;
  closed_ = true;
}

void Session::End(absl::Status status) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  Close(std::move(status));
}

void Session::OnTick(absl::Time now) {
  const std::lock_guard lock(mutex_);
  if (stream_ != nullptr) stream_->BreakIfStuck(now);
}

void Session::OnRoom() {
  const std::lock_guard lock(mutex_);
  if (!closed_) stream_->Read();
}

void Session::LockAndRefuse(v1::Refusal refusal) {
  const std::lock_guard lock(mutex_);
  Refuse(std::move(refusal));
}

void Session::Refuse(v1::Refusal refusal) {
  if (closed_) return;
  CountAgainst(refusal.reason());
  // Who only claims to be an agent is named as such.
  Log(LogLevel::kWarn, "intake", "refused",
      {{agent_.has_value() ? "agent" : "claimed_agent",
        ShortId(agent_.has_value() ? agent_->agent_id : claimed_id_)},
       {"batch", refusal.batch_seq()},
       {"reason", ShortName(refusal.reason())},
       {"detail", refusal.detail()}});
  v1::SubmitResponse response;
  *response.mutable_refusal() = std::move(refusal);
  stream_->Write(std::move(response));
  Close(absl::OkStatus());
}

void Session::CountAgainst(v1::RefusalReason reason) {
  context_.metrics.Refused(reason).Increment();
  const absl::Time now = context_.clock.Now();
  if (agent_.has_value()) {
    if (IsMisbehaviour(reason)) context_.guard.OnMisbehaved(agent_->agent_id, now);
  } else if (!opening_ && reason != v1::REFUSAL_REASON_TOO_OFTEN &&
             reason != v1::REFUSAL_REASON_STORE_UNAVAILABLE) {
    context_.guard.OnUnproven(origin_, claimed_id_, now);
  }
}

void Session::RefuseUnstored(uint64_t batch_seq, const absl::Status& status) {
  if (!absl::IsAborted(status)) return RefuseUnavailable(batch_seq, status);
  Refuse(MakeRefusal(v1::REFUSAL_REASON_STORE_UNAVAILABLE, batch_seq,
                     "the agent's chain moved on through another stream, or the commit is in "
                     "doubt; connect again to learn where it stands"));
}

void Session::RefuseUnavailable(uint64_t batch_seq, const absl::Status& status) {
  // The store's own words stay in the operator's log.
  if (!closed_) {
    Log(LogLevel::kError, "intake", "store_failed", {{"detail", status.ToString()}});
  }
  Refuse(MakeRefusal(v1::REFUSAL_REASON_STORE_UNAVAILABLE, batch_seq,
                     "the collector could not store it now; connect again later"));
}

void Session::Close(absl::Status status) {
  if (closed_) return;
  closed_ = true;
  stream_->Close(std::move(status));
}

void Session::ReadOrWait() {
  if (closed_) return;
  if (in_flight_.size() >= kInFlightMax) {
    waiting_to_drain_ = true;
  } else if (context_.budget.MayRead(shared_from_this())) {
    stream_->Read();
  }
}

void Session::CloseIfDrained() {
  if (half_closed_ && in_flight_.empty()) Close(absl::OkStatus());
}

// What waits for the session to drain, if it has.
std::vector<std::function<void()>> Session::TakeDrained() {
  if (!in_flight_.empty() || opening_) return {};
  return std::exchange(on_drained_, {});
}

}  // namespace sightline
