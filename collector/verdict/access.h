// From the votes of a region or network to what readers see of it. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_ACCESS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_ACCESS_H_

#include "collector/verdict/control.h"
#include "collector/verdict/tally.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Nothing is known: no votes, interval from 0 to 1. `state` is UNKNOWN, DOWN or DISPUTED.
v1::Access NoAccess(v1::AccessState state);

// What cannot be told of a target as a whole.
struct Contrasts {
  Contrast outside = Contrast::kUnknown;  // whether the controls reach it
  bool disputed = false;                  // versions of the agent contradict each other
};

// Under kBucketsMin buckets: NoAccess, UNKNOWN. With too many suspected origins (posterior.h), or
// when `contrasts` are disputed: NoAccess, DISPUTED. Unless controls outside reach the target, a
// failure proves nothing; but dropping failures alone would make the rest look open. So the state
// is made with every failure counted as one, stands when it is OPEN even so, and is else NoAccess:
// DOWN when the controls decided that the target is not reached, UNKNOWN when no control decided.
// Counts of origins that are bypassing or suspected are told from kBucketsMin on.
v1::Access AccessOf(const Evidence& evidence, const Contrasts& contrasts);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_ACCESS_H_
