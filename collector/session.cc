#include "collector/session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/message.h"
#include "common/wire.h"

namespace sightline {
namespace {

constexpr size_t kNonceBytes = 32;
// What a batch in memory costs beside its bytes: its record, its round, its place in the queue.
constexpr size_t kBatchOverheadBytes = 2048;

// Enough of an agent_id to find it in a log.
std::string ShortId(absl::string_view agent_id) {
  return absl::BytesToHexString(agent_id.substr(0, 6));
}

}  // namespace

Session::Session(SessionContext context, Origin origin, SubmitStream* stream)
    : context_(std::move(context)),
      origin_(std::move(origin)),
      nonce_(RandomBytes(kNonceBytes)),
      stream_(stream) {}

void Session::Start() {
  const std::lock_guard lock(mutex_);
  v1::SubmitResponse response;
  response.mutable_challenge()->set_nonce(nonce_);
  stream_->Write(std::move(response));
  stream_->Read();
}

void Session::OnMessage(v1::SubmitRequest request) {
  auto message = std::make_shared<Message>();
  message->request = std::move(request);
  if (message->request.has_batch()) {
    const size_t size = message->request.batch().batch().size();
    context_.metrics.bytes_received.Increment(static_cast<double>(size));
    message->charge = size + kBatchOverheadBytes;
    context_.budget.Take(message->charge);
  }
  // Only one read is outstanding, so messages are handled one at a time and in order.
  context_.post([self = shared_from_this(), message = std::move(message)] {
    self->Handle(*message);
    if (message->charge > 0) self->context_.budget.Release(1, message->charge);
  });
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
  const std::lock_guard lock(mutex_);
  stream_ = nullptr;
  closed_ = true;
}

void Session::Handle(Message& message) {
  const v1::SubmitRequest& request = message.request;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (request.has_hello() == agent_.has_value()) {
      Refuse(MakeRefusal(v1::REFUSAL_REASON_PROTOCOL, 0,
                         "the first message of a stream, and only it, is the hello"));
      return;
    }
  }
  switch (request.message_case()) {
    case v1::SubmitRequest::kHello:
      return HandleHello(request.hello());
    case v1::SubmitRequest::kBatch:
      return HandleBatch(message);
    case v1::SubmitRequest::kPlanRefusal: {
      spdlog::warn("intake: agent {} did not take the plan: {}", ShortId(agent_->agent_id),
                   absl::Utf8SafeCEscape(ToText(request.plan_refusal())));
      const std::lock_guard lock(mutex_);
      return ReadOrWait();
    }
    case v1::SubmitRequest::MESSAGE_NOT_SET: {
      const std::lock_guard lock(mutex_);
      return Refuse(MakeRefusal(v1::REFUSAL_REASON_PROTOCOL, 0,
                                "the message is empty or of a kind unknown to this collector"));
    }
  }
}

void Session::HandleHello(const v1::Hello& hello) {
  const absl::StatusOr<AgentRecord> agent = context_.store.FindAgent(hello.agent_id());
  const std::lock_guard lock(mutex_);
  claimed_id_ = hello.agent_id();
  if (absl::IsNotFound(agent.status())) {
    return Refuse(MakeRefusal(v1::REFUSAL_REASON_UNKNOWN_AGENT, 0,
                              "no such agent is enrolled here; enrol with an invite of this "
                              "collector's operator"));
  }
  if (!agent.ok()) return RefuseUnavailable(0, agent.status());
  absl::StatusOr<VerifyKey> key = VerifyKey::FromRaw(agent->public_key);
  if (!key.ok()) return RefuseUnavailable(0, key.status());
  auto verified = VerifyHello(hello, *agent, *key, nonce_);
  if (auto* refusal = std::get_if<v1::Refusal>(&verified)) return Refuse(std::move(*refusal));
  agent_ = *agent;
  key_ = *std::move(key);
  tail_ = {agent->last_seq, agent->head};
  stored_seq_ = agent->last_seq;
  Welcome(hello);
  ReadOrWait();
}

void Session::Welcome(const v1::Hello& hello) {
  v1::SubmitResponse response;
  v1::Welcome& welcome = *response.mutable_welcome();
  welcome.set_last_seq(tail_.seq);
  welcome.set_head(tail_.hash);
  *welcome.mutable_server_time() = ToProto(context_.clock.Now());
  const std::shared_ptr<const PlanVersion> current = context_.plans.Current();
  if (current != nullptr && current->plan.version() > hello.plan_version()) {
    *welcome.mutable_plan() = current->signed_plan;
  }
  if (stream_ != nullptr) stream_->Write(std::move(response));
}

void Session::HandleBatch(Message& message) {
  const v1::SignedBatch& signed_batch = message.request.batch();
  // agent_, key_ and tail_ change only here and in HandleHello, and messages are handled one at a
  // time.
  auto verified = VerifyBatch(signed_batch, *agent_, *key_, context_.clock.Now());
  if (auto* refusal = std::get_if<v1::Refusal>(&verified)) {
    const std::lock_guard lock(mutex_);
    return Refuse(std::move(*refusal));
  }
  const v1::Batch& batch = std::get<v1::Batch>(verified);
  auto place = PlaceInChain(batch, tail_);
  if (auto* refusal = std::get_if<v1::Refusal>(&place)) {
    const std::lock_guard lock(mutex_);
    return Refuse(std::move(*refusal));
  }
  if (std::get<ChainPlace>(place) == ChainPlace::kRepeat) return HandleRepeat(signed_batch, batch);
  Accept(message, batch);
}

void Session::HandleRepeat(const v1::SignedBatch& signed_batch, const v1::Batch& batch) {
  const uint64_t seq = batch.batch_seq();
  std::optional<bool> same;
  {
    const std::lock_guard lock(mutex_);
    for (const InFlight& entry : in_flight_) {
      if (entry.seq == seq) same = entry.body_hash == Sha256(signed_batch.batch());
    }
  }
  if (!same.has_value()) {
    const absl::StatusOr<std::string> stored = context_.store.FindBatch(
        agent_->agent_id, seq, DayOf(absl::FromUnixMillis(batch.round_time_ms())));
    if (!stored.ok() && !absl::IsNotFound(stored.status())) {
      const std::lock_guard lock(mutex_);
      return RefuseUnavailable(seq, stored.status());
    }
    // A tombstone stands for this number when there is no such batch.
    same = stored.ok() && *stored == signed_batch.batch();
  }
  if (!*same) {
    const absl::Status flagged = context_.store.FlagEquivocation(agent_->agent_id);
    const std::lock_guard lock(mutex_);
    if (!flagged.ok()) return RefuseUnavailable(seq, flagged);
    return Refuse(
        MakeRefusal(v1::REFUSAL_REASON_EQUIVOCATION, seq,
                    absl::StrCat("another batch ", seq,
                                 " is stored already; the agent was flagged. Was its folder "
                                 "restored from a backup? Enrol it anew")));
  }
  context_.metrics.batches_repeated.Increment();
  const std::lock_guard lock(mutex_);
  Acknowledge();
  ReadOrWait();
}

void Session::Accept(Message& message, const v1::Batch& batch) {
  v1::SignedBatch& signed_batch = *message.request.mutable_batch();
  const uint64_t seq = batch.batch_seq();
  const auto plan = context_.plans.Find(batch.plan_version());
  const absl::Time round_time = absl::FromUnixMillis(batch.round_time_ms());
  const absl::StatusOr<std::string> bucket_key = context_.bucket_keys.KeyFor(round_time);
  const std::lock_guard lock(mutex_);
  if (absl::IsNotFound(plan.status())) {
    return Refuse(
        MakeRefusal(v1::REFUSAL_REASON_UNKNOWN_PLAN, seq, std::string(plan.status().message())));
  }
  if (!plan.ok()) return RefuseUnavailable(seq, plan.status());
  auto kept = VerifyAgainstPlan(batch, *agent_, **plan);
  if (auto* refusal = std::get_if<v1::Refusal>(&kept)) return Refuse(std::move(*refusal));
  if (!bucket_key.ok()) return RefuseUnavailable(seq, bucket_key.status());

  const std::string body_hash = Sha256(signed_batch.batch());
  LogRecord record;
  record.agent_id = agent_->agent_id;
  record.first_seq = FirstSeq(batch);
  record.batch_seq = seq;
  record.prev_hash = batch.prev_hash();
  record.chain_hash = batch.has_tombstone() ? batch.tombstone().continues_from() : body_hash;
  record.round_time = round_time;
  record.receive_time = context_.clock.Now();
  record.country = origin_.country;
  record.asn = origin_.asn;
  record.bucket = BucketOf(origin_, *bucket_key);
  record.batch = std::move(*signed_batch.mutable_batch());
  record.signature = std::move(*signed_batch.mutable_signature());
  auto round = std::make_shared<const Round>(MakeRound(record, batch, &(*plan)->plan, *agent_));

  tail_ = {seq, record.chain_hash};
  in_flight_.push_back({seq, body_hash, std::exchange(message.charge, 0)});
  context_.writer.Enqueue({std::move(record), std::move(round),
                           static_cast<size_t>(batch.observations_size()), shared_from_this()});
  ReadOrWait();
}

void Session::OnCommitted(size_t appended, size_t failed, const absl::Status& status) {
  size_t charge = 0;
  {
    const std::lock_guard lock(mutex_);
    uint64_t failed_seq = 0;
    for (size_t i = 0; i < appended + failed; ++i) {
      charge += in_flight_.front().charge;
      if (i < appended) {
        stored_seq_ = in_flight_.front().seq;
      } else if (failed_seq == 0) {
        failed_seq = in_flight_.front().seq;
      }
      in_flight_.pop_front();
    }
    if (appended > 0) Acknowledge();
    if (failed > 0) RefuseUnstored(failed_seq, status);
    if (waiting_to_drain_) {
      waiting_to_drain_ = false;
      ReadOrWait();
    }
    CloseIfDrained();
  }
  context_.budget.Release(appended + failed, charge);
}

void Session::OnRoom() {
  const std::lock_guard lock(mutex_);
  if (!closed_) stream_->Read();
}

void Session::RefuseUnstored(uint64_t batch_seq, const absl::Status& status) {
  if (!absl::IsAborted(status)) return RefuseUnavailable(batch_seq, status);
  Refuse(MakeRefusal(v1::REFUSAL_REASON_STORE_UNAVAILABLE, batch_seq,
                     "the agent's chain moved on through another stream, or the commit is in "
                     "doubt; connect again to learn where it stands"));
}

void Session::Acknowledge() {
  if (closed_) return;
  v1::SubmitResponse response;
  response.mutable_ack()->set_last_seq(stored_seq_);
  stream_->Write(std::move(response));
}

void Session::Refuse(v1::Refusal refusal) {
  if (closed_) return;
  context_.metrics.Refused(refusal.reason()).Increment();
  spdlog::warn("intake: refused {} of agent {}: {}: {}",
               refusal.batch_seq() == 0 ? "a message" : absl::StrCat("batch ", refusal.batch_seq()),
               agent_.has_value()    ? ShortId(agent_->agent_id)
               : claimed_id_.empty() ? "(unknown)"
                                     : ShortId(claimed_id_) + " (not proven)",
               ShortName(refusal.reason()), refusal.detail());
  v1::SubmitResponse response;
  *response.mutable_refusal() = std::move(refusal);
  stream_->Write(std::move(response));
  Close(absl::OkStatus());
}

void Session::RefuseUnavailable(uint64_t batch_seq, const absl::Status& status) {
  // The store's own words stay in the operator's log.
  if (!closed_) spdlog::error("intake: the store did not answer: {}", status.ToString());
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

}  // namespace sightline
