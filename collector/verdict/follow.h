// Follows the log of every collector on a store, keeps the fold of it, and judges its windows.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_FOLLOW_H_
#define SIGHTLINE_COLLECTOR_VERDICT_FOLLOW_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/store/store.h"
#include "collector/verdict/fold.h"
#include "collector/verdict/verdict.h"
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
  // How far receive times may be out of the order of the log: the time from receiving a batch to
  // its commit, and what the clocks of collectors differ.
  absl::Duration slack = absl::Minutes(10);
  // Records read from the store at a time, and at most by one Poll.
  size_t page_records = 256;
  size_t poll_records_max = 8192;
};

// At most `limit` rounds of this node's log from node_seq `after` + 1 on, consecutive; none when
// that one is not in memory.
using RecentRounds =
    std::function<std::vector<std::shared_ptr<const Round>>(uint64_t after, size_t limit)>;

// Not thread-safe; blocks on the store. `store` and `names` must outlive it.
//
// What it knows is a function of the log up to its positions. It begins at a checkpoint, or (Load
// was not called, or found none) so far back that every window that is not final is whole; windows
// before that are never judged. Either way the same log gives the same windows.
class Follower {
 public:
  Follower(Store& store, const RegionNames& names, FollowerOptions options);

  // The records of `node` are taken from `recent` when they are there, and from the store when not.
  void UseRecent(std::string node, RecentRounds recent);

  // Calls `hear` with each round that is folded, before Poll returns.
  void UseRounds(std::function<void(const Round&)> hear) { hear_ = std::move(hear); }

  // Begins at the stored checkpoint; before the first Poll. NOT_FOUND: there is none. DATA_LOSS: it
  // does not fit or cannot be read; then Poll begins without one, and the next checkpoint replaces
  // it whole. `between` is called now and then, for a checkpoint may be large.
  absl::Status Load(absl::FunctionRef<void()> between);

  // Folds what the log holds beyond the last Poll, of every node in turn. Returns the number of
  // records read. After an error the next Poll continues with the record at which it stopped.
  // DATA_LOSS names the node and node_seq of a record that is no batch, that is missing although no
  // day was dropped, or whose agent is not enrolled; nothing is skipped.
  absl::StatusOr<size_t> Poll(absl::Time now);

  // Whether the last Poll read every node's log to its end.
  bool caught_up() const;
  // Every record received before this has been read, but for `slack`. InfinitePast before a Poll.
  absl::Time read_until() const;

  // Starts of the windows that changed since the last call, ordered.
  std::vector<absl::Time> TakeChanged() { return fold_.TakeChanged(); }
  // Drops windows that are final, but none that starts at or after `keep_from`.
  void Forget(absl::Time keep_from);
  // First day (since 1970-01-01 UTC) with a window that is not final: whoever follows the log from
  // here on needs no older one. 0 while that is not known.
  int64_t FinalDay() const;

  // Whether Checkpoint would be of use: not while the log before it is still being read for the
  // first time.
  bool MayCheckpoint() const { return may_checkpoint_; }
  // Where it stands: all positions, and the windows that start at `changed`.
  FoldCheckpoint Checkpoint(const std::set<absl::Time>& changed) const;

  // Reads the plans that the store has and this does not. Poll does so when it is first called and
  // when a record names one that it does not know. Returns whether there were any.
  absl::StatusOr<bool> ReadPlans();
  // The plan by which a window that ends at `time` is judged: of the plans issued by then the one
  // with the highest version, or the first plan when none was. nullptr when none is known.
  const v1::Plan* PlanAt(absl::Time time) const;

  // Countries that some plan observes, ordered.
  std::set<std::string> Countries() const;
  // Last node_seq that was folded of each node.
  std::map<std::string, uint64_t> Positions() const;

  // Start of the newest window that is complete at `now`.
  absl::Time NewestWindow(absl::Time now) const;
  // Verdicts on all targets in the window that starts at `start`, of what has been read. A window
  // without observations is silent. `country` is one that `plan` observes.
  Judgement JudgeWindow(absl::Time start, const v1::Plan& plan, absl::string_view country) const;

  // The summary of the newest window. INVALID_ARGUMENT: no country. NOT_FOUND: a country that the
  // plan of that window does not have. UNAVAILABLE: no plan, or no window with observations is
  // complete yet.
  absl::StatusOr<v1::GetSummaryResponse> Summary(absl::string_view country, absl::Time now) const;

  const Fold& fold() const { return fold_; }
  const FoldCounters& counters() const { return fold_.counters(); }
  const FollowerOptions& options() const { return options_; }

 private:
  struct Node {
    uint64_t position = 0;  // last node_seq folded
    absl::Time read_until = absl::InfinitePast();
    bool caught_up = false;
  };
  struct PreparedPlan {
    explicit PreparedPlan(v1::Plan a_plan) : plan(std::move(a_plan)), rounds(plan) {}
    const v1::Plan plan;
    const RoundPlan rounds;
  };

  absl::Status FindNodes(absl::Time now);
  absl::StatusOr<size_t> ReadPage(const std::string& name, Node& node, absl::Time now,
                                  size_t limit);
  absl::StatusOr<size_t> ReadStored(const std::string& name, Node& node, size_t limit);
  absl::Status ExplainGap(const Node& node, const LogRecord& record);
  absl::Status AddRecord(const LogRecord& record);
  void Add(const Round& round);
  absl::StatusOr<const AgentRecord*> AgentOf(const LogRecord& record);
  absl::StatusOr<const RoundPlan*> PlanOf(uint64_t version);

  Store& store_;
  const RegionNames& names_;
  const FollowerOptions options_;
  std::string own_node_;
  RecentRounds recent_;
  std::function<void(const Round&)> hear_;
  Fold fold_;
  std::map<std::string, Node> nodes_;
  bool started_ = false;  // nodes that turn up from now on are read from their first record
  bool may_checkpoint_ = false;
  std::set<absl::Time> unreadable_;  // windows of a checkpoint that was not taken
  std::map<uint64_t, std::unique_ptr<const PreparedPlan>> plans_;  // by version
  std::set<uint64_t> plans_missed_;                                // in vain during this Poll
  // What the verdict takes from the registry never changes after enrolment.
  absl::flat_hash_map<std::string, AgentRecord> agents_;
};

// UNAVAILABLE, in words for readers: no window is complete yet.
absl::Status NothingComplete(const FollowerOptions& options);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_FOLLOW_H_
