// The plan and the population of the load: who is where.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_LOAD_PLAN_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_LOAD_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::load {

inline constexpr uint64_t kPlanVersion = 1;
inline constexpr int kChecksPerTarget = 4;

// What somebody in the country sees of a target.
enum class Fate {
  kOpen,
  kBlocked,
  kOpenInSomeRegions,
};

// A valid plan with `checks` checks (a multiple of 4 from 16 to 256): targets of 4 checks each, of
// which the first 2 are domestic anchors, then a foreign anchor and a canary, the rest services.
v1::Plan MakePlan(int checks, absl::Time now);

// By the position of the target in the plan.
Fate FateOf(int target);

// Where agent number `index` is. Every 64th agent is a control.
struct Place {
  bool control = false;
  std::string region;
  // IPv4 within 127.0.0.0/8, in a /24 of its own among the first 16,384.
  std::string address;
  // Position of the region in the country's list.
  int region_number = 0;
};
Place PlaceOf(uint32_t index);

// Rows of deploy/lab/make_mmdb.pl for every address that PlaceOf gives: 8 networks at home, one
// abroad.
std::string AddressRows();

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_LOAD_PLAN_H_
