// Honest load: agents that hand in what they have.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_RUN_GRPC_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_RUN_GRPC_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace sightline::load {

struct RunOptions {
  std::string folder;
  std::string collector = "127.0.0.1:7443";
  // Streams at once, each with a connection of its own.
  int streams = 32;
  // Batches in flight per stream.
  uint64_t window = 8;
  // 0: a stream sends the whole chain of its agent.
  uint64_t batches_per_session = 0;
  // 0: closed loop. Otherwise batches per second, or sessions per second when batches_per_session
  // is set.
  double rate_per_s = 0;
  // Streams that say hello and stay.
  int idle_streams = 0;
  // 0: until everything is sent.
  double seconds = 0;
  // Latencies of what was due in the first seconds, while connections are made, are left out.
  double skip_s = 0;
  // The agents [first_agent, first_agent + agents) of the folder; agents 0: to the last one.
  uint32_t first_agent = 0;
  uint32_t agents = 0;
};

// Prints one JSON object to standard output at the end, "idle: N streams said hello" to standard
// error once all idle streams stand. SIGINT and SIGTERM end it in good order; main must have
// blocked them. An error is one of this side: what the collector refuses is in the report.
absl::Status Run(const RunOptions& options);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_RUN_GRPC_H_
