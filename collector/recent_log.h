// What this collector appended to the log most lately, as the fold wants it: so that the fold need
// not read back and parse what has just passed through memory.
#ifndef SIGHTLINE_COLLECTOR_RECENT_LOG_H_
#define SIGHTLINE_COLLECTOR_RECENT_LOG_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "collector/verdict/round.h"

namespace sightline {

struct RecentRound {
  uint64_t node_seq = 0;  // position of its record in this node's log
  std::shared_ptr<const Round> round;
};

// Thread-safe. Never waits. Holds the last `rounds_max` rounds at most: who comes later reads the
// store, which has the same.
class RecentLog {
 public:
  explicit RecentLog(size_t rounds_max) : rounds_max_(rounds_max) {}

  // Rounds of records that are committed, with consecutive node_seq. When they do not follow what
  // is held, that is dropped.
  void Add(std::vector<RecentRound> rounds);

  // At most `limit` rounds from node_seq `after` + 1 on. Empty when that one is not here.
  std::vector<RecentRound> ReadAfter(uint64_t after, size_t limit) const;

 private:
  const size_t rounds_max_;
  mutable std::mutex mutex_;
  std::deque<RecentRound> rounds_;  // guarded by mutex_; consecutive
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_RECENT_LOG_H_
