// Hostile load: many streams of one kind of harm, each begun again as soon as it ends.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_HOSTILE_GRPC_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_HOSTILE_GRPC_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "tests/bench/load/hostile_stream_grpc.h"

namespace sightline::load {

// Names of the modes, as on the command line.
const std::map<std::string, HostileMode>& HostileModes();

struct HostileOptions {
  std::string folder;
  std::string collector = "127.0.0.1:7443";
  HostileMode mode = HostileMode::kTiny;
  int streams = 8;
  double seconds = 10;
  // Streams use the agents from this one to the last, in turn; the ones before stay honest.
  uint32_t first_agent = 0;
  // A stream that ends is begun again on the same connection while that holds.
  bool keep_connections = false;
};

// Prints one JSON object: streams, messages, bytes, how streams ended.
absl::Status RunHostile(const HostileOptions& options);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_HOSTILE_GRPC_H_
