// Appends verified batches to the log in groups: whatever queued during the previous commit is the
// next one, so there is no timer to tune.
#ifndef SIGHTLINE_COLLECTOR_WRITER_H_
#define SIGHTLINE_COLLECTOR_WRITER_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "collector/store/store.h"

namespace sightline {

// OK: on the disk. ABORTED: the chain moved on elsewhere. UNAVAILABLE and others: the store's
// answer.
using CommitCallback = std::function<void(const absl::Status&)>;

// Thread-safe.
class Writer {
 public:
  static constexpr size_t kGroupMax = 256;
  static constexpr size_t kQueueMax = 1024;

  // Does not own `store`. `on_commit` runs on the writer's thread after each group.
  Writer(Store& store, std::string node, std::function<void()> on_commit);
  // Commits what is queued, then stops.
  ~Writer();

  // `done` runs on the writer's thread, in the order of the calls. Records of one agent must be
  // enqueued in the order of their chain.
  void Enqueue(LogRecord record, CommitCallback done);

  // Whether callers should hold back. Enqueue works all the same.
  bool Full() const;

 private:
  struct Entry {
    LogRecord record;
    CommitCallback done;
  };
  void Run();
  void Commit(std::vector<Entry> group);

  Store& store_;
  const std::string node_;
  const std::function<void()> on_commit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Entry> queue_;  // guarded by mutex_
  bool stopping_ = false;    // guarded by mutex_
  std::thread thread_;       // last: started when all else is ready
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WRITER_H_
