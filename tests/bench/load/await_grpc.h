// Waits until a collector serves, and says how long that took.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_AWAIT_GRPC_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_AWAIT_GRPC_H_

#include <string>

#include "absl/status/status.h"

namespace sightline::load {

struct AwaitOptions {
  std::string folder;
  std::string collector = "127.0.0.1:7443";
  std::string country = "CN";
  // When the waiting began: seconds since 1970. 0: now.
  double since_s = 0;
  double timeout_s = 60;
};

// Asks the health service about both public services until they are SERVING, then for a summary
// until there is one. Prints {"serving_s": ..., "summary_s": ...}, each since the beginning.
// DEADLINE_EXCEEDED says what the collector answered last.
absl::Status Await(const AwaitOptions& options);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_AWAIT_GRPC_H_
