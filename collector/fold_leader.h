// What the collector does that holds the lease: folds, publishes, keeps checkpoints, drops days.
#ifndef SIGHTLINE_COLLECTOR_FOLD_LEADER_H_
#define SIGHTLINE_COLLECTOR_FOLD_LEADER_H_

#include <optional>
#include <set>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/metrics.h"
#include "collector/publisher.h"
#include "collector/recent_log.h"
#include "collector/steady_clock.h"
#include "collector/store/store.h"
#include "collector/storefront_notes.h"
#include "collector/verdict/follow.h"
#include "common/regions.h"

namespace sightline {

// Name of the lease.
inline constexpr char kFoldLease[] = "fold";

struct CheckpointOptions {
  // One is due after so many records, or after so long when there were any.
  uint64_t records = 16'384;
  absl::Duration interval = absl::Seconds(10);
  // Share of the time that may go into checkpoints, however large they become.
  double time_share_max = 0.1;
};

struct FoldLeaderOptions {
  std::string node;  // this collector
  FollowerOptions follow;
  PublisherOptions publish;
  CheckpointOptions checkpoint;
  // How long the log is kept; for ever when absent. Days that are not final are kept anyway.
  std::optional<absl::Duration> keep_log;
};

// What it needs; owns nothing.
struct FoldLeaderParts {
  Store& store;
  const RegionNames& regions;
  const SteadyClock& steady_clock;
  Metrics& metrics;
  const RecentLog* recent = nullptr;  // of options.node; may be absent
};

// One stay in office. Not thread-safe; blocks on the store.
class FoldLeader {
 public:
  FoldLeader(const FoldLeaderParts& parts, const FoldLeaderOptions& options);
  FoldLeader(const FoldLeader&) = delete;
  FoldLeader& operator=(const FoldLeader&) = delete;

  // Reads the checkpoint; to be called until it returns OK, then never again. `between` is called
  // now and then meanwhile. A checkpoint that cannot be used is no error: the log has it all.
  absl::Status Begin(absl::FunctionRef<void()> between);

  // Reads a part of what is new and does what is due. FAILED_PRECONDITION: somebody else took over,
  // and what is in memory is of no use any more. DATA_LOSS as Follower::Poll; nothing was
  // published. After other errors, call again.
  absl::Status Turn(absl::Time now, const LeaseRecord& held);

  // Reads plans that were published meanwhile; what was judged by an older one is judged again.
  absl::Status ReadPlans();

  // A last checkpoint.
  absl::Status End(const LeaseRecord& held);

  const Follower& follower() const { return follower_; }
  // Windows written by the last Turn.
  size_t published() const { return published_; }
  // Age of the oldest record that is not folded, as far as is known; 0 when there is none.
  absl::Duration Lag(absl::Time now) const;

 private:
  absl::Status Publish(const LeaseRecord& held);
  absl::Status WriteStorefrontNotes();
  bool CheckpointIsDue() const;
  absl::Status WriteCheckpoint(const LeaseRecord& held);
  absl::Status DropDays(absl::Time now);
  uint64_t CountRecords();

  Store& store_;
  const SteadyClock& clock_;
  Metrics& metrics_;
  const FoldLeaderOptions options_;
  Follower follower_;
  Publisher publisher_;
  StorefrontNotes storefronts_;
  size_t published_ = 0;
  std::set<absl::Time> unsaved_;  // windows that changed since the last checkpoint
  uint64_t records_unsaved_ = 0;
  absl::Duration saved_at_;  // or tried to
  absl::Duration save_not_before_;
  absl::Duration drop_not_before_;
  int64_t dropped_before_ = 0;  // day
  FoldCounters counted_;        // what the metrics have
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_FOLD_LEADER_H_
