// From a round of any size to parts that fit in batches.
#ifndef SIGHTLINE_AGENT_SPLIT_ROUND_H_
#define SIGHTLINE_AGENT_SPLIT_ROUND_H_

#include <vector>

#include "sightline/v1/observation.pb.h"

namespace sightline::agent {

// Splits a round so that each part fits in one batch: at most kObservationsPerBatchMax observations
// and, with room for the other fields, kBatchBytesMax bytes. An observation that is too large on
// its own loses its detail. One empty part for an empty round.
std::vector<std::vector<v1::Observation>> SplitRound(std::vector<v1::Observation> observations);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_SPLIT_ROUND_H_
