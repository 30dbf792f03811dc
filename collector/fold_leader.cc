#include "collector/fold_leader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/bucket.h"
#include "collector/log.h"

namespace sightline {
namespace {

// Between two attempts to write a checkpoint, when the store refuses.
constexpr absl::Duration kSaveRetry = absl::Seconds(1);
constexpr absl::Duration kDropInterval = absl::Hours(1);

}  // namespace

FoldLeader::FoldLeader(const FoldLeaderParts& parts, const FoldLeaderOptions& options)
    : store_(parts.store),
      clock_(parts.steady_clock),
      metrics_(parts.metrics),
      options_(options),
      follower_(parts.store, parts.regions, options.follow),
      publisher_(parts.store, parts.steady_clock, options.publish, options.follow.window_length),
      storefronts_(parts.store, options.follow.window_length),
      saved_at_(parts.steady_clock.Elapsed()) {
  follower_.UseRounds([this](const Round& round) { storefronts_.Hear(round); });
  if (parts.recent == nullptr) return;
  follower_.UseRecent(options.node, [recent = parts.recent](uint64_t after, size_t limit) {
    std::vector<std::shared_ptr<const Round>> rounds;
    for (RecentRound& each : recent->ReadAfter(after, limit)) rounds.push_back(each.round);
    return rounds;
  });
}

absl::Status FoldLeader::Begin(absl::FunctionRef<void()> between) {
  const absl::Status plans = follower_.ReadPlans().status();
  // Plans that are damaged are for Turn to report.
  if (!plans.ok() && !absl::IsDataLoss(plans)) return plans;
  if (absl::Status status = publisher_.Load(follower_, between); !status.ok()) return status;
  const absl::Status loaded = follower_.Load(between);
  if (absl::IsDataLoss(loaded)) {
    Log(LogLevel::kWarn, "fold", "checkpoint_ignored",
        {{"detail", absl::StrCat("begins with the log: ", loaded.ToString())}});
    return absl::OkStatus();
  }
  if (absl::IsNotFound(loaded)) return absl::OkStatus();
  // Whether they were published as they are here is not known.
  if (loaded.ok()) publisher_.Mark(follower_.fold().Starts());
  return loaded;
}

absl::Status FoldLeader::Turn(absl::Time now, const LeaseRecord& held) {
  published_ = 0;
  const absl::StatusOr<size_t> read = follower_.Poll(now);
  records_unsaved_ += CountRecords();
  const std::vector<absl::Time> changed = follower_.TakeChanged();
  publisher_.Mark(changed);
  unsaved_.insert(changed.begin(), changed.end());
  if (!read.ok()) return read.status();
  if (absl::Status status = Publish(held); !status.ok()) return status;
  if (absl::Status status = WriteStorefrontNotes(); !status.ok()) return status;
  follower_.Forget(publisher_.OldestWaiting());
  metrics_.fold_windows.Set(static_cast<double>(follower_.fold().size()));
  if (CheckpointIsDue()) {
    if (absl::Status status = WriteCheckpoint(held); !status.ok()) return status;
  }
  return DropDays(now);
}

absl::Status FoldLeader::Publish(const LeaseRecord& held) {
  const absl::StatusOr<size_t> published = publisher_.Publish(follower_, kFoldLease, held);
  if (published.ok()) published_ = *published;
  return published.status();
}

absl::Status FoldLeader::WriteStorefrontNotes() {
  const absl::Time now = follower_.read_until();
  if (now == absl::InfinitePast()) return absl::OkStatus();
  const v1::Plan* plan = follower_.PlanAt(now);
  if (plan == nullptr) return absl::OkStatus();
  return storefronts_.Write(follower_.NewestWindow(now), *plan, follower_.Countries());
}

absl::Status FoldLeader::ReadPlans() {
  const absl::StatusOr<bool> found = follower_.ReadPlans();
  if (found.ok() && *found) publisher_.Mark(follower_.fold().Starts());
  return found.status();
}

bool FoldLeader::CheckpointIsDue() const {
  if (records_unsaved_ == 0 || !follower_.MayCheckpoint()) return false;
  const absl::Duration elapsed = clock_.Elapsed();
  if (elapsed < save_not_before_) return false;
  return records_unsaved_ >= options_.checkpoint.records ||
         elapsed >= saved_at_ + options_.checkpoint.interval;
}

absl::Status FoldLeader::WriteCheckpoint(const LeaseRecord& held) {
  const absl::Duration begun = clock_.Elapsed();
  const FoldCheckpoint checkpoint = follower_.Checkpoint(unsaved_);
  const absl::Status written = store_.WriteFold(kFoldLease, held, {.checkpoint = &checkpoint});
  saved_at_ = clock_.Elapsed();
  const absl::Duration took = saved_at_ - begun;
  const double share = options_.checkpoint.time_share_max;
  save_not_before_ = saved_at_ + took * ((1 - share) / share);
  metrics_.checkpoint_seconds.Observe(absl::ToDoubleSeconds(took));
  if (!written.ok()) {
    save_not_before_ = std::max(save_not_before_, saved_at_ + kSaveRetry);
    return written;
  }
  unsaved_.clear();
  records_unsaved_ = 0;
  return absl::OkStatus();
}

absl::Status FoldLeader::End(const LeaseRecord& held) {
  if (records_unsaved_ == 0 || !follower_.MayCheckpoint()) return absl::OkStatus();
  return WriteCheckpoint(held);
}

absl::Status FoldLeader::DropDays(absl::Time now) {
  if (!options_.keep_log || !follower_.caught_up() || clock_.Elapsed() < drop_not_before_) {
    return absl::OkStatus();
  }
  drop_not_before_ = clock_.Elapsed() + kDropInterval;
  const int64_t day = std::min(follower_.FinalDay(), DayOf(now - *options_.keep_log));
  if (day <= dropped_before_) return absl::OkStatus();
  if (absl::Status status = store_.DropDaysBefore(day); !status.ok()) return status;
  dropped_before_ = day;
  Log(LogLevel::kInfo, "fold", "days_dropped",
      {{"before", absl::FormatTime("%Y-%m-%d", absl::UnixEpoch() + day * absl::Hours(24),
                                   absl::UTCTimeZone())}});
  return absl::OkStatus();
}

absl::Duration FoldLeader::Lag(absl::Time now) const {
  if (follower_.caught_up() || follower_.read_until() == absl::InfinitePast()) {
    return absl::ZeroDuration();
  }
  return std::max(absl::ZeroDuration(), now - follower_.read_until());
}

uint64_t FoldLeader::CountRecords() {
  uint64_t total = 0;
  const FoldCounters& now = follower_.counters();
  const auto count = [&](const char* outcome, uint64_t FoldCounters::*member) {
    const uint64_t more = now.*member - counted_.*member;
    total += more;
    if (more > 0) metrics_.Folded(outcome).Increment(static_cast<double>(more));
  };
  count("folded", &FoldCounters::folded);
  count("tombstone", &FoldCounters::tombstones);
  count("from_future", &FoldCounters::from_future);
  count("unknown_plan", &FoldCounters::unknown_plan);
  count("too_late", &FoldCounters::too_late);
  count("forgotten", &FoldCounters::forgotten);
  counted_ = now;
  return total;
}

}  // namespace sightline
