// The thread that folds the log, or stands by while another collector does, and keeps the board up
// to date.
#ifndef SIGHTLINE_COLLECTOR_FOLD_LOOP_H_
#define SIGHTLINE_COLLECTOR_FOLD_LOOP_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/board.h"
#include "collector/fold_leader.h"
#include "collector/lease.h"
#include "collector/plan_book.h"
#include "collector/steady_clock.h"
#include "collector/store/store.h"
#include "common/clock.h"
#include "common/regions.h"

namespace sightline {

struct FoldLoopOptions {
  FoldLeaderOptions leader;
  LeaseOptions lease;
};

// What it needs; owns nothing, and everything outlives the loop.
struct FoldLoopParts {
  Store& store;
  PlanBook& plans;
  const RegionNames& regions;
  const Clock& clock;
  const SteadyClock& steady_clock;
  Board& board;
  Metrics& metrics;
  const RecentLog* recent = nullptr;  // what this node appended lately; may be absent
};

// How the fold is doing, for health and for people.
struct FoldState {
  bool leads = false;      // this node folds; else it stands by
  std::string leader;      // node that holds the lease, as last seen; empty when nobody does
  bool caught_up = false;  // leads, and has read the log to its end
  absl::Duration lag;      // age of the oldest record that is not folded; 0 when it does not lead
  // What keeps it from going on; DATA_LOSS: the log is damaged and nothing is published.
  absl::Status error;
};

// Runs from construction until destruction, which writes a last checkpoint and gives the lease
// back. When the constructor returns, verdicts that the store has are on the board.
//
// Whoever leads or not, the board shows what the leader wrote into the store, looked at about twice
// a second, so that all collectors say the same. Other nodes' records are noticed as often.
class FoldLoop {
 public:
  FoldLoop(const FoldLoopParts& parts, const FoldLoopOptions& options);
  ~FoldLoop();

  // Something new is in the log. Thread-safe; never waits.
  void Wake();

  // Thread-safe; never waits.
  FoldState State() const;

 private:
  void Run();
  bool WaitForMore();
  absl::Status Step();
  absl::Status Lead(absl::Time now);
  absl::Status TakeOffice();
  absl::Status Look(bool now);
  absl::Status KeepUp(absl::Time now);
  void ShowDamage();
  void Report(const absl::Status& status);

  const FoldLoopParts parts_;
  const FoldLoopOptions options_;
  // The thread's own.
  Lease lease_;
  std::unique_ptr<FoldLeader> leader_;  // kept over a short loss of the lease
  bool begun_ = false;                  // leader_ has its checkpoint
  uint64_t term_ = 0;                   // of the lease, when leader_ last had it
  bool damaged_ = false;
  std::string last_error_;
  absl::Duration look_not_before_;
  absl::Duration plans_not_before_;
  absl::Duration days_not_before_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;     // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  FoldState state_;        // guarded by mutex_
  std::thread thread_;     // last: started when all else is ready
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_FOLD_LOOP_H_
