#include "collector/fold_loop.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace sightline {
namespace {

// Between two looks at the log when nobody calls.
constexpr std::chrono::milliseconds kPollInterval(500);
// Between two looks however often somebody calls: verdicts need not be newer.
constexpr std::chrono::milliseconds kPollIntervalMin(100);

}  // namespace

FoldLoop::FoldLoop(Store& store, PlanBook& plans, const RegionNames& regions, const Clock& clock,
                   const FollowerOptions& options, Board& board)
    : store_(store),
      plans_(plans),
      regions_(regions),
      clock_(clock),
      options_(options),
      board_(board),
      thread_([this] { Run(); }) {}

FoldLoop::~FoldLoop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void FoldLoop::Wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

bool FoldLoop::WaitForMore() {
  std::unique_lock lock(mutex_);
  if (wake_.wait_for(lock, kPollIntervalMin, [this] { return stopping_; })) return false;
  wake_.wait_for(lock, kPollInterval - kPollIntervalMin, [this] { return stopping_ || woken_; });
  woken_ = false;
  return !stopping_;
}

void FoldLoop::Run() {
  Follower follower(store_, regions_, options_);
  std::string last_error;
  do {
    const absl::StatusOr<size_t> read = follower.Poll(clock_.Now());
    const std::string error = read.ok() ? std::string() : read.status().ToString();
    // A lasting error is said once, not twice a second.
    if (error != last_error && !error.empty()) spdlog::error("fold: cannot go on: {}", error);
    if (error != last_error && error.empty()) spdlog::info("fold: goes on");
    last_error = error;
    // A verdict on half of the log would be wrong: first catch up.
    if (!read.ok() || *read >= options_.poll_records_max) continue;
    const std::shared_ptr<const PlanVersion> current = plans_.Current();
    if (current == nullptr) continue;
    for (const v1::CountryRegions& country : current->plan.countries()) {
      absl::StatusOr<v1::GetSummaryResponse> summary =
          follower.Summary(country.country(), clock_.Now());
      board_.Put(
          country.country(),
          summary.ok()
              ? Board::Summary(std::make_shared<const v1::GetSummaryResponse>(*std::move(summary)))
              : Board::Summary(summary.status()));
    }
  } while (WaitForMore());
}

}  // namespace sightline
