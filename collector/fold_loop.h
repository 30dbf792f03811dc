// The thread that follows the log and keeps the board up to date.
#ifndef SIGHTLINE_COLLECTOR_FOLD_LOOP_H_
#define SIGHTLINE_COLLECTOR_FOLD_LOOP_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/board.h"
#include "collector/plan_book.h"
#include "collector/store/store.h"
#include "collector/verdict/follow.h"
#include "common/clock.h"
#include "common/regions.h"

namespace sightline {

// Runs from construction until destruction. Other collectors on the same store are noticed by
// asking it about twice a second.
class FoldLoop {
 public:
  // Owns nothing; everything outlives the loop.
  FoldLoop(Store& store, PlanBook& plans, const RegionNames& regions, const Clock& clock,
           const FollowerOptions& options, Board& board);
  ~FoldLoop();

  // Something new is in the log. Thread-safe; never waits.
  void Wake();

 private:
  void Run();
  bool WaitForMore();
  void Report(const absl::Status& status);
  void Publish(const Follower& follower, const v1::Plan& plan, absl::Time now);

  Store& store_;
  PlanBook& plans_;
  const RegionNames& regions_;
  const Clock& clock_;
  const FollowerOptions options_;
  Board& board_;
  std::string last_error_;  // the thread's own
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;     // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: started when all else is ready
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_FOLD_LOOP_H_
