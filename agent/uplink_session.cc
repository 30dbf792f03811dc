#include "agent/uplink_session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/message.h"
#include "common/wire.h"

namespace sightline::agent {

bool IsPermanent(v1::RefusalReason reason) {
  switch (reason) {
    case v1::REFUSAL_REASON_UNKNOWN_AGENT:
    case v1::REFUSAL_REASON_REVOKED_AGENT:
    case v1::REFUSAL_REASON_BAD_SIGNATURE:
    case v1::REFUSAL_REASON_MALFORMED:
    case v1::REFUSAL_REASON_WRONG_AGENT:
    case v1::REFUSAL_REASON_EQUIVOCATION:
    case v1::REFUSAL_REASON_UNKNOWN_REGION:
    case v1::REFUSAL_REASON_TOO_LARGE:
      return true;
    default:
      return false;
  }
}

std::vector<v1::SubmitRequest> UplinkSession::OnMessage(const v1::SubmitResponse& message) {
  out_.clear();
  if (state() != SessionState::kWaiting) return {};
  if (message.has_refusal()) {
    const v1::Refusal& refusal = message.refusal();
    result_.refusal = refusal;
    End(SessionState::kRefused,
        absl::StrCat(ShortName(refusal.reason()), ": ", refusal.detail(),
                     refusal.batch_seq() == 0
                         ? std::string()
                         : absl::StrCat(" (batch ", refusal.batch_seq(), ")")));
  } else if (step_ == Step::kChallenge && message.has_challenge()) {
    OnChallenge(message.challenge());
  } else if (step_ == Step::kWelcome && message.has_welcome()) {
    OnWelcome(message.welcome());
  } else if (step_ == Step::kBatches && message.has_ack()) {
    OnAck(message.ack());
  } else {
    End(SessionState::kFailed, "the collector sent a message out of turn");
  }
  return std::move(out_);
}

void UplinkSession::OnChallenge(const v1::Challenge& challenge) {
  // A nonce of another length could make the signed bytes mean something else.
  if (challenge.nonce().size() != kHashBytes) {
    return End(SessionState::kFailed, "the collector's challenge does not have 32 bytes");
  }
  if (certificate_hash_.size() != kHashBytes) {
    return End(SessionState::kFailed, "the connection shows no certificate of the collector");
  }
  v1::SubmitRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_agent_id(agent_id_);
  hello.set_plan_version(plans_.version());
  hello.set_signature(key_.Sign(
      kHelloDomain,
      HelloPayload(challenge.nonce(), hello.agent_id(), hello.plan_version(), certificate_hash_)));
  Send(std::move(request));
  step_ = Step::kWelcome;
}

void UplinkSession::OnWelcome(const v1::Welcome& welcome) {
  result_.welcomed = true;
  step_ = Step::kBatches;
  if (welcome.has_server_time()) {
    result_.clock_offset = clock_.Now() - FromProto(welcome.server_time());
  }
  if (welcome.has_plan()) TakePlan(welcome.plan());
  if (!Resume(welcome)) return;
  SendBatches();
}

void UplinkSession::TakePlan(const v1::SignedPlan& offered) {
  auto refusal = plans_.Offer(offered);
  if (!refusal.ok()) {
    // The old plan stays; the collector offers the new one again next time.
    v1::PlanRefusal unsaved;
    unsaved.set_detail(absl::StrCat("cannot save the plan: ", refusal.status().message()));
    result_.plan_refusal = std::move(unsaved);
    return;
  }
  if (!refusal->has_value()) {
    result_.took_plan = true;
    return;
  }
  result_.plan_refusal = **refusal;
  v1::SubmitRequest request;
  *request.mutable_plan_refusal() = **std::move(refusal);
  Send(std::move(request));
}

bool UplinkSession::Resume(const v1::Welcome& welcome) {
  const SpoolTotals totals = spool_.totals();
  if (welcome.last_seq() < totals.acked.seq) {
    End(SessionState::kDiverged,
        absl::StrCat("the collector holds batches up to ", welcome.last_seq(),
                     " although it acknowledged ", totals.acked.seq,
                     ": its store lost data or is another one; nothing is sent. The operator must "
                     "restore the store, or give a new invite"));
    return false;
  }
  const std::string head =
      welcome.last_seq() == 0 && welcome.head().empty() ? GenesisHash() : welcome.head();
  const std::optional<ChainPoint> point = spool_.PointAt(welcome.last_seq());
  if (!point || point->head != head) {
    End(SessionState::kDiverged,
        absl::StrCat("the collector holds batches up to ", welcome.last_seq(),
                     " that are not those of this folder, which has ", totals.acked.seq + 1, " to ",
                     totals.tail.seq,
                     ": the folder was restored from a copy or its key is used twice; nothing is "
                     "sent. Enrol anew in an empty folder with a new invite"));
    return false;
  }
  if (absl::Status status = spool_.Acknowledge(point->seq); !status.ok()) {
    End(SessionState::kFailed, std::string(status.message()));
    return false;
  }
  result_.batches_acked += point->seq - totals.acked.seq;
  sent_seq_ = point->seq;
  return true;
}

void UplinkSession::OnAck(const v1::Ack& ack) {
  const SpoolTotals totals = spool_.totals();
  if (ack.last_seq() < totals.acked.seq || ack.last_seq() > sent_seq_) {
    return End(SessionState::kFailed,
               absl::StrCat("the collector acknowledged batch ", ack.last_seq(), ", but ",
                            totals.acked.seq, " to ", sent_seq_, " were sent"));
  }
  if (absl::Status status = spool_.Acknowledge(ack.last_seq()); !status.ok()) {
    return End(SessionState::kFailed, std::string(status.message()));
  }
  result_.batches_acked += ack.last_seq() - totals.acked.seq;
  while (!in_flight_.empty() && in_flight_.front() <= ack.last_seq()) in_flight_.pop_front();
  SendBatches();
}

void UplinkSession::SendBatches() {
  const size_t room = kBatchesInFlightMax - in_flight_.size();
  const auto batches = spool_.ReadAfter(sent_seq_, room);
  if (!batches.ok()) return End(SessionState::kFailed, std::string(batches.status().message()));
  for (const v1::SignedBatch& signed_batch : *batches) {
    v1::Batch batch;
    if (!batch.ParseFromString(signed_batch.batch())) {
      return End(SessionState::kFailed, "a batch in the spool is unreadable; restart the agent");
    }
    sent_seq_ = batch.batch_seq();
    in_flight_.push_back(sent_seq_);
    v1::SubmitRequest request;
    *request.mutable_batch() = signed_batch;
    Send(std::move(request));
  }
  if (in_flight_.empty()) End(SessionState::kDone, "");
}

void UplinkSession::Send(v1::SubmitRequest request) {
  result_.bytes_sent += request.ByteSizeLong();
  out_.push_back(std::move(request));
}

void UplinkSession::End(SessionState state, std::string detail) {
  result_.state = state;
  result_.detail = std::move(detail);
}

}  // namespace sightline::agent
