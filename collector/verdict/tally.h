// From the rounds of one window to votes: one per origin (bucket), summed in cells of region and
// network. Pure functions of their arguments.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_TALLY_H_
#define SIGHTLINE_COLLECTOR_VERDICT_TALLY_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "collector/verdict/control.h"
#include "collector/verdict/instrument.h"
#include "collector/verdict/posterior.h"
#include "collector/verdict/roster.h"

namespace sightline {

// Votes of buckets in a cell or in several.
struct Evidence {
  VoteSums votes;
  uint32_t buckets_open = 0;     // share with access above one half
  uint32_t buckets_blocked = 0;  // the others
  // Buckets without a vote, because all of their agents that decided report from behind a VPN or
  // proxy (and perhaps some with an instrument bug). Not among those above.
  uint32_t buckets_bypassing = 0;
  // Buckets that voted, all of whose voters are suspected.
  uint32_t buckets_suspected = 0;
  // What blocked votes failed at first, in votes.
  std::map<Cause, double> causes;

  void Add(const Evidence& other);
};

struct TargetTally {
  // Whether at least half of the controls that decided reach the target.
  Contrast outside = Contrast::kUnknown;
  uint32_t controls_reached = 0;
  uint32_t controls_decided = 0;
  // By region and asn; only those with a bucket that voted or bypasses. While `outside` is not
  // reached, failures are in it too: whoever reads it must then not call anything blocked
  // (access.h).
  std::map<std::pair<std::string, uint32_t>, Evidence> cells;
  // Agents without a vote on this target, by reason; those of the roster included.
  std::map<Ruling, uint32_t> without_vote;
  // Ordered by version. What is not disputed was left out of everything above.
  std::vector<InstrumentBug> instrument_bugs;
};

// An agent weighs as much as its age times its reliability. A bucket's vote is the share of open
// among its agents' decided rounds, each agent with its own weight; the bucket weighs as much as
// the heaviest of them.
TargetTally TallyTarget(const Roster& roster, absl::string_view target_id);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_TALLY_H_
