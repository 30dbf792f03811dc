// Whether the stored verdicts and cells are what the log says: folds it afresh and compares bytes.
// Whether the stored events are what the stored cells come to: audit_events.h.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_VERDICTS_H_
#define SIGHTLINE_COLLECTOR_AUDIT_VERDICTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/audit_events.h"
#include "collector/audit_report.h"
#include "collector/store/store.h"
#include "collector/verdict/fold.h"
#include "collector/verdict/round.h"
#include "common/regions.h"
#include "sightline/internal/v1/audit.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// Not thread-safe; blocks on the store.
class VerdictAudit {
 public:
  // As in AuditOptions.
  struct Options {
    absl::Duration retain;
    absl::Time read_time;
    uint64_t silence_max;
  };
  // Everything must outlive it.
  VerdictAudit(StoreReader& store, const RegionNames& names, const Options& options,
               internal::v1::AuditReport& report);

  // Reads plans, the fold's position and the length of the newest window. DATA_LOSS: a stored plan
  // is none.
  absl::Status Begin(int64_t first_day);

  // The plan of that version; nullptr when there is none. Safe to call from several threads.
  const v1::Plan* FindPlan(uint64_t version) const;

  // Counts the round of a record. Each record once, in any order within a node's last `kSlack`.
  void Add(const LogRecord& record, const Round& round);

  // Compares the days that no record to come can change: everything received from now on is
  // received at `received` or later.
  absl::Status CompareUntil(absl::Time received);

  // Compares what is left. Errors of the store, and of EventAudit::Finish.
  absl::Status Finish();

 private:
  // What is known of a window besides its contents.
  struct WindowFacts {
    bool beyond_checkpoint = false;              // some of its records are
    std::set<std::string> countries;             // that have rows
    absl::Time received = absl::InfinitePast();  // its newest record
  };

  absl::Status ReadWindows();
  absl::Status ReadDroppedDays(int64_t first_day);
  // The plan by which the fold judges a window that ends then (follow.h).
  const v1::Plan* PlanAt(absl::Time time) const;
  // Calls `read` with one part of the time after the other, of a day when there are rows. It
  // returns how many there were.
  absl::Status ForEachPage(
      absl::Time from, absl::Time until,
      absl::FunctionRef<absl::StatusOr<size_t>(absl::Time, absl::Time)> read) const;
  absl::Status CompareRange(absl::Time from, absl::Time until);
  absl::StatusOr<size_t> ComparePage(absl::Time from, absl::Time until);
  void CompareWindow(absl::Time start, const std::string& country,
                     const std::vector<const VerdictRecord*>& rows);
  // What the log says about every target of the window's plan, by target_id.
  std::map<std::string, VerdictRecord> Make(absl::Time start, const std::string& country) const;
  // Whether the fold may not have judged the window anew since its newest record.
  bool MayBeBehind(const WindowFacts& window) const;
  void CompareRow(const VerdictRecord& row, const VerdictRecord& made, bool beyond);
  static internal::v1::AuditProblem ProblemOf(internal::v1::AuditProblemKind kind,
                                              const VerdictRecord& row, std::string detail);
  void Problem(internal::v1::AuditProblemKind kind, const VerdictRecord& row, std::string detail) {
    AddProblem(report_, ProblemOf(kind, row, std::move(detail)));
  }
  void CountMissing(absl::Time from, absl::Time until);
  // Events where there are no verdicts at all.
  absl::Status TellOrphans();

  StoreReader& store_;
  const RegionNames& names_;
  const Options options_;
  internal::v1::AuditReport& report_;
  std::map<uint64_t, v1::Plan> plans_;           // by version
  std::set<std::string> countries_;              // of all plans
  std::map<std::string, uint64_t> positions_;    // of the checkpoint
  std::optional<absl::Duration> window_length_;  // nothing when there are no verdicts
  std::unique_ptr<Fold> fold_;
  std::unique_ptr<EventAudit> events_;
  std::map<absl::Time, WindowFacts> windows_;  // by start; those not compared yet
  absl::Time read_until_;                      // of the newest record, or when the store was read
  absl::Time oldest_row_ = absl::InfiniteFuture();
  absl::Time newest_row_ = absl::InfinitePast();
  absl::Time compared_until_ = absl::InfinitePast();
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_VERDICTS_H_
