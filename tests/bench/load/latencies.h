// How long things took, exactly: every value is kept and sorted at the end.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_LATENCIES_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_LATENCIES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace sightline::load {

// 4 bytes a value, to the microsecond, up to 71 minutes (longer ones count as that). Not
// thread-safe: one for each stream, merged at the end.
class Latencies {
 public:
  // A negative duration counts as 0.
  void Add(absl::Duration duration);
  void Merge(const Latencies& other);
  size_t count() const { return values_us_.size(); }

  // The least value that at least `ratio` (0 to 1) of all values do not exceed: milliseconds. 0
  // when there are none.
  double QuantileMs(double ratio) const;

  // {"count": 3, "p50_ms": 1.2, "p90_ms": ..., "p99_ms": ..., "max_ms": ...}
  std::string ToJson() const;

 private:
  mutable std::vector<uint32_t> values_us_;
  mutable bool sorted_ = true;
};

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_LATENCIES_H_
