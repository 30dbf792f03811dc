#include "collector/intake.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sightline {
namespace {

// They wait most of the time.
constexpr int kStoreThreads = 4;
constexpr std::chrono::milliseconds kLobbyPeriod(250);
constexpr int kLobbyPeriodsPerTick = 4;

int CpuThreads() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

}  // namespace

Intake::Intake(Store& store, PlanBook& plans, BucketKeys& bucket_keys, RecentLog& recent,
               const CertificateHashes& certificates, const Clock& clock, Metrics& metrics,
               const IntakeOptions& options, std::function<void()> on_commit)
    : clock_(clock),
      streams_(options.streams_max, metrics),
      cpu_workers_(CpuThreads()),
      store_workers_(kStoreThreads),
      session_context_{
          store,
          plans,
          bucket_keys,
          writer_,
          budget_,
          streams_,
          guard_,
          certificates,
          metrics,
          clock,
          [this](std::function<void()> work) { cpu_workers_.Post(std::move(work)); },
          [this](std::function<void()> work) { store_workers_.Post(std::move(work)); }},
      writer_(store, options.node, recent, metrics, std::move(on_commit)),
      agent_watch_(store, streams_),
      ticker_([this] { RunTicker(); }) {}

Intake::~Intake() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  ticker_.join();
  // What is verified may go on to the store, and from both into the writer, which ends next.
  cpu_workers_.Stop();
  store_workers_.Stop();
}

void Intake::RunTicker() {
  std::unique_lock lock(mutex_);
  for (int period = 1; !stopping_; ++period) {
    lock.unlock();
    const absl::Time now = clock_.Now();
    streams_.EndLate(now);
    if (period % kLobbyPeriodsPerTick == 0) streams_.Tick(now);
    lock.lock();
    wake_.wait_for(lock, kLobbyPeriod, [this] { return stopping_; });
  }
}

}  // namespace sightline
