#include "collector/fold_loop.h"

#include <chrono>
#include <utility>

#include "collector/bucket.h"
#include "collector/log.h"
#include "collector/stored_verdicts.h"

namespace sightline {
namespace {

// Between two looks at the log when nobody calls.
constexpr std::chrono::milliseconds kPollInterval(500);
// Between two looks however often somebody calls: verdicts need not be newer.
constexpr std::chrono::milliseconds kPollIntervalMin(100);
// Between two looks at the stored verdicts.
constexpr absl::Duration kLookInterval = absl::Milliseconds(500);
constexpr absl::Duration kPlansInterval = absl::Seconds(2);
constexpr absl::Duration kDaysInterval = absl::Hours(1);
constexpr absl::Duration kDaysRetry = absl::Minutes(1);

}  // namespace

FoldLoop::FoldLoop(const FoldLoopParts& parts, const FoldLoopOptions& options)
    : parts_(parts),
      options_(options),
      lease_(parts.store, parts.steady_clock, kFoldLease, options.leader.node, options.lease) {
  Report(Look(/*now=*/true));
  thread_ = std::thread([this] { Run(); });
}

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

FoldState FoldLoop::State() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool FoldLoop::WaitForMore() {
  std::unique_lock lock(mutex_);
  // There is more in the log: whoever is behind does not rest.
  if (state_.leads && !state_.caught_up && state_.error.ok()) return !stopping_;
  if (wake_.wait_for(lock, kPollIntervalMin, [this] { return stopping_; })) return false;
  wake_.wait_for(lock, kPollInterval - kPollIntervalMin, [this] { return stopping_ || woken_; });
  woken_ = false;
  return !stopping_;
}

void FoldLoop::Report(const absl::Status& status) {
  const absl::Time now = parts_.clock.Now();
  const bool leads = lease_.Held();
  FoldState state;
  state.leads = leads;
  state.leader = lease_.holder();
  state.error = status;
  if (leads && leader_ != nullptr && begun_) {
    state.caught_up = leader_->follower().caught_up();
    state.lag = leader_->Lag(now);
  }
  parts_.metrics.fold_leader.Set(leads ? 1 : 0);
  parts_.metrics.fold_lag_seconds.Set(absl::ToDoubleSeconds(state.lag));
  bool was_leader = false;
  {
    const std::lock_guard lock(mutex_);
    was_leader = state_.leads;
    state_ = std::move(state);
  }
  if (leads != was_leader) {
    Log(LogLevel::kInfo, "fold", leads ? "leads" : "stands_by", {});
  }
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

absl::Status FoldLoop::KeepUp(absl::Time now) {
  const absl::Duration elapsed = parts_.steady_clock.Elapsed();
  if (elapsed >= days_not_before_) {
    const absl::Status status = parts_.store.PrepareDays(DayOf(now));
    // A backup holds the lock for as long as it takes. Batches are stored without a day of their
    // own, so that is no reason to stop.
    if (!status.ok() && !absl::IsAborted(status)) return status;
    if (!status.ok()) Log(LogLevel::kWarn, "fold", "days_later", {{"detail", status.ToString()}});
    days_not_before_ = elapsed + (status.ok() ? kDaysInterval : kDaysRetry);
  }
  if (elapsed >= plans_not_before_) {
    if (absl::Status status = parts_.plans.Refresh(); !status.ok()) return status;
    if (leader_ != nullptr && begun_) {
      if (absl::Status status = leader_->ReadPlans(); !status.ok()) return status;
    }
    plans_not_before_ = elapsed + kPlansInterval;
  }
  return absl::OkStatus();
}

absl::Status FoldLoop::Look(bool now) {
  const absl::Duration elapsed = parts_.steady_clock.Elapsed();
  if (!now && elapsed < look_not_before_) return absl::OkStatus();
  const std::shared_ptr<const PlanVersion> plan = parts_.plans.Current();
  if (plan == nullptr) return absl::OkStatus();
  look_not_before_ = elapsed + kLookInterval;
  return ShowStored(parts_.store, plan->plan, options_.leader.follow, parts_.board);
}

void FoldLoop::ShowDamage() {
  const std::shared_ptr<const PlanVersion> plan = parts_.plans.Current();
  if (plan == nullptr) return;
  // What was said rests on a log that is damaged: nobody should go on quoting it.
  for (const v1::CountryRegions& country : plan->plan.countries()) {
    parts_.board.Put(country.country(), absl::DataLossError("the collector's log is damaged; its "
                                                            "operator has to look at it"));
  }
}

absl::Status FoldLoop::TakeOffice() {
  const uint64_t term = lease_.record().term;
  // Whoever led in between wrote checkpoints that this memory knows nothing of.
  const bool same_office = term == term_ || term == term_ + 1;
  if (leader_ == nullptr || !same_office) {
    begun_ = false;
    leader_ = std::make_unique<FoldLeader>(
        FoldLeaderParts{parts_.store, parts_.regions, parts_.steady_clock, parts_.metrics,
                        parts_.recent},
        options_.leader);
  }
  term_ = term;
  if (begun_) return absl::OkStatus();
  const absl::Status status = leader_->Begin([this] { (void)lease_.Tick(); });
  begun_ = status.ok();
  return status;
}

absl::Status FoldLoop::Lead(absl::Time now) {
  if (absl::Status status = TakeOffice(); !status.ok()) return status;
  const absl::Status status = leader_->Turn(now, lease_.record());
  if (absl::IsFailedPrecondition(status)) leader_ = nullptr;
  damaged_ = absl::IsDataLoss(status);
  return status;
}

absl::Status FoldLoop::Step() {
  const absl::Time now = parts_.clock.Now();
  const absl::Status beaten = lease_.Tick();
  const absl::Status kept = KeepUp(now);
  absl::Status led;
  if (lease_.Held()) {
    led = Lead(now);
  } else {
    damaged_ = false;
  }
  if (damaged_) {
    ShowDamage();
    return led;
  }
  // Only now, so that the board never shows what the store has not.
  const bool news = leader_ != nullptr && led.ok() && lease_.Held() && leader_->published() > 0;
  const absl::Status shown = Look(news);
  if (!led.ok()) return led;
  if (!beaten.ok()) return beaten;
  if (!kept.ok()) return kept;
  return shown;
}

void FoldLoop::Run() {
  do {
    Report(Step());
  } while (WaitForMore());
  if (lease_.Held() && leader_ != nullptr && begun_) {
    const absl::Status saved = leader_->End(lease_.record());
    if (!saved.ok()) {
      Log(LogLevel::kWarn, "fold", "no_last_checkpoint", {{"detail", saved.ToString()}});
    }
  }
  const absl::Status released = lease_.Release();
  if (!released.ok()) {
    Log(LogLevel::kWarn, "fold", "lease_kept", {{"detail", released.ToString()}});
  }
}

}  // namespace sightline
