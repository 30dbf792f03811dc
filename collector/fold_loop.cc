#include "collector/fold_loop.h"

#include <chrono>
#include <memory>
#include <utility>

#include "collector/log.h"

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

void FoldLoop::Report(const absl::Status& status) {
  const std::string error = status.ok() ? std::string() : status.ToString();
  // A lasting error is said once, not twice a second.
  if (error == last_error_) return;
  if (error.empty()) {
    Log(LogLevel::kInfo, "fold", "goes_on", {});
  } else {
    Log(LogLevel::kError, "fold", "stopped", {{"detail", error}});
  }
  last_error_ = error;
}

void FoldLoop::Publish(const Follower& follower, const v1::Plan& plan, absl::Time now) {
  for (const v1::CountryRegions& country : plan.countries()) {
    absl::StatusOr<v1::GetSummaryResponse> summary = follower.Summary(country.country(), now);
    if (summary.ok()) {
      board_.Put(country.country(),
                 std::make_shared<const v1::GetSummaryResponse>(*std::move(summary)));
    } else {
      board_.Put(country.country(), summary.status());
    }
  }
}

void FoldLoop::Run() {
  Follower follower(store_, regions_, options_);
  absl::Time published_window = absl::InfinitePast();
  std::shared_ptr<const PlanVersion> published_plan;
  bool changed = false;
  do {
    const absl::Time now = clock_.Now();
    const absl::StatusOr<size_t> read = follower.Poll(now);
    Report(read.status());
    const std::shared_ptr<const PlanVersion> plan = plans_.Current();
    if (plan == nullptr) continue;
    if (absl::IsDataLoss(read.status())) {
      // What was said rests on a log that is damaged: nobody should go on quoting it.
      for (const v1::CountryRegions& country : plan->plan.countries()) {
        board_.Put(country.country(), absl::DataLossError("the collector's log is damaged; its "
                                                          "operator has to look at it"));
      }
      published_plan = nullptr;
    }
    if (!read.ok()) continue;
    changed = changed || *read > 0;
    // A verdict on half of the log would be wrong: first catch up.
    if (*read >= options_.poll_records_max) continue;
    const absl::Time window = follower.NewestWindow(now);
    if (!changed && window == published_window && plan == published_plan) continue;
    Publish(follower, plan->plan, now);
    changed = false;
    published_window = window;
    published_plan = plan;
  } while (WaitForMore());
}

}  // namespace sightline
