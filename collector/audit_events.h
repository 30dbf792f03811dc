// Whether the stored events and timelines are what the stored cells come to.
//
// Compared is what events say, and the columns beside them. What was said of them before, and the
// onset in their names, depend on when which window was judged, and of events that were withdrawn
// the cells know nothing: events with corrections and those withdrawn are counted.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_EVENTS_H_
#define SIGHTLINE_COLLECTOR_AUDIT_EVENTS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/store/store.h"
#include "collector/verdict/timeline.h"
#include "sightline/internal/v1/audit.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Not thread-safe; blocks on the store. Memory: a history and its events for each target.
class EventAudit {
 public:
  // Both must outlive it. Rows of another window length than `window_length` are silent. Of silent
  // windows between rows, each times the regions and networks that are followed, no more than
  // `silence_max` are looked at in all.
  EventAudit(StoreReader& store, absl::Duration window_length, uint64_t silence_max,
             internal::v1::AuditReport& report)
      : store_(store), window_length_(window_length), silence_left_(silence_max), report_(report) {}

  // Reads how far the events of the country were told, and its timelines. Before its rows.
  absl::Status Begin(const std::string& country);

  // A stored row, in the order of its country's windows; its verdict is not looked at.
  void Add(const VerdictRecord& row);

  // Compares, when all rows of the country were added. RESOURCE_EXHAUSTED: more than `silence_max`.
  absl::Status Finish(const std::string& country);

 private:
  struct Target {
    explicit Target(absl::Duration window_length) : timeline(window_length) {}

    Timeline timeline;
    std::vector<v1::Event> events;  // that ended
    bool has_rows = false;
    bool has_other_rows = false;      // by other rules, of another window length, or struck out
    std::optional<absl::Time> first;  // first window with evidence
    bool begun_anew = false;          // somewhere behind `first`: nobody knows where
    std::optional<TimelineRecord> record;  // as stored
    bool record_passed = true;             // there is none, it was compared, or is of other rules
  };
  struct Country {
    std::optional<TimelineRecord> end;  // how far its events were told
    std::map<std::string, Target> targets;
  };

  absl::StatusOr<std::optional<TimelineRecord>> ReadEnd(const std::string& country);
  void StepTo(absl::Time start, const internal::v1::Cells& cells, Target& target);
  void CompareTimeline(const std::string& target_id, Target& target);
  absl::StatusOr<std::map<std::string, std::vector<v1::Event>>> ReadStored(
      const std::string& country);
  std::vector<v1::Event> TakeComparable(const std::string& country, const std::string& target_id,
                                        const std::vector<v1::Event>& stored, bool behind,
                                        const Target& target);
  void CompareTarget(const std::string& country, const std::string& target_id,
                     const std::vector<v1::Event>& stored, bool behind, const Target& target);
  // `behind`: the fold may not have come that far.
  void Problem(internal::v1::AuditProblemKind kind, const std::string& country,
               const std::string& target_id, absl::Time start, std::string detail,
               bool behind = false);

  StoreReader& store_;
  const absl::Duration window_length_;
  uint64_t silence_left_;
  bool exhausted_ = false;
  internal::v1::AuditReport& report_;
  std::map<std::string, Country> countries_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_EVENTS_H_
