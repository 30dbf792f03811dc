// What the collector's speed is compared with: the same results as plain rows, by the fastest way
// that PostgreSQL has for them.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_COPY_BASELINE_PQ_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_COPY_BASELINE_PQ_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"

namespace sightline::load {

struct CopyOptions {
  std::string folder;
  std::string url;
  // At most; fewer when the folder holds fewer.
  size_t rows = 2'000'000;
  // Each COPY is one transaction.
  size_t rows_per_copy = 20'000;
};

// Makes the table bench_results anew, fills it with one row per prepared result by binary COPY over
// one connection, and drops it. Rows are encoded before the clock starts. They come as agents send
// them: a batch of one agent, then of the next. Prints one JSON object.
absl::Status CopyBaseline(const CopyOptions& options);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_COPY_BASELINE_PQ_H_
