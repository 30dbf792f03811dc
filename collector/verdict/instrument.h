// An instrument bug: a failure that follows the version of the agent's program and not the network.
// Pure functions.
//
// Versions are compared within cells (region and network), where they meet the same censor, and
// the comparisons summed over the cells as Cochran and Mantel and Haenszel do (Mantel and Haenszel,
// Journal of the NCI 22, 1959). Anybody may write any version into a batch, so who is in the
// minority matters: a liar must not be able to invent a version beside which all others look
// broken.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_INSTRUMENT_H_
#define SIGHTLINE_COLLECTOR_VERDICT_INSTRUMENT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace sightline {

// The vote of one bucket on one target, given by its heaviest agent.
struct VersionVote {
  std::string region;
  uint32_t asn = 0;
  std::string agent_version;
  double weight = 0;
  bool failed = false;
};

// What one control found on the target.
struct VersionControl {
  std::string agent_version;
  bool failed = false;
};

struct InstrumentBug {
  std::string agent_version;
  uint32_t buckets = 0;   // of that version that failed
  bool disputed = false;  // nothing is left out, and nothing can be said of the target
};

// Ordered by version. A version is suspicious when, in the cells that have it and others, its
// buckets fail 80% or more of the time, those of the others 20% or less, it has 4 buckets or more
// there in 2 cells or more, and chi squared (1 degree of freedom) is above 15. Then it is
//
//   a bug     when controls of the version fail, all of them, and most of the others do not;
//   a bug     else, when it has less than half of the votes' weight, in those cells and everywhere;
//   disputed  else, when the others are 4 buckets or more there and have 15% or more of the weight
//             of all votes: it may be they who lie;
//   nothing   else: few say otherwise, and they are outvoted as usual.
std::vector<InstrumentBug> FindInstrumentBugs(const std::vector<VersionVote>& votes,
                                              const std::vector<VersionControl>& controls);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_INSTRUMENT_H_
