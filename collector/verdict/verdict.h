// The verdict: a pure function of one window, the plan and the rules.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_VERDICT_H_
#define SIGHTLINE_COLLECTOR_VERDICT_VERDICT_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "collector/verdict/tally.h"
#include "collector/verdict/window.h"
#include "common/regions.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Changes with every rule and number that a verdict depends on.
inline constexpr absl::string_view kRulesetVersion = "2";

// Verdicts on every target of `plan`, ordered by target_id, with every region that the plan lists
// for `country`; a silent one is UNKNOWN. The same arguments give the same bytes. Nothing in it
// counts fewer than kBucketsMin buckets of a region or network, nor lets a reader find such a count
// by subtraction. A country that the plan does not observe has no regions.
v1::GetSummaryResponse Judge(const Window& window, const v1::Plan& plan, absl::string_view country,
                             const RegionNames& names);

// A verdict with what it was made from, which readers do not see.
struct Judgement {
  v1::GetSummaryResponse summary;
  std::vector<TargetTally> tallies;  // one for each of summary.verdicts()
};

Judgement JudgeWithTallies(const Window& window, const v1::Plan& plan, absl::string_view country,
                           const RegionNames& names);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_VERDICT_H_
