// The histories of all targets in all countries while the fold goes on: from cells of window after
// window to rows of events and timelines.
//
// Each history is kept at its last window that is final, and stepped again from there over the
// windows after it when one of them changed. Events that come of it are matched with those that
// were told before (told_events.h). The same cells give the same events, whoever makes them when;
// names and amendments depend on what was told meanwhile. Windows without rows, and rows of other
// rules or another window length, are silent: they are no evidence.
#ifndef SIGHTLINE_COLLECTOR_TIMELINES_H_
#define SIGHTLINE_COLLECTOR_TIMELINES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/changes.h"
#include "collector/store/store.h"
#include "collector/track.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

using LogPositions = std::map<std::string, uint64_t>;  // node -> last node_seq folded

// Not thread-safe. Blocks on the store in Load alone. Memory: the cells of the windows that are not
// final, and their events.
class Timelines {
 public:
  // `store` must outlive it. `window_length` is that of every window.
  Timelines(Store& store, absl::Duration window_length)
      : store_(store), window_length_(window_length) {}

  // Reads what the store has of the country, once; nothing when it was read before. To be called
  // before rows of the country are written. `between` is called now and then. Errors are those of
  // the store; call again. What the store has and cannot be read is begun anew.
  absl::Status Load(const std::string& country, absl::FunctionRef<void()> between);

  // What the stored events rest on: whoever has read less knows less than what was told.
  const LogPositions& told_positions() const { return told_positions_; }

  // Verdicts as they are written, of countries that were loaded.
  void Put(absl::Span<const VerdictRecord> rows);

  struct Point {
    // Windows that start after it are not looked at; it never goes back.
    absl::Time until;
    // Windows that start up to it never change again; nothing when that is not known of any.
    std::optional<absl::Time> final_until;
    // What has been read, and how far that is everything.
    LogPositions positions;
    absl::Time read_until;
  };
  struct Rows {
    std::vector<EventRecord> events;
    std::vector<EventStep> steps;  // the same events, with what was told of them before
    std::vector<TimelineRecord> timelines;
  };
  // The rows that are to be written, as seen at `point`. They count as told after Commit; without
  // it the next call gives them again.
  Rows Advance(const Point& point);

  // The rows of the last Advance were written.
  void Commit();

  // What is written with verdicts that no events are told from yet, so that an audit knows.
  std::vector<TimelineRecord> Behind() const;

 private:
  struct Target {
    explicit Target(Timeline base) : track(std::move(base)) {}

    Track track;
    std::optional<absl::Time> recorded;  // start of the last window in the stored timeline
    bool goes_on = false;                // its events were told from this history
    bool check = false;                  // whether what was told fits is not known
    std::optional<absl::Time> changed;   // earliest window that changed since it was told
    std::vector<v1::Event> told;         // those that may change
    std::vector<v1::Event> settled;      // lately; their names are taken
    // Since the last Advance.
    bool advanced = false;
    std::vector<v1::Event> next_told;
    std::optional<TrackState> next_base;
    std::optional<absl::Time> next_recorded;
  };
  struct Country {
    std::optional<absl::Time> told_until;  // start of the last window that was told
    std::optional<absl::Time> next_until;
    std::map<std::string, Target> targets;
  };

  absl::Status LoadTimelines(const std::string& name, Country& country);
  absl::Status LoadCells(const std::string& name, Country& country,
                         absl::FunctionRef<void()> between);
  absl::Status LoadEvents(const std::string& name, Country& country);
  Target& TargetOf(Country& country, const std::string& target_id);
  void AdvanceTarget(const std::string& country_code, const std::string& target_id,
                     const Country& country, const Point& point, Target& target, Rows& rows) const;
  bool AdvanceBase(const Point& point, absl::Time until, Target& target) const;
  void Settle(Target& target) const;

  Store& store_;
  const absl::Duration window_length_;
  std::map<std::string, Country> countries_;
  LogPositions told_positions_;
  LogPositions next_positions_;  // of the last Advance
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_TIMELINES_H_
