#ifndef SIGHTLINE_TESTS_AGENT_PROBE_STEP_FIXTURE_H_
#define SIGHTLINE_TESTS_AGENT_PROBE_STEP_FIXTURE_H_

// Runs protocol steps against one address without engine or judge.

#include <chrono>
#include <string>

#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

struct StepRun {
  v1::Attempt evidence;
  // Whether every step of the protocol let the next one follow.
  bool passed = false;
};

// The steps of `check.protocol()`, which is NOISE, WEBSOCKET or NOISE_WEBSOCKET, each with the same
// deadline. `noise` may be nullptr. Believes the certificates of `roots_pem`, unused without TLS.
StepRun RunSteps(const v1::Check& check, const v1::NoiseProfile* noise,
                 const std::string& roots_pem, const std::string& address,
                 std::chrono::milliseconds timeout);

}  // namespace sightline::probe

#endif  // SIGHTLINE_TESTS_AGENT_PROBE_STEP_FIXTURE_H_
