// How often a fault is repeated, and with what chance.
#ifndef SIGHTLINE_TESTS_COLLECTOR_STORE_FAULT_RUNS_H_
#define SIGHTLINE_TESTS_COLLECTOR_STORE_FAULT_RUNS_H_

#include <cstdio>
#include <cstdlib>
#include <random>

namespace sightline {

// The default, or what SIGHTLINE_FAULT_RUNS says.
inline int FaultRuns(int by_default) {
  const char* runs = getenv("SIGHTLINE_FAULT_RUNS");
  return runs == nullptr ? by_default : atoi(runs);
}

// Prints its seed; SIGHTLINE_FAULT_SEED repeats a run.
inline std::mt19937 FaultRandom() {
  const char* given = getenv("SIGHTLINE_FAULT_SEED");
  const unsigned seed = given == nullptr ? std::random_device()()
                                         : static_cast<unsigned>(strtoul(given, nullptr, 10));
  printf("SIGHTLINE_FAULT_SEED=%u\n", seed);
  return std::mt19937(seed);
}

// A number of [0, end).
inline int Below(std::mt19937& random, int end) {
  return std::uniform_int_distribution<int>(0, end - 1)(random);
}

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_STORE_FAULT_RUNS_H_
