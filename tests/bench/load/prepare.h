// Makes everything that a run needs, ahead of it.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_PREPARE_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_PREPARE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace sightline::load {

// Files of a prepared folder.
inline constexpr char kDataName[] = "load.data";
inline constexpr char kPlanName[] = "plan.signed";
inline constexpr char kCertificateName[] = "server.pem";

struct PrepareOptions {
  std::string folder;
  uint32_t agents = 64;
  uint32_t batches = 64;   // per agent
  uint32_t results = 256;  // per batch; a multiple of 4 from 16 to 256
  // Another prepared folder whose plan, keys and certificate are taken; empty: makes new ones.
  std::string plan_of;
  absl::Duration span = absl::Hours(3);  // the rounds lie within this time up to now
};

// Writes the agents' signed chains, operator.pem and operator.pub.pem, a signed plan, a certificate
// for 127.0.0.1 that is its own root (server.pem, server.key) and geo.mmdb. Uses all cores. Prints
// the sizes. The rounds end now: use the folder within hours.
absl::Status Prepare(const PrepareOptions& options);

// Enrols all agents of the folder in the store and publishes the plan there, as the collector would
// have done. Nobody else may write to the store meanwhile.
absl::Status EnrollAll(const std::string& folder, const std::string& store_url);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_PREPARE_H_
