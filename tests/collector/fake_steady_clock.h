// A steady clock that stands still until it is told to move.
#ifndef SIGHTLINE_TESTS_COLLECTOR_FAKE_STEADY_CLOCK_H_
#define SIGHTLINE_TESTS_COLLECTOR_FAKE_STEADY_CLOCK_H_

#include <mutex>

#include "collector/steady_clock.h"

namespace sightline {

// Thread-safe.
class FakeSteadyClock : public SteadyClock {
 public:
  absl::Duration Elapsed() const override {
    const std::lock_guard lock(mutex_);
    return elapsed_;
  }
  void Advance(absl::Duration by) {
    const std::lock_guard lock(mutex_);
    elapsed_ += by;
  }

 private:
  mutable std::mutex mutex_;
  absl::Duration elapsed_ = absl::Hours(1);
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_FAKE_STEADY_CLOCK_H_
