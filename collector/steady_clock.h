// The seam between code and the time that passes, whatever the machine's clock is set to.
#ifndef SIGHTLINE_COLLECTOR_STEADY_CLOCK_H_
#define SIGHTLINE_COLLECTOR_STEADY_CLOCK_H_

#include <chrono>

#include "absl/time/time.h"

namespace sightline {

// Thread-safe.
class SteadyClock {
 public:
  virtual ~SteadyClock() = default;
  // Since some moment in the past; never goes back.
  virtual absl::Duration Elapsed() const = 0;
};

class SystemSteadyClock : public SteadyClock {
 public:
  absl::Duration Elapsed() const override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STEADY_CLOCK_H_
