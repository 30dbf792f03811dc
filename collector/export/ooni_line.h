// The rounds of the log as measurements of OONI's data format 0.2.0, one JSON line each.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_OONI_LINE_H_
#define SIGHTLINE_COLLECTOR_EXPORT_OONI_LINE_H_

#include <string>
#include <vector>

#include "collector/export/detail_memory.h"
#include "collector/store/store.h"
#include "common/plan.h"
#include "sightline/v1/observation.pb.h"

namespace sightline {

// What a line is made from. All of it must outlive the call.
struct OoniRound {
  const LogRecord& record;
  // `record.batch` parsed, with detail of earlier rounds put in where it says "as before".
  const v1::Batch& batch;
  // One for each observation.
  const std::vector<DetailOrigin>& origins;
  const PlanIndex& plan;
  // Whether lines name the agent and its batch: whoever has them can then follow one volunteer.
  bool agents = false;
};

// One line for each check that was run, in the order of the batch, without line ends; a check of
// OONI's test "signal" is in one line with the three others when all four of them were run. Pure:
// the same round gives the same lines.
std::vector<std::string> OoniLines(const OoniRound& round);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_OONI_LINE_H_
