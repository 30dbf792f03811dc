// Whose votes count: what the contrasts of one window say of each agent. Pure functions.
//
// A contrast is a target whose answer is known: a domestic anchor works everywhere in the country,
// a foreign anchor works everywhere, a canary is blocked. Reliability is learnt from contrasts
// only, never from agreement on the target under judgement: in a local opening the minority is
// right. The target under judgement is never its own contrast.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_TRUST_H_
#define SIGHTLINE_COLLECTOR_VERDICT_TRUST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collector/verdict/window.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// What is made of one agent with respect to one target.
struct Trust {
  double reliability = 1;  // posterior probability that it reports what its network does, 0 to 1
  bool bypassing = false;  // behind a VPN or proxy: does not vote
  bool suspected = false;  // contradicts the contrasts: reliability is below one half
};

// One agent that may vote, with the place that its contrasts are compared in.
struct Witness {
  std::string region;
  uint32_t asn = 0;
  const OriginCounts* rounds = nullptr;
};

// One for each of `witnesses`, in order. The same for every target that is no contrast itself.
// Without contrasts in the plan everybody is reliable.
std::vector<Trust> JudgeTrust(absl::Span<const Witness> witnesses, const v1::Plan& plan,
                              absl::string_view target_id);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_TRUST_H_
