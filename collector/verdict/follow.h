// Follows the log of every collector on a store and answers with the verdict of a window.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_FOLLOW_H_
#define SIGHTLINE_COLLECTOR_VERDICT_FOLLOW_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/store/store.h"
#include "collector/verdict/fold.h"
#include "common/regions.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

struct FollowerOptions {
  absl::Duration window_length = absl::Hours(1);
  // How long after its end a window waits for batches on their way.
  absl::Duration grace = absl::Minutes(5);
  // How long late batches still change a window.
  absl::Duration retain = absl::Hours(72);
  // Records read from the store at a time, and at most by one Poll.
  size_t page_records = 256;
  size_t poll_records_max = 8192;
};

// Not thread-safe; blocks on the store. `store` and `names` must outlive it.
class Follower {
 public:
  Follower(Store& store, const RegionNames& names, FollowerOptions options);

  // Folds what the log holds beyond the last Poll, of every node, and forgets windows older than
  // `now` - retain. Returns the number of records read; 0 means that it has caught up. After an
  // error the next Poll continues with the record at which it stopped. DATA_LOSS names the node and
  // node_seq of a record that is no batch, or whose agent is not enrolled; nothing is skipped.
  absl::StatusOr<size_t> Poll(absl::Time now);

  // Start of the newest window that is complete at `now`.
  absl::Time NewestWindow(absl::Time now) const;

  // The verdicts of that window on all targets, from what Poll has folded. INVALID_ARGUMENT: no
  // country. NOT_FOUND: a country that the plan of that window does not have. UNAVAILABLE: no plan,
  // or no window with observations is complete yet.
  absl::StatusOr<v1::GetSummaryResponse> Summary(absl::string_view country, absl::Time now) const;

  // The plan by which a window that ends at `time` is judged: of the plans issued by then the one
  // with the highest version, or the first plan when none was. nullptr when Poll has seen no plan.
  const v1::Plan* PlanAt(absl::Time time) const;

  const FoldCounters& counters() const { return fold_.counters(); }

 private:
  absl::StatusOr<size_t> PollNode(const std::string& node, absl::Time now, size_t limit);
  absl::Status AddRecord(const LogRecord& record);
  absl::Status ReadPlans();
  absl::StatusOr<const AgentRecord*> AgentOf(const LogRecord& record);
  absl::StatusOr<const v1::Plan*> PlanOf(uint64_t version);

  Store& store_;
  const RegionNames& names_;
  const FollowerOptions options_;
  Fold fold_;
  std::map<std::string, uint64_t> positions_;  // node -> last node_seq folded
  std::map<uint64_t, v1::Plan> plans_;         // by version
  std::set<uint64_t> plans_missed_;            // asked for in vain during this Poll
  // What the verdict takes from the registry never changes after enrolment.
  absl::flat_hash_map<std::string, AgentRecord> agents_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_FOLLOW_H_
