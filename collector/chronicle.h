// What readers ask of the past most, in memory: the last weeks of every target in columns, the
// events of a year, the notes, and the newest changes. A copy of the store, of whichever collector
// wrote it.
#ifndef SIGHTLINE_COLLECTOR_CHRONICLE_H_
#define SIGHTLINE_COLLECTOR_CHRONICLE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/columns.h"
#include "collector/store/store.h"
#include "sightline/v1/annotation.pb.h"
#include "sightline/v1/change.pb.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/timeline.pb.h"

namespace sightline {

struct ChronicleOptions {
  absl::Duration columns_kept = absl::Hours(24) * 40;
  absl::Duration events_kept = absl::Hours(24) * 400;
  size_t changes_kept = 4096;  // of a country
};

// Thread-safe; Refresh by one thread at a time. But for Refresh nothing waits for the store.
// Memory: that of Columns for each target, 13 MB for a country with 34 regions, 50 targets
// and windows of an hour.
class Chronicle {
 public:
  // `store` must outlive it.
  explicit Chronicle(Store& store, ChronicleOptions options = {})
      : store_(store), options_(options) {}

  // Reads what is new of the countries of `plan`. Errors are those of the store; call again.
  absl::Status Refresh(const v1::Plan& plan);

  // A counter that grows whenever Refresh found something new of the country; 0 before it was read.
  uint64_t Version(const std::string& country) const;

  // Below, UNAVAILABLE means that the country was not read yet.

  struct Reach {
    absl::Time kept_from;  // what is in memory begins here
    bool has_all = false;  // and there are no verdicts before that
    absl::Duration window_length;
  };
  absl::StatusOr<Reach> ReachOf(const std::string& country) const;

  // The range that the request asks for (timeline_query.h), from memory. INVALID_ARGUMENT names the
  // field. A target without a verdict has empty columns.
  absl::StatusOr<v1::GetTimelineResponse> Timeline(const v1::GetTimelineRequest& request) const;

  // The range alone.
  absl::StatusOr<TimelineRange> RangeOf(const v1::GetTimelineRequest& request) const;

  using Events = std::shared_ptr<const std::vector<v1::Event>>;
  // By onset and event_id.
  absl::StatusOr<Events> EventsOf(const std::string& country) const;

  using Annotations = std::shared_ptr<const std::vector<v1::Annotation>>;
  // By time and annotation_id.
  absl::StatusOr<Annotations> AnnotationsOf(const std::string& country) const;

  // change_seq of the newest change that is known; 0 when there is none.
  absl::StatusOr<int64_t> NewestChange(const std::string& country) const;

  // At most `limit` changes above `after`, in order. OUT_OF_RANGE: some of them are not in memory
  // any more; the store has them.
  absl::StatusOr<std::vector<v1::Change>> Changes(const std::string& country, int64_t after,
                                                  size_t limit) const;

  // The newest `limit` that are in memory, in order.
  absl::StatusOr<std::vector<v1::Change>> NewestChanges(const std::string& country,
                                                        size_t limit) const;

 private:
  struct Country {
    uint64_t version = 0;
    int64_t revision = 0;
    bool columns_read = false;
    absl::Duration window_length;
    absl::Time newest = absl::InfinitePast();     // window with verdicts
    absl::Time kept_from = absl::InfinitePast();  // what is in memory begins here
    bool has_all = true;                          // there are no verdicts before it
    std::map<std::string, Columns> targets;
    Events events;
    Annotations annotations;
    std::string annotation_bytes;  // to see what is new
    bool changes_read = false;
    int64_t newest_change = 0;
    std::deque<v1::Change> changes;  // the last of them
  };

  absl::Status RefreshColumns(const std::string& name, Country& country);
  absl::Status ReadAll(const std::string& name, Country& country);
  absl::Status ReadNew(const std::string& name, Country& country);
  absl::Status ReadEvents(const std::string& name, Country& country);
  absl::Status RefreshAnnotations(const std::string& name, Country& country);
  absl::Status RefreshChanges(const std::string& name, Country& country);
  absl::Status Take(const std::vector<VerdictRecord>& rows, Country& country);
  absl::StatusOr<const Country*> Find(const std::string& name) const;

  Store& store_;
  const ChronicleOptions options_;
  mutable std::shared_mutex mutex_;
  // Guarded by mutex_; only Refresh changes them, so it alone may read without the lock.
  std::map<std::string, std::unique_ptr<Country>> countries_;
};

// The same of any time, read from the store, which may take seconds. `window_length` is that of
// the newest windows; others are left out.
absl::StatusOr<v1::GetTimelineResponse> StoredTimeline(StoreReader& store,
                                                       const v1::GetTimelineRequest& request,
                                                       const TimelineRange& range,
                                                       absl::Duration window_length);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CHRONICLE_H_
