// A month of verdicts in a store, so that readers have something to ask for.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_HISTORY_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_HISTORY_H_

#include <string>

#include "absl/status/status.h"

namespace sightline::load {

struct HistoryOptions {
  std::string folder;  // prepared; its plan says which targets and regions
  std::string store;
  int days = 30;
};

// Writes a verdict on every target of the plan for every hour of the last days, up to three hours
// ago: 34 regions of 4 networks each (those of the plan, and made-up ones), of which some are open
// and change now and then. As the fold leader; nobody else may run on the store.
absl::Status WriteHistory(const HistoryOptions& options);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_HISTORY_H_
