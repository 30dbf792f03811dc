#include "tests/bench/load/latencies.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_format.h"

namespace sightline::load {

void Latencies::Add(absl::Duration duration) {
  const int64_t us = absl::ToInt64Microseconds(duration);
  values_us_.push_back(
      static_cast<uint32_t>(std::clamp<int64_t>(us, 0, std::numeric_limits<uint32_t>::max())));
  sorted_ = false;
}

void Latencies::Merge(const Latencies& other) {
  values_us_.insert(values_us_.end(), other.values_us_.begin(), other.values_us_.end());
  sorted_ = false;
}

double Latencies::QuantileMs(double ratio) const {
  if (values_us_.empty()) return 0;
  if (!sorted_) std::sort(values_us_.begin(), values_us_.end());
  sorted_ = true;
  const double rank = std::ceil(ratio * static_cast<double>(values_us_.size()));
  const size_t index = rank < 1 ? 0 : static_cast<size_t>(rank) - 1;
  return values_us_[std::min(index, values_us_.size() - 1)] / 1e3;
}

std::string Latencies::ToJson() const {
  return absl::StrFormat(
      R"({"count": %d, "p50_ms": %.3f, "p90_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f})", count(),
      QuantileMs(0.5), QuantileMs(0.9), QuantileMs(0.99), QuantileMs(1));
}

}  // namespace sightline::load
