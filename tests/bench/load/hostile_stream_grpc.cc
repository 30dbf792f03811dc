#include "tests/bench/load/hostile_stream_grpc.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/message.h"
#include "common/peer_certificate_grpc.h"
#include "common/wire.h"
#include "sightline/v1/ingest.pb.h"
#include "tests/bench/load/channel_grpc.h"

namespace sightline::load {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr size_t kHugeBlocks = 64;

grpc::ByteBuffer Huge() {
  static const std::string kBlock(kBlockBytes, 'x');
  const std::vector<grpc::Slice> slices(
      kHugeBlocks, grpc::Slice(kBlock.data(), kBlock.size(), grpc::Slice::STATIC_SLICE));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

grpc::ByteBuffer Copy(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

bool SaysHello(HostileMode mode) {
  return mode != HostileMode::kHuge && mode != HostileMode::kTiny && mode != HostileMode::kNoHello;
}

}  // namespace

HostileStream::HostileStream(HostileMode mode, const DataFile& data, uint32_t agent,
                             std::shared_ptr<grpc::Channel> channel, Listener& listener)
    : mode_(mode), data_(data), agent_(agent), channel_(std::move(channel)), listener_(listener) {}

void HostileStream::Start() {
  grpc::GenericStub(channel_).PrepareBidiStreamingCall(&context_, kSubmitMethod, {}, this);
  {
    const std::lock_guard lock(mutex_);
    StartRead(&incoming_);
    if (mode_ == HostileMode::kHuge || mode_ == HostileMode::kTiny) {
      flooding_ = true;
      SendNext();
    }
  }
  StartCall();
}

void HostileStream::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  context_.TryCancel();
}

void HostileStream::OnReadDone(bool ok) {
  const std::lock_guard lock(mutex_);
  if (!ok) return;
  Handle();
  // A slow reader looks at nothing after the welcome.
  if (mode_ == HostileMode::kSlowReader && flooding_) return;
  StartRead(&incoming_);
}

void HostileStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  if (!ok || cancelled_) return;
  ++counts_.messages;
  counts_.bytes += outgoing_.Length();
  if (flooding_) SendNext();
}

void HostileStream::OnDone(const grpc::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    if (!cancelled_) {
      if (end_.empty()) {
        end_ = absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code()));
      }
      ++counts_.ends[end_];
    }
  }
  listener_.OnOver(*this);
}

void HostileStream::Handle() {
  grpc::Slice slice;
  v1::SubmitResponse response;
  if (!incoming_.DumpToSingleSlice(&slice).ok() ||
      !response.ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return;
  }
  if (response.has_refusal()) {
    end_ = ShortName(response.refusal().reason());
    flooding_ = false;
  } else if (response.has_challenge() && SaysHello(mode_)) {
    SayHello(response.challenge().nonce());
  } else if (response.has_welcome()) {
    next_seq_ = response.welcome().last_seq() + 1;
    flooding_ = true;
    SendNext();
  }
}

void HostileStream::SayHello(absl::string_view nonce) {
  const DataAgent agent = data_.Agent(agent_);
  const auto key = SigningKey::FromPem(agent.key_pem);
  if (!key.ok()) return;
  v1::SubmitRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_agent_id(key->public_key().Id());
  hello.set_plan_version(data_.shape().plan_version);
  std::string signature = key->Sign(
      kHelloDomain,
      HelloPayload(nonce, hello.agent_id(), hello.plan_version(), PeerCertificateHash(context_)));
  if (mode_ == HostileMode::kBadHello) signature[0] = static_cast<char>(signature[0] ^ 1);
  hello.set_signature(signature);
  Write(Copy(request.SerializeAsString()));
}

void HostileStream::SendNext() {
  // The welcome may be read before gRPC says that the hello is written.
  if (!writing_) Write(NextMessage());
}

grpc::ByteBuffer HostileStream::NextMessage() {
  if (mode_ == HostileMode::kHuge) return Huge();
  if (mode_ == HostileMode::kTiny) return Copy("");
  if (mode_ == HostileMode::kTinyEnrolled) {
    v1::SubmitRequest request;
    request.mutable_plan_refusal()->set_reason(v1::PLAN_REFUSAL_REASON_NOT_NEWER);
    return Copy(request.SerializeAsString());
  }
  const uint64_t last = data_.shape().batches_per_agent;
  const uint64_t seq = mode_ == HostileMode::kReplay ? 1 : std::min(next_seq_++, last);
  std::string request(data_.Request(agent_, seq));
  // The signature is last.
  if (mode_ == HostileMode::kBadSignature) request.back() = static_cast<char>(request.back() ^ 1);
  return Copy(request);
}

void HostileStream::Write(grpc::ByteBuffer message) {
  outgoing_ = std::move(message);
  writing_ = true;
  StartWrite(&outgoing_);
}

}  // namespace sightline::load
