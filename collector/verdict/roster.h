// Who may vote and who controls in one window and country, and what is made of each. Pure
// functions of their arguments.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_ROSTER_H_
#define SIGHTLINE_COLLECTOR_VERDICT_ROSTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/verdict/control.h"
#include "collector/verdict/trust.h"
#include "collector/verdict/window.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

inline constexpr absl::Duration kAgeFull = absl::Hours(14 * 24);
// In a network whose oldest agent is younger than this, all agents weigh the same.
inline constexpr absl::Duration kAgeTold = absl::Hours(24);

// min(1, age / min(kAgeFull, oldest)): in a young network weights are relative to the oldest agent.
double AgeWeight(absl::Duration age, absl::Duration oldest);

// An agent with the rounds that may vote.
struct Voter {
  const OriginCounts* rounds = nullptr;
  double weight = 0;  // by age
  size_t number = 0;  // in what TrustOn returns
};

// The same for every target. Points into the Window that it was made from.
struct Roster {
  using OriginKey = std::tuple<std::string, uint32_t, std::string>;  // region, asn, bucket
  std::map<OriginKey, std::vector<Voter>> origins;
  std::vector<const OriginCounts*> controls;
  std::set<std::string> regions_heard;
  // Agents that may not vote on any target, by reason.
  std::map<Ruling, uint32_t> without_vote;
  // Versions of the voters' program.
  std::set<std::string> agent_versions;
  // By Voter.number: for every target, but for those that are contrasts themselves.
  std::vector<Trust> trust;
  std::map<std::string, std::vector<Trust>> trust_on_contrasts;

  // What is made of the voters with respect to `target_id`.
  const std::vector<Trust>& TrustOn(const std::string& target_id) const;
};

// An agent votes from one origin a window, the one with most rounds (of equal ones the first in
// order), among those that the collector saw in the country of the agent's region or could not
// place. An origin votes in one region, that of its agent that enrolled first. Controls count when
// neither their region nor the place where they were seen is in a country that the plan observes.
// A canary or foreign anchor that controls do not reach is no contrast.
Roster MakeRoster(const Window& window, const v1::Plan& plan, absl::string_view country);

// Whether a control reached the target in at least half of its rounds; nothing when it did not
// decide.
std::optional<bool> ReachedBy(const OriginCounts& control, const std::string& target_id);

// Whether at least half of the controls that decided reach a target.
struct Outside {
  Contrast contrast = Contrast::kUnknown;
  uint32_t reached = 0;
  uint32_t decided = 0;
};

// Controls whose version is in `left_out` do not count.
Outside OutsideOf(const Roster& roster, const std::string& target_id,
                  const std::set<std::string>& left_out);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_ROSTER_H_
