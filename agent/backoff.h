// How long to wait before the next try. Whether to try again is the caller's decision.
#ifndef SIGHTLINE_AGENT_BACKOFF_H_
#define SIGHTLINE_AGENT_BACKOFF_H_

#include <random>

#include "absl/time/time.h"

namespace sightline::agent {

// Exponential with full jitter: the n-th delay is uniform between 0 and min(max, initial * 2^n), so
// that many agents that lost one collector do not return together. Not thread-safe.
class Backoff {
 public:
  // 0 < initial <= max.
  Backoff(absl::Duration initial, absl::Duration max, uint64_t seed)
      : initial_(initial), max_(max), ceiling_(initial), random_(seed) {}

  absl::Duration Next() {
    const absl::Duration delay = ceiling_ * std::uniform_real_distribution<double>()(random_);
    ceiling_ = std::min(ceiling_ * 2, max_);
    return delay;
  }

  // After a success: the next delay is short again.
  void Reset() { ceiling_ = initial_; }

 private:
  absl::Duration initial_;
  absl::Duration max_;
  absl::Duration ceiling_;
  std::mt19937_64 random_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_BACKOFF_H_
