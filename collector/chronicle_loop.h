// The thread that keeps the chronicle up to date and wakes those who watch.
#ifndef SIGHTLINE_COLLECTOR_CHRONICLE_LOOP_H_
#define SIGHTLINE_COLLECTOR_CHRONICLE_LOOP_H_

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "collector/chronicle.h"
#include "collector/plan_book.h"
#include "common/clock.h"

namespace sightline {

// Somebody who wants to hear when there may be news.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Called about twice a second, one call at a time. Must not wait, nor call back.
  virtual void Poke(absl::Time now) = 0;
};

// Runs from construction until destruction; looks at the store about twice a second. Thread-safe.
class ChronicleLoop {
 public:
  static constexpr size_t kWatchersMax = 1024;

  // All of them outlive the loop.
  ChronicleLoop(Chronicle& chronicle, const PlanBook& plans, const Clock& clock);
  ~ChronicleLoop();

  // False when too many watch already. Nobody may be left when the loop is destroyed.
  bool Add(Watcher& watcher);
  // After the return it is not called again.
  void Remove(Watcher& watcher);

 private:
  void Run();
  void Report(const absl::Status& status);

  Chronicle& chronicle_;
  const PlanBook& plans_;
  const Clock& clock_;
  std::string last_error_;  // the thread's own

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;        // guarded by mutex_
  std::set<Watcher*> watchers_;  // guarded by mutex_
  std::thread thread_;           // last: started when all else is ready
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CHRONICLE_LOOP_H_
