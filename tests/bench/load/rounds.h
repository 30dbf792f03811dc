// What an agent reports round after round in its steady state: pure, from the numbers of agent and
// round, so that nothing is kept between rounds.
//
// Nearly everything is open. Detail (answers, attempts) is there as the agent's filter
// (agent/detail.h) leaves it in the long run: open checks refer to an earlier batch, and blocked
// ones, whose forged answers differ every time, carry it while the agent's allowance lasts.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_ROUNDS_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_ROUNDS_H_

#include <cstdint>

#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"
#include "tests/bench/load/load_plan.h"

namespace sightline::load {

// Replaces the observations of `batch`, one per check of the plan, in its order. `batch.batch_seq`
// is set; `seed` tells rounds apart.
void FillRound(const v1::Plan& plan, const Place& place, uint64_t seed, v1::Batch& batch);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_ROUNDS_H_
