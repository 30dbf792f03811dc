#include "collector/verdict/lasting.h"

#include <algorithm>
#include <cmath>

namespace sightline {
namespace {

constexpr absl::Duration kScale = absl::Hours(1);
constexpr double kPriorEnded = 1;
constexpr double kPriorExposure = 1;

}  // namespace

double Exposure(absl::Duration lasted) {
  return std::log1p(std::max(0.0, absl::FDivDuration(lasted, kScale)));
}

double LastsProbability(const LastingRecord& record, absl::Duration age, absl::Duration goal) {
  const double rest = Exposure(goal) - Exposure(age);
  if (rest <= 0) return 1;
  const double a = kPriorEnded + record.ended;
  const double b = kPriorExposure + record.exposure + Exposure(age);
  return std::pow(b / (b + rest), a);
}

}  // namespace sightline
