// From the rounds of one window to votes: one per origin (bucket), summed in cells of region and
// network. Pure functions of their arguments.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_TALLY_H_
#define SIGHTLINE_COLLECTOR_VERDICT_TALLY_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/verdict/control.h"
#include "collector/verdict/posterior.h"
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
  double weight = 0;
};

// Who may vote and who controls, in one window and country; the same for every target. Points
// into the Window that it was made from.
struct Roster {
  using OriginKey = std::tuple<std::string, uint32_t, std::string>;  // region, asn, bucket
  std::map<OriginKey, std::vector<Voter>> origins;
  std::vector<const OriginCounts*> controls;
  std::set<std::string> regions_heard;
  // Agents that may not vote on any target, by reason.
  std::map<Ruling, uint32_t> without_vote;
};

// An agent votes from one origin a window, the one with most rounds (of equal ones the first in
// order), among those that the collector saw in the country of the agent's region or could not
// place. An origin votes in one region, that of its agent that enrolled first. Controls count when
// neither their region nor the place where they were seen is in a country that the plan observes.
Roster MakeRoster(const Window& window, const v1::Plan& plan, absl::string_view country);

// Votes of buckets in a cell or in several.
struct Evidence {
  VoteSums votes;
  uint32_t buckets_open = 0;     // share with access above one half
  uint32_t buckets_blocked = 0;  // the others
  // What blocked votes failed at first, in votes.
  std::map<Cause, double> causes;

  void Add(const Evidence& other);
};

struct TargetTally {
  // Whether at least half of the controls that decided reach the target.
  Contrast outside = Contrast::kUnknown;
  uint32_t controls_reached = 0;
  uint32_t controls_decided = 0;
  // By region and asn; never empty ones. While `outside` is not reached, failures are in it too:
  // whoever reads it must then not call anything blocked (access.h).
  std::map<std::pair<std::string, uint32_t>, Evidence> cells;
  // Agents without a vote on this target, by reason; those of the roster included.
  std::map<Ruling, uint32_t> without_vote;
};

// A bucket's vote is the share of open among its agents' decided rounds, each agent with its own
// weight; the bucket weighs as much as the heaviest of them.
TargetTally TallyTarget(const Roster& roster, absl::string_view target_id);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_TALLY_H_
