// Observations as agents make them, for results that are made up.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_OBSERVED_H_
#define SIGHTLINE_COLLECTOR_REPLAY_OBSERVED_H_

#include <string>

#include "collector/replay/scenario.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// How a check goes.
enum class Course {
  kOpen,
  kBlocked,  // as the target is blocked where it is
  kTimeout,  // by chance, or because the line or the service is down
  kBroken,   // by the agent's own mistake
};

// The id of the only check on a target.
std::string CheckIdOf(const ScenarioTarget& target);

// What that check reports.
v1::Observation Observe(const ScenarioTarget& target, Course course);

// A plan's entry on the target, with that check.
v1::Target PlanTarget(const ScenarioTarget& target);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_OBSERVED_H_
