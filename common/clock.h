// The seam between code and time. Everything that asks for the time takes a Clock.
#ifndef SIGHTLINE_COMMON_CLOCK_H_
#define SIGHTLINE_COMMON_CLOCK_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sightline {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time. May jump when the machine's clock is set.
  virtual absl::Time Now() const = 0;
};

class SystemClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_CLOCK_H_
