// Votes of one target, country and window as they are stored beside the verdict.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_CELLS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_CELLS_H_

#include <string>

#include "collector/verdict/tally.h"

namespace sightline {

// internal::v1::Cells, serialised. The same tally gives the same bytes.
std::string SerializeCells(const TargetTally& tally);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_CELLS_H_
