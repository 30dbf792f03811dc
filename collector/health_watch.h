// Looks after a collector's parts and reports them to Health.
#ifndef SIGHTLINE_COLLECTOR_HEALTH_WATCH_H_
#define SIGHTLINE_COLLECTOR_HEALTH_WATCH_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/board.h"
#include "collector/health.h"
#include "collector/metrics.h"
#include "collector/plan_book.h"
#include "collector/pulse.h"
#include "collector/store/store.h"
#include "common/clock.h"

namespace sightline {

// What is looked at, and where it is reported. Owns nothing; everything outlives the watch.
struct HealthWatchParts {
  Store& store;
  const PlanBook& plans;
  const Board& board;
  const Clock& clock;  // wall clock
  Metrics& metrics;
  Health& health;
  Pulse* pulse = nullptr;  // beats after each look; may be absent
};

struct HealthWatchOptions {
  std::string node;                 // this collector's name
  std::string fold_lease = "fold";  // name of the lease that the fold leader holds
  absl::Duration look_interval = absl::Milliseconds(500);
  absl::Duration probe_interval = absl::Seconds(2);  // between two questions to the store
  absl::Duration patience = absl::Seconds(5);        // for an answer of the store
  absl::Duration commit_memory = absl::Seconds(10);  // how long a commit that failed counts
  absl::Duration lag_max = absl::Seconds(30);        // of the fold, before it is called degraded
  int streams_max = 4096;                            // as intake takes
  // The queue is full at every look for so long before intake is called degraded.
  absl::Duration full_max = absl::Seconds(30);
  size_t queue_max = 1024;  // as the writer takes
};

// Runs two threads from construction until destruction: one asks the store, which may take long,
// one looks and never waits. Thread-safe. Destruction waits for the store's answer.
class HealthWatch {
 public:
  HealthWatch(const HealthWatchParts& parts, HealthWatchOptions options);
  ~HealthWatch();
  HealthWatch(const HealthWatch&) = delete;
  HealthWatch& operator=(const HealthWatch&) = delete;

  // A group was stored. Never waits.
  void Committed();

 private:
  using SteadyClock = std::chrono::steady_clock;
  using Lease = absl::StatusOr<LeaseRecord>;

  void RunProbe();
  void RunLooks();
  // Waits; false when it is time to end.
  bool Pause(absl::Duration interval);
  void Look();
  void LookAtStore();
  void LookAtIntake();
  void LookAtFold();
  void LookAtPlan();
  void Report(HealthPart part, HealthState state, absl::string_view reason);
  void NoteCommits(SteadyClock::time_point now);

  const HealthWatchParts parts_;
  const HealthWatchOptions options_;
  // The looking thread's own.
  std::map<std::string, uint64_t> failures_seen_;      // of commits by code
  std::optional<SteadyClock::time_point> full_since_;  // the queue of intake

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;                         // these are guarded by mutex_
  std::optional<SteadyClock::time_point> asked_;  // when the store was asked that has not answered
  Lease answer_ = LeaseRecord();                  // its last
  std::optional<SteadyClock::time_point>
      failed_at_;  // the last commit that failed, unless one worked
  std::string failed_code_;

  std::thread probe_;  // last: started when all else is ready
  std::thread looks_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_HEALTH_WATCH_H_
