// How the parts of a collector are, and why one is not well: for /healthz, for the gRPC health
// service and for the log.
#ifndef SIGHTLINE_COLLECTOR_HEALTH_H_
#define SIGHTLINE_COLLECTOR_HEALTH_H_

#include <array>
#include <functional>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace sightline {

enum class HealthPart { kStore, kIntake, kFold, kPlan };
inline constexpr size_t kHealthParts = 4;

enum class HealthState {
  kServing,
  kDegraded,  // works, but somebody should know the reason
  kFailing,   // does not work
};

// "store", "SERVING"; also for metrics and logs.
absl::string_view Name(HealthPart part);
absl::string_view Name(HealthState state);

struct PartHealth {
  HealthState state = HealthState::kDegraded;
  std::string reason = "it has not reported yet";  // may be empty, or a remark, while it serves
  absl::Time since;                                // when it came into this state
};

// What the services of the public port can do.
struct ServiceHealth {
  bool ingest = true;     // store and intake do not fail
  bool summaries = true;  // the fold does not fail
  bool operator==(const ServiceHealth&) const = default;
};

// Thread-safe. Never waits. Starts with every part degraded.
class Health {
 public:
  // Does not own `clock`.
  explicit Health(const Clock& clock);

  // Reports a part. A change of state goes into the log. Addresses and URLs in `reason` are taken
  // out.
  void Set(HealthPart part, HealthState state, absl::string_view reason);

  // `follower` hears what the services can do, now and after every change, one call at a time. It
  // must not call back. nullptr ends it: after the return it is not called again.
  void Follow(std::function<void(const ServiceHealth&)> follower);

  PartHealth Get(HealthPart part) const;
  ServiceHealth Services() const;
  // The worst state of any part.
  HealthState Overall() const;

  // {"status": "FAILING", "parts": {"store": {"state": "FAILING", "since": "...", "reason": "..."},
  // ...}}
  std::string Json() const;

 private:
  ServiceHealth ServicesLocked() const;
  HealthState OverallLocked() const;

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::array<bool, kHealthParts> reported_ = {};        // guarded by mutex_
  std::array<PartHealth, kHealthParts> parts_;          // guarded by mutex_
  std::function<void(const ServiceHealth&)> follower_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_HEALTH_H_
