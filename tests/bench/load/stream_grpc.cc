#include "tests/bench/load/stream_grpc.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/message.h"
#include "common/peer_certificate_grpc.h"
#include "common/wire.h"
#include "tests/bench/load/channel_grpc.h"

namespace sightline::load {
namespace {

// Refers to bytes that outlive the call.
grpc::ByteBuffer Borrow(absl::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size(), grpc::Slice::STATIC_SLICE);
  return grpc::ByteBuffer(&slice, 1);
}

bool Parse(grpc::ByteBuffer& buffer, v1::SubmitResponse& response) {
  grpc::Slice slice;
  if (!buffer.TrySingleSlice(&slice).ok() && !buffer.DumpToSingleSlice(&slice).ok()) return false;
  return response.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

}  // namespace

void Counts::Merge(const Counts& other) {
  batches += other.batches;
  welcomed += other.welcomed;
  for (const auto& [reason, count] : other.refusals) refusals[reason] += count;
  for (const auto& [code, count] : other.errors) errors[code] += count;
  acks.Merge(other.acks);
  last_ack = std::max(last_ack, other.last_ack);
}

Stream::Stream(const DataFile& data, StreamTask task, std::shared_ptr<grpc::Channel> channel,
               Listener& listener)
    : data_(data), task_(task), channel_(std::move(channel)), listener_(listener) {}

void Stream::Start() {
  context_.set_wait_for_ready(false);
  grpc::GenericStub(channel_).PrepareBidiStreamingCall(&context_, kSubmitMethod, {}, this);
  // Offer writes from another thread than gRPC's.
  AddHold();
  StartRead(&incoming_);
  StartCall();
}

bool Stream::Offer(absl::Time due) {
  const std::lock_guard lock(mutex_);
  if (over_ || closed_) return false;
  if (welcomed_ && next_seq_ + offers_.size() > last_seq_) return false;
  offers_.push_back(due);
  Pump();
  return true;
}

void Stream::Stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  Pump();
}

void Stream::OnReadDone(bool ok) {
  bool welcomed = false;
  {
    const std::lock_guard lock(mutex_);
    if (!ok) {
      over_ = true;
      return Release();
    }
    const bool before = welcomed_;
    if (Parse(incoming_, response_)) {
      Handle(response_);
    } else {
      ++counts_.errors["UNREADABLE"];
      context_.TryCancel();
    }
    welcomed = welcomed_ && !before;
  }
  if (welcomed) listener_.OnWelcome(*this);
  StartRead(&incoming_);
}

void Stream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  if (ok) Pump();
}

void Stream::OnDone(const grpc::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    clean_ = status.ok() && closed_ && in_flight_.empty();
    if (!status.ok()) {
      ++counts_.errors[absl::StrCat(
          absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code())), ": ",
          status.error_message())];
    }
  }
  listener_.OnOver(*this);
}

void Stream::Handle(const v1::SubmitResponse& response) {
  switch (response.message_case()) {
    case v1::SubmitResponse::kAck:
      OnAck(response.ack().last_seq());
      return Pump();
    case v1::SubmitResponse::kChallenge:
      return SayHello(response.challenge().nonce());
    case v1::SubmitResponse::kWelcome:
      welcomed_ = true;
      ++counts_.welcomed;
      held_ = response.welcome().last_seq();
      next_seq_ = held_ + 1;
      last_seq_ = std::min<uint64_t>(data_.shape().batches_per_agent, held_ + task_.batches_max);
      return Pump();
    case v1::SubmitResponse::kRefusal:
      ++counts_.refusals[ShortName(response.refusal().reason())];
      stopping_ = true;
      return;
    case v1::SubmitResponse::MESSAGE_NOT_SET:
      return;
  }
}

void Stream::SayHello(absl::string_view nonce) {
  const DataAgent agent = data_.Agent(task_.agent);
  const auto key = SigningKey::FromPem(agent.key_pem);
  if (!key.ok()) return context_.TryCancel();
  v1::SubmitRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_agent_id(key->public_key().Id());
  hello.set_plan_version(data_.shape().plan_version);
  hello.set_signature(key->Sign(
      kHelloDomain,
      HelloPayload(nonce, hello.agent_id(), hello.plan_version(), PeerCertificateHash(context_))));
  const grpc::Slice slice(request.SerializeAsString());
  outgoing_ = grpc::ByteBuffer(&slice, 1);
  writing_ = true;
  StartWrite(&outgoing_);
}

void Stream::OnAck(uint64_t last_seq) {
  const absl::Time now = absl::Now();
  while (held_ < last_seq && !in_flight_.empty()) {
    const absl::Time due = in_flight_.front();
    if (due >= task_.record_from) counts_.acks.Add(now - due);
    in_flight_.pop_front();
    ++held_;
    ++counts_.batches;
  }
  counts_.last_ack = now;
}

bool Stream::MaySend() const {
  return !stopping_ && next_seq_ <= last_seq_ && in_flight_.size() < task_.window &&
         (!task_.paced || !offers_.empty());
}

void Stream::Pump() {
  if (!welcomed_ || writing_ || closed_ || over_) return;
  if (!task_.idle && MaySend()) {
    outgoing_ = Borrow(data_.Request(task_.agent, next_seq_));
    ++next_seq_;
    if (task_.paced) {
      in_flight_.push_back(offers_.front());
      offers_.pop_front();
    } else {
      in_flight_.push_back(absl::Now());
    }
    writing_ = true;
    return StartWrite(&outgoing_);
  }
  const bool finished = stopping_ || (!task_.idle && next_seq_ > last_seq_);
  if (finished && in_flight_.empty()) {
    closed_ = true;
    StartWritesDone();
    Release();
  }
}

void Stream::Release() {
  if (!held_open_) return;
  held_open_ = false;
  RemoveHold();
}

}  // namespace sightline::load
