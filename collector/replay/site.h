// The collectors of a replay: a store, the fold leader on it, and clocks that run as told.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_SITE_H_
#define SIGHTLINE_COLLECTOR_REPLAY_SITE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/fold_leader.h"
#include "collector/metrics.h"
#include "collector/recent_log.h"
#include "collector/replay/post.h"
#include "collector/replay/replay.h"
#include "collector/replay/world.h"
#include "collector/store/store.h"
#include "common/regions.h"

namespace sightline {

// Time that passes as told.
class ReplayClock : public SteadyClock {
 public:
  absl::Duration Elapsed() const override { return elapsed_; }
  void Advance(absl::Duration by) { elapsed_ += by; }

 private:
  absl::Duration elapsed_ = absl::Hours(1);
};

// Not thread-safe; blocks on the store. Nothing that is passed in is owned, all must outlive it.
class ReplaySite {
 public:
  ReplaySite(Store& store, const RegionNames& regions, const Scenario& scenario, const World& world,
             const ReplayOptions& options);

  // Publishes the plan, enrols all agents, takes the fold's lease. FAILED_PRECONDITION: the store
  // has agents already.
  absl::Status Begin();

  // Appends the letters, which are in the order of their chains, at the collector that each agent
  // uses in this window.
  absl::Status Deliver(std::vector<Letter>& letters, int window);

  // Reads all that is in the log, judges the windows that are complete at `now` or changed, and
  // writes what comes of them.
  absl::Status Settle(absl::Time now);

  // A last checkpoint, so that a collector may go on from here.
  absl::Status End();

  // What a reader gets on a window that was judged.
  absl::StatusOr<v1::GetSummaryResponse> Summary(absl::Time window_start);
  // All events, ordered by onset.
  absl::StatusOr<std::vector<v1::Event>> Events();

 private:
  absl::Status Enroll();
  absl::Status Append(const std::string& node, std::vector<Letter*> letters);
  absl::Status SendAgain(const std::string& node, const std::vector<LogRecord>& records);

  Store& store_;
  const Scenario& scenario_;
  const World& world_;
  const ReplayOptions& options_;
  ReplayClock clock_;
  Metrics metrics_;
  RecentLog recent_;
  LeaseRecord held_;
  FoldLeader leader_;
  int64_t prepared_day_ = 0;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_SITE_H_
