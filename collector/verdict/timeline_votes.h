// What the series of a target hear in one window: from cells to votes of regions, and of networks
// across them. Pure functions.
//
// One change must not be told twice, as that of every region and that of a network. A network
// stands apart in a window when its votes speak for a change and differ by more than kApart from
// those of the other networks of the same regions, while these others, together, do not speak for a
// change. Then its votes are the network's and not its regions'.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_TIMELINE_VOTES_H_
#define SIGHTLINE_COLLECTOR_VERDICT_TIMELINE_VOTES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "collector/verdict/timeline_series.h"
#include "sightline/internal/v1/fold.pb.h"

namespace sightline {

// Difference of shares, weighted over regions, above which a network stands apart.
inline constexpr double kApart = 0.25;

using NetworkVotes = std::map<uint32_t, SeriesVotes>;     // by asn; 0 is unknown
using RegionVotes = std::map<std::string, NetworkVotes>;  // by region
using SeriesOf =
    std::function<const internal::v1::Series*(const std::string& region, uint32_t asn)>;

// Votes by region and network. Regions that are disputed are left out. Empty when nothing can be
// said of the target: its controls do not reach it or did not decide, or what failed may be the
// agents' program.
RegionVotes VotesOf(const internal::v1::Cells& cells);

// Networks that something is going on in, and those that stand apart. `series` gives nullptr for
// what has no history.
std::set<uint32_t> NetworksApart(const RegionVotes& votes, const SeriesOf& series);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_TIMELINE_VOTES_H_
