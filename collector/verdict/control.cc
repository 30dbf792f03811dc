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

Contrast AnchorsOf(const v1::Plan& plan, const TargetOutcomes& round, absl::string_view target_id) {
  bool tried = false;
  for (const v1::Target& target : plan.targets()) {
    if (target.kind() != v1::TARGET_KIND_DOMESTIC_ANCHOR) continue;
    if (absl::string_view(target.target_id()) == target_id) continue;
    const auto found = round.find(target.target_id());
    if (found == round.end() || found->second.outcome == Outcome::kUntested) continue;
    if (found->second.outcome == Outcome::kOpen) return Contrast::kReached;
    tried = true;
  }
  return tried ? Contrast::kNotReached : Contrast::kUnknown;
}

Contrast LineOfControl(const TargetOutcomes& round) {
  const bool reached = std::any_of(round.begin(), round.end(), [](const auto& entry) {
    return entry.second.outcome == Outcome::kOpen;
  });
  return reached ? Contrast::kReached : Contrast::kNotReached;
}

}  // namespace sightline
