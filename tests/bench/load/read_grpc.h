// Readers at a fixed rate.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_READ_GRPC_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_READ_GRPC_H_

#include <string>

#include "absl/status/status.h"

namespace sightline::load {

struct ReadOptions {
  std::string folder;  // prepared
  std::string collector = "127.0.0.1:7443";
  std::string country = "CN";
  std::string target_id;    // of timelines
  std::string columns;      // read_mask of timelines, separated by commas; empty: all
  std::string call;         // "summary" or "timeline"
  double rate_per_s = 500;  // calls due, whatever became of the ones before
  int connections = 16;
  double seconds = 10;
  double skip_s = 1;  // what was due before does not count
};

// Prints {"call": {latencies}, "failed": ..., "bytes": of one answer}. Latency counts from when a
// call was due; answers are not parsed.
absl::Status RunReaders(const ReadOptions& options);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_READ_GRPC_H_
