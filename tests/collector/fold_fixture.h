// A fold leader in a test's hands: its store, its clocks, and what it should have written.
#ifndef SIGHTLINE_TESTS_COLLECTOR_FOLD_FIXTURE_H_
#define SIGHTLINE_TESTS_COLLECTOR_FOLD_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector/fold_leader.h"
#include "tests/collector/fake_steady_clock.h"
#include "tests/collector/memory_store.h"
#include "tests/collector/world_log.h"

namespace sightline {

// Tells of every write of the fold, and fails when told to: before it or after it.
class WatchedStore : public MemoryStore {
 public:
  std::function<absl::Status()> before = [] { return absl::OkStatus(); };
  std::function<absl::Status()> after = [] { return absl::OkStatus(); };
  std::vector<absl::Time> windows_written;  // in order
  std::vector<EventRecord> events_written;  // in order
  int checkpoints = 0;

  absl::Status WriteFold(absl::string_view lease_name, const LeaseRecord& held,
                         const FoldWrite& write) override {
    if (absl::Status status = before(); !status.ok()) return status;
    absl::Status status = MemoryStore::WriteFold(lease_name, held, write);
    if (!status.ok()) return status;
    for (const VerdictRecord& row : write.verdicts) {
      if (windows_written.empty() || windows_written.back() != row.window_start) {
        windows_written.push_back(row.window_start);
      }
    }
    events_written.insert(events_written.end(), write.events.begin(), write.events.end());
    if (write.checkpoint != nullptr) ++checkpoints;
    return after();
  }
};

class FoldSite {
 public:
  FoldSite();

  // Takes the lease, in the next term, with nothing in memory.
  absl::Status Start(FoldLeaderOptions options = Options());
  // Ends it without a word, like a crash.
  void Crash() { leader = nullptr; }
  // Turns until all is read, written and forgotten that can be at `now`; the steady clock runs.
  absl::Status Settle(absl::Time now);

  static FoldLeaderOptions Options();

  WatchedStore store;
  FakeSteadyClock clock;
  Metrics metrics;
  LeaseRecord held;
  std::unique_ptr<FoldLeader> leader;
};

// The rows that the window must have, folded from those entries of the world that were received
// before `now`: "target verdict cells" each.
std::vector<std::string> ExpectedRows(const World& world, absl::Time start, absl::Time now);
// The rows that it has in the store.
std::vector<std::string> StoredRows(Store& store, absl::Time start);

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_FOLD_FIXTURE_H_
