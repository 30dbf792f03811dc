#include "collector/chronicle_loop.h"

#include <chrono>
#include <memory>

#include "collector/log.h"

namespace sightline {
namespace {

constexpr std::chrono::milliseconds kInterval(500);

}  // namespace

ChronicleLoop::ChronicleLoop(Chronicle& chronicle, const PlanBook& plans, const Clock& clock)
    : chronicle_(chronicle), plans_(plans), clock_(clock) {
  thread_ = std::thread([this] { Run(); });
}

ChronicleLoop::~ChronicleLoop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool ChronicleLoop::Add(Watcher& watcher) {
  const std::lock_guard lock(mutex_);
  if (watchers_.size() >= kWatchersMax) return false;
  watchers_.insert(&watcher);
  return true;
}

void ChronicleLoop::Remove(Watcher& watcher) {
  const std::lock_guard lock(mutex_);
  watchers_.erase(&watcher);
}

void ChronicleLoop::Report(const absl::Status& status) {
  const std::string error = status.ok() ? std::string() : status.ToString();
  // A lasting error is said once, not twice a second.
  if (error == last_error_) return;
  if (error.empty()) {
    Log(LogLevel::kInfo, "chronicle", "goes_on", {});
  } else {
    Log(LogLevel::kWarn, "chronicle", "stopped", {{"detail", error}});
  }
  last_error_ = error;
}

void ChronicleLoop::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const std::shared_ptr<const PlanVersion> plan = plans_.Current();
    if (plan != nullptr) Report(chronicle_.Refresh(plan->plan));
    lock.lock();
    // Also when the store does not answer: heartbeats go on.
    const absl::Time now = clock_.Now();
    for (Watcher* watcher : watchers_) watcher->Poke(now);
    wake_.wait_for(lock, kInterval, [this] { return stopping_; });
  }
}

}  // namespace sightline
