#include "collector/verdict/control.h"

#include <algorithm>

namespace sightline {

Ruling Rule(Contrast outside, Contrast anchors, bool target_reached) {
  if (anchors == Contrast::kNotReached) return Ruling::kOwnOutage;
  if (anchors == Contrast::kUnknown) return Ruling::kNoAnchor;
  if (target_reached) return Ruling::kOpen;
  switch (outside) {
    case Contrast::kReached:
      return Ruling::kBlocked;
    case Contrast::kNotReached:
      return Ruling::kServiceDown;
    case Contrast::kUnknown:
      break;
  }
  return Ruling::kNoControl;
}

Contrast AnchorsOf(absl::Span<const size_t> anchors, absl::Span<const CheckOutcome> round,
                   size_t target) {
  bool tried = false;
  for (const size_t anchor : anchors) {
    if (anchor == target || round[anchor].outcome == Outcome::kUntested) continue;
    if (round[anchor].outcome == Outcome::kOpen) return Contrast::kReached;
    tried = true;
  }
  return tried ? Contrast::kNotReached : Contrast::kUnknown;
}

Contrast LineOfControl(absl::Span<const CheckOutcome> round) {
  const bool reached = std::any_of(round.begin(), round.end(), [](const CheckOutcome& outcome) {
    return outcome.outcome == Outcome::kOpen;
  });
  return reached ? Contrast::kReached : Contrast::kNotReached;
}

}  // namespace sightline
