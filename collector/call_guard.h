// How often calls that need no stream may come from one address block: enrolling, changing a key,
// leaving.
#ifndef SIGHTLINE_COLLECTOR_CALL_GUARD_H_
#define SIGHTLINE_COLLECTOR_CALL_GUARD_H_

#include <cstdint>
#include <mutex>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/geo.h"
#include "collector/recent_map.h"

namespace sightline {

enum class RegistryCall { kEnroll, kRotateKey, kLeave };

// Two bounds for each block (/24 of IPv4, /48 of IPv6), in memory that is bounded:
//  - A block has kBurst calls and gets one more every kRefill. An enrolment that worked costs
//    nothing, for an invite pays for it; a call that proved nothing (a token or a signature that do
//    not fit) costs kUnprovenCost.
//  - Enrolments that worked, each day (UTC).
//
// Of an address only a keyed hash of its block is kept, until it was not asked for in a long while
// or the collector ends. Each collector counts for itself. Thread-safe; never waits.
class CallGuard {
 public:
  static constexpr double kBurst = 30;
  static constexpr absl::Duration kRefill = absl::Seconds(10);
  static constexpr double kUnprovenCost = 5;

  // 0: as many enrolments a day as there are invites.
  explicit CallGuard(int enrolments_per_day_max);

  // How long the call should have waited: zero when it may be made now; then Settle follows.
  absl::Duration Admit(RegistryCall call, const Origin& origin, absl::Time now);
  // What came of a call that was admitted.
  void Settle(RegistryCall call, const Origin& origin, absl::StatusCode code, absl::Time now);

 private:
  struct Block {
    double tokens = kBurst;
    absl::Time counted = absl::InfinitePast();  // when `tokens` was true
    int64_t day = 0;                            // of `enrolments`
    int enrolments = 0;                         // that worked, or are on their way
  };
  Block& BlockOf(const Origin& origin, absl::Time now);

  const int enrolments_per_day_max_;
  const uint64_t salt_;
  std::mutex mutex_;
  RecentMap<Block> blocks_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CALL_GUARD_H_
