// What a session does with batches: verify, place, count, hand to the writer, acknowledge.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/session.h"
#include "collector/verdict/round.h"
#include "common/wire.h"

namespace sightline {
namespace {

// A parsed batch keeps its memory for the next one, unless it was unusually large.
constexpr size_t kKeptBatchBytesMax = size_t{64} * 1024;

}  // namespace

// agent_, keys_, tail_ and what follows them change only while a message is in work, and there is
// one at a time.
void Session::HandleBatch(const std::shared_ptr<Message>& message) {
  thread_local v1::Batch batch;
  const v1::SignedBatch& signed_batch = message->signed_batch;
  if (signed_batch.batch().size() > kKeptBatchBytesMax) batch = v1::Batch();
  auto refusal = VerifyBatch(signed_batch, *agent_, *keys_, context_.clock.Now(), &batch);
  if (refusal.has_value()) return LockAndRefuse(*std::move(refusal));
  auto place = PlaceInChain(batch, tail_);
  if (auto* gap = std::get_if<v1::Refusal>(&place)) return LockAndRefuse(std::move(*gap));
  if (std::get<ChainPlace>(place) == ChainPlace::kRepeat && ++repeats_ > kRepeatsMax) {
    return LockAndRefuse(MakeRefusal(v1::REFUSAL_REASON_PROTOCOL, batch.batch_seq(),
                                     "too many batches that the welcome said are stored already; "
                                     "send what follows it"));
  }
  if (std::get<ChainPlace>(place) == ChainPlace::kNext && KnowsPlanAndKey(batch)) {
    return Accept(*message, batch);
  }
  // From here on it may take as long as the store takes.
  message->batch = std::exchange(batch, v1::Batch());
  const bool repeat = std::get<ChainPlace>(place) == ChainPlace::kRepeat;
  context_.post_store([self = shared_from_this(), message, repeat] {
    if (repeat) {
      self->HandleRepeat(message->signed_batch, message->batch);
    } else {
      self->LookUpAndAccept(*message);
    }
  });
}

// Makes plan_ and bucket_ those of the batch. False when the store has to be asked.
bool Session::KnowsPlanAndKey(const v1::Batch& batch) {
  if (plan_ == nullptr || plan_->plan.version() != batch.plan_version()) {
    plan_ = context_.plans.Known(batch.plan_version());
  }
  const absl::Time round_time = absl::FromUnixMillis(batch.round_time_ms());
  if (bucket_day_ != DayOf(round_time)) {
    bucket_day_.reset();
    const std::optional<std::string> key = context_.bucket_keys.KnownFor(round_time);
    if (key.has_value()) {
      bucket_ = BucketOf(origin_, *key);
      bucket_day_ = DayOf(round_time);
    }
  }
  return plan_ != nullptr && bucket_day_.has_value();
}

void Session::LookUpAndAccept(Message& message) {
  const v1::Batch& batch = message.batch;
  const auto plan = context_.plans.Find(batch.plan_version());
  if (absl::IsNotFound(plan.status())) {
    return LockAndRefuse(MakeRefusal(v1::REFUSAL_REASON_UNKNOWN_PLAN, batch.batch_seq(),
                                     std::string(plan.status().message())));
  }
  const absl::Time round_time = absl::FromUnixMillis(batch.round_time_ms());
  absl::Status status = plan.status();
  if (status.ok()) {
    const absl::StatusOr<std::string> key = context_.bucket_keys.KeyFor(round_time);
    status = key.status();
    if (key.ok()) bucket_ = BucketOf(origin_, *key);
  }
  if (!status.ok()) {
    const std::lock_guard lock(mutex_);
    return RefuseUnavailable(batch.batch_seq(), status);
  }
  plan_ = *plan;
  bucket_day_ = DayOf(round_time);
  Accept(message, batch);
}

// Whether the batch is the one that the log holds under its number, as far as that can be told.
absl::StatusOr<bool> Session::IsSame(const v1::SignedBatch& signed_batch, const v1::Batch& batch) {
  const uint64_t seq = batch.batch_seq();
  {
    const std::lock_guard lock(mutex_);
    for (const InFlight& entry : in_flight_) {
      if (entry.seq == seq) return entry.body_hash == Sha256(signed_batch.batch());
    }
  }
  const int64_t day = DayOf(absl::FromUnixMillis(batch.round_time_ms()));
  const absl::StatusOr<std::string> stored = context_.store.FindBatch(agent_->agent_id, seq, day);
  if (stored.ok()) return *stored == signed_batch.batch();
  if (!absl::IsNotFound(stored.status())) return stored.status();
  const absl::StatusOr<int64_t> first_day = context_.store.FirstDay();
  if (!first_day.ok()) return first_day.status();
  // Of a day that was dropped nothing can be compared any more. Otherwise a tombstone stands for
  // this number, or a batch of another day.
  return day < *first_day;
}

void Session::HandleRepeat(const v1::SignedBatch& signed_batch, const v1::Batch& batch) {
  const uint64_t seq = batch.batch_seq();
  const absl::StatusOr<bool> same = IsSame(signed_batch, batch);
  absl::Status status = same.status();
  if (same.ok() && !*same) status = context_.store.FlagEquivocation(agent_->agent_id);
  const std::lock_guard lock(mutex_);
  if (!status.ok()) return RefuseUnavailable(seq, status);
  if (!*same) {
    return Refuse(
        MakeRefusal(v1::REFUSAL_REASON_EQUIVOCATION, seq,
                    absl::StrCat("another batch ", seq,
                                 " is stored already; the agent was flagged. Was its folder "
                                 "restored from a backup? Enrol it anew")));
  }
  context_.metrics.batches_repeated.Increment();
  Acknowledge();
  ReadOrWait();
}

void Session::Accept(Message& message, const v1::Batch& batch) {
  auto refusal = VerifyAgainstPlan(batch, *agent_, *plan_);
  if (refusal.has_value()) return LockAndRefuse(*std::move(refusal));
  v1::SignedBatch& signed_batch = message.signed_batch;
  const std::string body_hash = Sha256(signed_batch.batch());
  NewRecord entry;
  LogRecord& record = entry.record;
  record.agent_id = agent_->agent_id;
  record.first_seq = FirstSeq(batch);
  record.batch_seq = batch.batch_seq();
  record.prev_hash = batch.prev_hash();
  record.chain_hash = batch.has_tombstone() ? batch.tombstone().continues_from() : body_hash;
  record.round_time = absl::FromUnixMillis(batch.round_time_ms());
  // As the store keeps it, so that whoever reads the log makes the same round.
  record.receive_time = absl::FromUnixMillis(absl::ToUnixMillis(context_.clock.Now()));
  record.country = origin_.country;
  record.asn = origin_.asn;
  record.bucket = bucket_;
  record.batch = std::move(*signed_batch.mutable_batch());
  record.signature = std::move(*signed_batch.mutable_signature());
  record.key_generation = keys_->generation();
  entry.round = std::make_shared<const Round>(MakeRound(record, batch, &plan_->rounds, *agent_));
  entry.results = static_cast<size_t>(batch.observations_size());
  entry.listener = shared_from_this();

  const std::lock_guard lock(mutex_);
  // The agent is about to be told, or was, that its chain ends before this one.
  if (ended_) return;
  tail_ = {record.batch_seq, record.chain_hash};
  in_flight_.push_back({record.batch_seq, body_hash, std::exchange(message.charge, 0)});
  context_.writer.Enqueue(std::move(entry));
  ReadOrWait();
}

void Session::OnCommitted(size_t appended, size_t failed, const absl::Status& status) {
  size_t charge = 0;
  std::vector<std::function<void()>> drained;
  {
    const std::lock_guard lock(mutex_);
    const auto count = static_cast<std::ptrdiff_t>(appended + failed);
    const uint64_t first_failed = failed > 0 ? in_flight_[appended].seq : 0;
    if (appended > 0) stored_seq_ = in_flight_[appended - 1].seq;
    for (auto it = in_flight_.begin(); it != in_flight_.begin() + count; ++it) charge += it->charge;
    in_flight_.erase(in_flight_.begin(), in_flight_.begin() + count);
    if (appended > 0) Acknowledge();
    if (failed > 0) {
      ended_ = true;
      RefuseUnstored(first_failed, status);
    }
    if (std::exchange(waiting_to_drain_, false)) ReadOrWait();
    CloseIfDrained();
    drained = TakeDrained();
  }
  context_.budget.Release(appended + failed, charge);
  for (const std::function<void()>& then : drained) then();
}

void Session::Acknowledge() {
  if (closed_) return;
  v1::SubmitResponse response;
  response.mutable_ack()->set_last_seq(stored_seq_);
  stream_->Write(std::move(response));
}

}  // namespace sightline
