// Appends verified batches to the log in groups: whatever queued during the previous commit is the
// next one, so there is no timer to tune.
#ifndef SIGHTLINE_COLLECTOR_WRITER_H_
#define SIGHTLINE_COLLECTOR_WRITER_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "collector/metrics.h"
#include "collector/recent_log.h"
#include "collector/store/store.h"
#include "collector/verdict/round.h"

namespace sightline {

// Waits for the fate of records that it gave to a Writer.
class CommitListener {
 public:
  virtual ~CommitListener() = default;
  // Of the records enqueued for this listener, in that order, the next `appended` are on the disk
  // and the `failed` ones after them are not, because of `status` (OK when there are none).
  // ABORTED: the chain moved on elsewhere, or the commit is in doubt. Others: the store's answer.
  // Called once for each group that holds records of this listener, one call at a time.
  virtual void OnCommitted(size_t appended, size_t failed, const absl::Status& status) = 0;
};

// A record on its way to the disk, and what is to be done about it then.
struct NewRecord {
  LogRecord record;
  std::shared_ptr<const Round> round;  // what the record says, for RecentLog
  size_t results = 0;                  // observations in it
  std::shared_ptr<CommitListener> listener;
};

// Thread-safe.
class Writer {
 public:
  // Of one group. A record above the bytes makes a group of its own.
  static constexpr size_t kGroupMax = 256;
  static constexpr size_t kGroupBytesMax = size_t{8} * 1024 * 1024;

  // Owns nothing of these. `on_commit` runs on the writer's thread after each group that stored
  // anything, when `recent` has its rounds and before any listener hears of it.
  Writer(Store& store, std::string node, RecentLog& recent, Metrics& metrics,
         std::function<void()> on_commit);
  // Commits what is queued and tells the listeners, then stops.
  ~Writer();

  // Never waits and takes everything: callers bound what they have on its way. Records of one agent
  // must come in the order of their chain.
  void Enqueue(NewRecord record);

 private:
  // What became of a listener's records in one group.
  struct Verdict {
    std::shared_ptr<CommitListener> listener;
    size_t appended = 0;
    size_t failed = 0;
    absl::Status status;
  };
  using Group = std::vector<NewRecord>;

  void Run();
  Group TakeGroup();
  void Commit(Group group);
  absl::StatusOr<AppendResult> Append(absl::Span<const LogRecord> records);
  void AppendPart(Group& group, absl::Span<const LogRecord> records, size_t first,
                  std::vector<absl::Status>* fates);
  void Remember(Group& group, size_t first, const AppendResult& result);
  void Tell(const Group& group, const std::vector<absl::Status>& fates);
  void RunTeller();

  Store& store_;
  const std::string node_;
  RecentLog& recent_;
  Metrics& metrics_;
  const std::function<void()> on_commit_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<NewRecord> queue_;  // guarded by mutex_
  bool stopping_ = false;        // guarded by mutex_

  // Listeners write to sockets, which takes longer than to begin the next commit: they are told by
  // a thread of its own.
  std::mutex tell_mutex_;
  std::condition_variable tell_wake_;
  std::deque<std::vector<Verdict>> untold_;  // guarded by tell_mutex_; at most kUntoldMax
  bool nothing_more_to_tell_ = false;        // guarded by tell_mutex_

  std::thread teller_;
  std::thread thread_;  // last: started when all else is ready
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WRITER_H_
