#include "tests/bench/load/hostile_grpc.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/lifetime_grpc.h"
#include "tests/bench/load/channel_grpc.h"
#include "tests/bench/load/json.h"
#include "tests/bench/load/prepare.h"

namespace sightline::load {
namespace {

constexpr size_t kOtherFiles = 64;

// Keeps `streams` hostile streams running. One thread drives.
class Crowd : public HostileStream::Listener {
 public:
  Crowd(const HostileOptions& options, const DataFile& data, const Dialler& dialler)
      : options_(options), data_(data), dialler_(dialler) {}

  void Run() {
    const absl::Time deadline = absl::Now() + absl::Seconds(options_.seconds);
    for (int i = 0; i < options_.streams; ++i) {
      const uint32_t agents = data_.shape().agents - options_.first_agent;
      Launch(options_.first_agent + static_cast<uint32_t>(i) % agents, nullptr);
    }
    while (absl::Now() < deadline) Reap(deadline, true);
    for (auto& [raw, stream] : active_) stream->Cancel();
    while (!active_.empty()) Reap(absl::InfiniteFuture(), false);
  }

  void OnOver(HostileStream& stream) override {
    const std::lock_guard lock(mutex_);
    over_.push_back(&stream);
    wake_.notify_one();
  }

  void Print() const {
    absl::PrintF(
        R"({"streams": %d, "connects": %d, "messages": %d, "bytes": %d, "messages_per_s": %.0f, )"
        R"("mb_per_s": %.1f, "ends": %s})"
        "\n",
        streams_, connects_, counts_.messages, counts_.bytes,
        static_cast<double>(counts_.messages) / options_.seconds,
        static_cast<double>(counts_.bytes) / 1e6 / options_.seconds, ToJson(counts_.ends));
  }

 private:
  void Launch(uint32_t agent, std::shared_ptr<grpc::Channel> channel) {
    if (channel == nullptr) {
      channel = dialler_.Dial(data_.Agent(agent).address);
      ++connects_;
    }
    ++streams_;
    auto stream =
        std::make_unique<HostileStream>(options_.mode, data_, agent, std::move(channel), *this);
    HostileStream* raw = stream.get();
    active_.emplace(raw, std::move(stream));
    raw->Start();
  }

  // Waits for streams to end, and begins others in their place.
  void Reap(absl::Time until, bool again) {
    std::vector<HostileStream*> over;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, absl::ToChronoTime(until), [this] { return !over_.empty(); });
      over.swap(over_);
    }
    for (HostileStream* stream : over) {
      counts_.messages += stream->counts().messages;
      counts_.bytes += stream->counts().bytes;
      for (const auto& [end, count] : stream->counts().ends) counts_.ends[end] += count;
      const uint32_t agent = stream->agent();
      std::shared_ptr<grpc::Channel> channel;
      if (options_.keep_connections && stream->counts().ends.count("UNAVAILABLE") == 0) {
        channel = stream->channel();
      }
      active_.erase(stream);
      if (again) Launch(agent, std::move(channel));
    }
  }

  const HostileOptions& options_;
  const DataFile& data_;
  const Dialler& dialler_;
  std::unordered_map<HostileStream*, std::unique_ptr<HostileStream>> active_;
  HostileCounts counts_;
  uint64_t streams_ = 0;
  uint64_t connects_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<HostileStream*> over_;  // guarded by mutex_
};

}  // namespace

const std::map<std::string, HostileMode>& HostileModes() {
  static const std::map<std::string, HostileMode> kModes = {
      {"huge", HostileMode::kHuge},
      {"tiny", HostileMode::kTiny},
      {"tiny-enrolled", HostileMode::kTinyEnrolled},
      {"replay", HostileMode::kReplay},
      {"slow-reader", HostileMode::kSlowReader},
      {"no-hello", HostileMode::kNoHello},
      {"bad-hello", HostileMode::kBadHello},
      {"bad-signature", HostileMode::kBadSignature}};
  return kModes;
}

absl::Status RunHostile(const HostileOptions& options) {
  const auto data = DataFile::Open(absl::StrCat(options.folder, "/", kDataName));
  if (!data.ok()) return data.status();
  if (options.first_agent >= (*data)->shape().agents) {
    return absl::InvalidArgumentError("--first-agent: there are not as many agents");
  }
  const absl::Status files = RaiseFileLimit(static_cast<size_t>(options.streams) + kOtherFiles);
  if (!files.ok()) return files;
  const GrpcLifetime grpc;
  // A slow reader leaves no room for what it does not read.
  const auto dialler =
      MakeDialler(options.folder, options.collector, options.mode == HostileMode::kSlowReader);
  if (!dialler.ok()) return dialler.status();
  Crowd crowd(options, **data, *dialler);
  crowd.Run();
  crowd.Print();
  return absl::OkStatus();
}

}  // namespace sightline::load
