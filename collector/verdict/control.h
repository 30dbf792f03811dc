// The control table: what an agent's failure to reach a target means, given the controls outside
// and the domestic anchors of the same agent. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_CONTROL_H_
#define SIGHTLINE_COLLECTOR_VERDICT_CONTROL_H_

#include <cstddef>

#include "absl/types/span.h"
#include "common/outcome.h"

namespace sightline {

// Whether something that should work was reached.
enum class Contrast { kReached, kNotReached, kUnknown };

// What the rules make of an agent's rounds: a vote, or the reason why there is none.
enum class Ruling {
  kOpen,
  kBlocked,
  kServiceDown,      // the controls outside fail too, or the service said so itself
  kNoControl,        // no control outside decided
  kOwnOutage,        // no domestic anchor was reached
  kNoAnchor,         // no domestic anchor was tried
  kUndecided,        // the rounds carry no outcome
  kCountryMismatch,  // the collector saw the agent in another country than it declared
  kRegionConflict,   // an agent enrolled earlier declared another region for the same origin
  kRegionNotListed,  // the plan has no such region
  kBypassing,        // behind a VPN or proxy: it sees another network
  kInstrumentBug,    // its version of the program fails where others do not
};

// The table, row by row:
//
//   outside      anchors      target        ruling
//   any          not reached  any           own outage
//   any          unknown      any           no anchor
//   any          reached      reached       open
//   reached      reached      not reached   blocked
//   not reached  reached      not reached   service down
//   unknown      reached      not reached   no control
//
// Being reached proves itself. Not being reached proves nothing without both contrasts.
Ruling Rule(Contrast outside, Contrast anchors, bool target_reached);

// Of the domestic anchors other than the target, all by their place in `round`: reached when at
// least one is open, not reached when at least one was tried and none is open, unknown when none
// was tried.
Contrast AnchorsOf(absl::Span<const size_t> anchors, absl::Span<const CheckOutcome> round,
                   size_t target);

// The anchor of a control is everything: reached when the round reached any target at all.
Contrast LineOfControl(absl::Span<const CheckOutcome> round);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_CONTROL_H_
