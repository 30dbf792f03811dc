// The doctor's checks of the roads to the collectors.
#ifndef SIGHTLINE_AGENT_DOCTOR_ROADS_H_
#define SIGHTLINE_AGENT_DOCTOR_ROADS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/road_check.h"
#include "common/finding.h"

namespace sightline::agent {

// One finding for each road. One that works is enough, so what fails is a problem only when all
// fail; a certificate that is not the collector's is one always. Pure.
std::vector<Finding> JudgeRoads(const std::vector<RoadFacts>& roads, absl::Time now);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_DOCTOR_ROADS_H_
