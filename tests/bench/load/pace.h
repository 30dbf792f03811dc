// When things are due in an open loop, however late the system is with the ones before.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_PACE_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_PACE_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace sightline::load {

// The i-th thing (from 0) is due at start + i / rate: what waits for its turn is late by all of its
// wait, so that a stall shows in every latency that it caused (no coordinated omission).
class Pace {
 public:
  // `per_s` is above 0.
  Pace(absl::Time start, double per_s) : start_(start), per_s_(per_s) {}

  absl::Time DueAt(int64_t index) const {
    return start_ + absl::Seconds(static_cast<double>(index) / per_s_);
  }

  // How many are due by `now`.
  int64_t CountDue(absl::Time now) const {
    if (now < start_) return 0;
    auto count = static_cast<int64_t>(absl::ToDoubleSeconds(now - start_) * per_s_) + 1;
    // Rounding must not make one due before its time, nor leave one out.
    while (count > 0 && DueAt(count - 1) > now) --count;
    while (DueAt(count) <= now) ++count;
    return count;
  }

 private:
  absl::Time start_;
  double per_s_;
};

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_PACE_H_
