// From the votes of a region or network to what readers see of it. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_ACCESS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_ACCESS_H_

#include "collector/verdict/control.h"
#include "collector/verdict/tally.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Nothing is known: no votes, interval from 0 to 1. `state` is UNKNOWN or DOWN.
v1::Access NoAccess(v1::AccessState state);

// Under kBucketsMin buckets: NoAccess. Unless controls outside reach the target, a failure proves
// nothing; but dropping failures alone would make the rest look open. So the state is made with
// every failure counted as one, stands when it is OPEN even so, and is else NoAccess: DOWN when the
// controls decided that the target is not reached, UNKNOWN when no control decided.
v1::Access AccessOf(const Evidence& evidence, Contrast outside);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_ACCESS_H_
