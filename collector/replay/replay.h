// Runs a scenario through the real path: signed and chained batches in a store's log, the fold
// leader, verdicts and events as readers get them. Only clocks and agents are made up.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_REPLAY_H_
#define SIGHTLINE_COLLECTOR_REPLAY_REPLAY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/replay/scenario.h"
#include "collector/replay/truth.h"
#include "collector/store/store.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Results of rounds as agents reported them, unweighted: what a count of raw results goes by. Of
// volunteers and of rounds that had arrived by the end of their window.
struct RawCount {
  uint32_t open = 0;
  uint32_t decided = 0;  // open or not
};

struct ReplayWindow {
  absl::Time start;
  v1::GetSummaryResponse summary;  // as published at its end, events included
  std::map<std::tuple<std::string /*target*/, std::string /*region*/, uint32_t /*asn*/>, RawCount>
      raw;
};

struct Replay {
  Scenario scenario;
  uint64_t seed = 0;
  uint64_t batches = 0;  // in the log
  std::vector<ReplayWindow> windows;
  std::vector<v1::Event> events;  // as they stand in the end, ordered by onset
};

struct ReplayProgress {
  int windows = 0;  // done
  int windows_all = 0;
  uint64_t batches = 0;  // appended
};

struct ReplayOptions {
  // "sqlite:PATH" or "postgresql://...", without agents; empty: a SQLite file in a temporary folder
  // that is removed afterwards.
  std::string store_url;
  // Used in place of `store_url` when set; not owned.
  Store* store = nullptr;
  // Collectors that the agents submit to, in turn. The first one folds.
  std::vector<std::string> nodes = {"replay"};
  // Order in which batches that arrive within one window are appended; 0 means by time. An agent's
  // own stay in the order of its chain.
  uint64_t arrival_seed = 0;
  // Every batch is sent a second time.
  bool duplicates = false;
  // Called now and then by the thread that called RunReplay; may be empty.
  std::function<void(const ReplayProgress&)> progress;
};

// The same scenario and seed give the same verdicts and events, byte for byte. Blocks on the store;
// signs on a second thread. Errors are those of the store and of the fold.
absl::StatusOr<Replay> RunReplay(const Scenario& scenario, uint64_t seed,
                                 const ReplayOptions& options);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_REPLAY_H_
