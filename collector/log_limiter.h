// Keeps whoever provokes an event from filling the disk with it.
#ifndef SIGHTLINE_COLLECTOR_LOG_LIMITER_H_
#define SIGHTLINE_COLLECTOR_LOG_LIMITER_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace sightline {

// Thread-safe. Memory grows with the kinds of events, not with their number.
class LogLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // At most `lines_max` lines of one kind in a second that begins with the first of them.
  explicit LogLimiter(int lines_max) : lines_max_(lines_max) {}

  // Whether this line may be written: then how many of its kind were dropped since the last one.
  std::optional<uint64_t> Admit(absl::string_view part, absl::string_view event, Time now) {
    const std::lock_guard lock(mutex_);
    Kind& kind = kinds_[{std::string(part), std::string(event)}];
    if (now - kind.start >= std::chrono::seconds(1)) {
      kind.start = now;
      kind.lines = 0;
    }
    if (kind.lines >= lines_max_) {
      ++kind.suppressed;
      return std::nullopt;
    }
    ++kind.lines;
    return std::exchange(kind.suppressed, 0);
  }

 private:
  struct Kind {
    Time start;
    int lines = 0;
    uint64_t suppressed = 0;
  };

  const int lines_max_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Kind> kinds_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_LOG_LIMITER_H_
