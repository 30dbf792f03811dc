#include "collector/cli/timeline_step.h"

#include <cstdint>

namespace sightline::cli {
namespace {

constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

constexpr int64_t kStepSeconds[] = {
    1,          2,           5,           10,           15,           30,
    kMinute,    2 * kMinute, 5 * kMinute, 10 * kMinute, 15 * kMinute, 30 * kMinute,
    kHour,      2 * kHour,   3 * kHour,   4 * kHour,    6 * kHour,    8 * kHour,
    12 * kHour, kDay,        2 * kDay,    3 * kDay,     4 * kDay,     5 * kDay,
    7 * kDay,   10 * kDay,   14 * kDay,   28 * kDay};

// Steps begin at whole multiples of their length since 1970, as the collector has them.
bool Fits(absl::Time start, absl::Time end, absl::Duration step, size_t columns) {
  const absl::Time first = absl::UnixEpoch() + absl::Floor(start - absl::UnixEpoch(), step);
  return absl::Ceil(end - first, step) / step <= static_cast<int64_t>(columns);
}

}  // namespace

absl::Duration FittingStep(absl::Time start, absl::Time end, absl::Duration window,
                           size_t columns) {
  if (Fits(start, end, window, columns)) return window;
  for (const int64_t seconds : kStepSeconds) {
    const absl::Duration step = absl::Seconds(seconds);
    const bool whole = step >= window && step % window == absl::ZeroDuration();
    if (whole && Fits(start, end, step, columns)) return step;
  }
  // A window in which nobody counts, or a very long time.
  absl::Duration step = window;
  while (!Fits(start, end, step, columns)) step *= 2;
  return step;
}

}  // namespace sightline::cli
