// What came of a replay, beside what its scenario expects. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_REPORT_H_
#define SIGHTLINE_COLLECTOR_REPLAY_REPORT_H_

#include "collector/replay/replay.h"
#include "sightline/internal/v1/replay.pb.h"

namespace sightline {

internal::v1::ReplayReport ReportOf(const Replay& replay);

// One expectation of the scenario.
internal::v1::ReplayExpectation Compare(const Replay& replay, const Expectation& expectation);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_REPORT_H_
