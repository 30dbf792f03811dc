#include "collector/webhook/back_off.h"

#include <algorithm>

#include "absl/random/distributions.h"

namespace sightline {
namespace {

constexpr absl::Duration kFirst = absl::Seconds(1);
constexpr absl::Duration kLast = absl::Minutes(10);
// More doublings change nothing.
constexpr int kDoublingsMax = 10;
constexpr int kGone = 410;

}  // namespace

absl::Duration BackOff(int failed_attempts, absl::BitGenRef random) {
  const int doublings = std::clamp(failed_attempts - 1, 0, kDoublingsMax);
  const absl::Duration base = std::min(kFirst * (1 << doublings), kLast);
  return base * absl::Uniform(random, 1.0, 1.5);
}

absl::Duration WaitAfter(int failed_attempts, int http_status, absl::Duration retry_after,
                         absl::BitGenRef random) {
  if (http_status == kGone) return kBackOffMax;
  return std::max(BackOff(failed_attempts, random), std::min(retry_after, kBackOffMax));
}

}  // namespace sightline
