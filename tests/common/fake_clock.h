// A clock that stands still until it is told to move.
#ifndef SIGHTLINE_TESTS_COMMON_FAKE_CLOCK_H_
#define SIGHTLINE_TESTS_COMMON_FAKE_CLOCK_H_

#include <mutex>

#include "common/clock.h"

namespace sightline {

// Thread-safe.
class FakeClock : public Clock {
 public:
  explicit FakeClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void Advance(absl::Duration by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
  }

 private:
  mutable std::mutex mutex_;
  absl::Time now_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COMMON_FAKE_CLOCK_H_
