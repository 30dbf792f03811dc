// Whether the collector's own work still goes round: what /livez and the service manager's watchdog
// ask. A store or a network that does not answer does not stop it; a new start would not mend
// those.
#ifndef SIGHTLINE_COLLECTOR_PULSE_H_
#define SIGHTLINE_COLLECTOR_PULSE_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "collector/steady_clock.h"

namespace sightline {

// Thread-safe. Never waits.
class Pulse {
 public:
  // The health watch beats twice a second, through the locks of all parts that it looks at.
  static constexpr absl::Duration kSilenceMax = absl::Seconds(20);

  // Beats once. Does not own `clock`.
  explicit Pulse(const SteadyClock& clock) : clock_(clock) { Beat(); }

  void Beat() { last_ns_ = absl::ToInt64Nanoseconds(clock_.Elapsed()); }
  absl::Duration Silence() const { return clock_.Elapsed() - absl::Nanoseconds(last_ns_.load()); }
  bool IsAlive() const { return Silence() <= kSilenceMax; }

 private:
  const SteadyClock& clock_;
  std::atomic<int64_t> last_ns_ = 0;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PULSE_H_
