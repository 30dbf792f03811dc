// Observations as real rounds have them, for tests about sizes and about every field.
#ifndef SIGHTLINE_TESTS_AGENT_TYPICAL_ROUND_H_
#define SIGHTLINE_TESTS_AGENT_TYPICAL_ROUND_H_

#include <random>
#include <vector>

#include "sightline/v1/observation.pb.h"

namespace sightline::agent {

// Every field of an observation set, every message within it present.
v1::Observation ObservationWithEverything();

// A round of 30 checks as an agent behind the firewall sees it: 18 open ones, a third of them with
// addresses that rotate, and 12 blocked ones, whose forged answers differ every time. Times and
// amounts are random.
std::vector<v1::Observation> TypicalRound(std::mt19937_64& random);

// A vantage with all labels set.
v1::Vantage TypicalVantage();

}  // namespace sightline::agent

#endif  // SIGHTLINE_TESTS_AGENT_TYPICAL_ROUND_H_
