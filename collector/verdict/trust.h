// Whose votes count: what the contrasts of one window say of each agent. Pure functions.
//
// A contrast is a target whose answer is known: a domestic anchor works everywhere in the country,
// a foreign anchor works everywhere, a canary is blocked. Reliability is learnt from contrasts
// only, never from agreement on the target under judgement: in a local opening the minority is
// right. The target under judgement is never its own contrast.
//
// An agent is of one of three kinds, and a naive Bayes classifier says which:
//
//   honest      prior .90  finds a contrast open as often as it is where the agent is (trust_fit.h)
//   bypassing   prior .05  finds every contrast open, .95 of the time
//   unreliable  prior .05  tosses a coin for each contrast, or for each round; the prior is learnt
//
// Rounds of one agent on one contrast repeat each other: a contrast is open or not for an agent in
// a window, and a round may differ from that by mistake (.01). Not more than four rounds count, and
// one time in fifty a contrast is not steady at all and says nothing. So one contrast, however many
// rounds it has, convicts nobody. What an agent says of its vantage speaks for bypassing as well.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_TRUST_H_
#define SIGHTLINE_COLLECTOR_VERDICT_TRUST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "collector/verdict/trust_fit.h"
#include "collector/verdict/window.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// What is made of one agent with respect to one target.
struct Trust {
  double reliability = 1;  // posterior probability that it reports what its network does, 0 to 1
  bool bypassing = false;  // behind a VPN or proxy, with probability above .9: does not vote
  bool suspected = false;  // contradicts the contrasts: more likely unreliable than not
};

// One agent that may vote, with the place that its contrasts are compared in.
struct Witness {
  std::string region;
  uint32_t asn = 0;
  const OriginCounts* rounds = nullptr;
  // How much it says about what is open where it is: its share of its bucket, times its weight by
  // age, so that neither many agents in one bucket nor many new ones decide that. 0 to 1.
  double pull = 1;
};

// A target that may serve as a contrast in this window.
struct KnownTarget {
  std::string target_id;
  v1::TargetKind kind = v1::TARGET_KIND_UNSPECIFIED;  // an anchor's or a canary's
};

// The contrasts of a plan, ordered by target_id.
std::vector<KnownTarget> ContrastsOf(const v1::Plan& plan);

// ln of how much likelier the facts are behind a VPN than at home; 0 when nothing is striking.
// What holds for more than half of the `rounds` counts: tunnel +3, fake addresses +3, echoes that
// differ +3, proxy +1. Connecting abroad within 30 ms and at home in over 60 ms and over three
// times as long +2: 100 km take a millisecond.
double BypassEvidence(const VantageFacts& facts, uint32_t rounds);

// Judges the agents of one country and window. Immutable, so thread-safe.
class TrustJudge {
 public:
  // Holds pointers into the rounds of `witnesses` while it is made, not longer.
  TrustJudge(const std::vector<Witness>& witnesses, const std::vector<KnownTarget>& contrasts);

  // One for each of the witnesses, in order. The same for every target that is no contrast. Without
  // a canary other than the target, only the vantage speaks, and nobody is suspected.
  std::vector<Trust> Judge(absl::string_view target_id) const;

 private:
  struct Pass {
    std::vector<Trust> trust;
    double unreliable = 0;  // share of unreliable agents that was found
  };

  // With the prior `unreliable`.
  Pass JudgeWith(const std::vector<UsedContrast>& used, double unreliable) const;
  std::vector<Trust> JudgeByVantage() const;

  std::vector<KnownTarget> contrasts_;
  WitnessTable table_;
  std::vector<double> bypass_evidence_;  // by witness
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_TRUST_H_
