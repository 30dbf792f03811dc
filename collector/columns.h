// The history of one target in columns: what each window says, region by region, in a few bytes.
#ifndef SIGHTLINE_COLLECTOR_COLUMNS_H_
#define SIGHTLINE_COLLECTOR_COLUMNS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sightline/v1/summary.pb.h"
#include "sightline/v1/timeline.pb.h"

namespace sightline {

// Which columns of a GetTimelineResponse are wanted.
struct TimelineMask {
  bool window_counts = true;
  bool scopes = true;
  bool service_states = true;
  bool regions = true;  // any of those below; codes and names come with them
  bool states = true;
  bool rate_means = true;
  bool rate_lows = true;
  bool rate_highs = true;
  bool buckets_open = true;
  bool buckets_blocked = true;

  // How many columns a response with so many regions has.
  int64_t Columns(int64_t regions_count) const {
    const int whole = window_counts + scopes + service_states;
    const int regional =
        states + rate_means + rate_lows + rate_highs + buckets_open + buckets_blocked;
    return whole + regional * regions_count;
  }
};

// Which steps, and which columns of them.
struct TimelineRange {
  absl::Time start;      // of the first step
  int step_windows = 1;  // windows in a step
  int step_count = 0;
  std::set<std::string> regions;  // codes; empty means all
  TimelineMask mask;
};

// Not thread-safe. Memory: 8 bytes for each region and window between the first and the last one,
// and 3 for each window.
class Columns {
 public:
  explicit Columns(absl::Duration window_length) : window_length_(window_length) {}

  // What the window that starts at `start` says; replaces what it said. Windows lie on the grid of
  // window_length since 1970.
  void Put(absl::Time start, const v1::TargetVerdict& verdict);

  // There is no verdict on that window any more.
  void Erase(absl::Time start);

  // Forgets windows that start before `start`.
  void DropBefore(absl::Time start);

  // Fills the columns of `response` (timeline.proto says how windows become steps), its step_count
  // and its times. Where there is no window every column has its zero.
  void Read(const TimelineRange& range, v1::GetTimelineResponse& response) const;

 private:
  struct Whole {
    bool judged = false;
    uint8_t scope = 0;
    uint8_t service_state = 0;
  };
  struct Cell {
    uint8_t state = 0;
    uint8_t rate_mean = 0;  // percent
    uint8_t rate_low = 0;
    uint8_t rate_high = 0;
    uint16_t buckets_open = 0;  // 65535 or more
    uint16_t buckets_blocked = 0;
  };
  struct Region {
    std::string display_name;
    std::vector<Cell> cells;  // one for each of wholes_, or fewer: the rest says nothing
  };
  struct Span {
    size_t first = 0;
    size_t last = 0;  // behind the last
  };

  size_t IndexOf(absl::Time start);
  // Index of the window that the range begins with; below 0 when it is before the first one.
  int64_t FirstOf(const TimelineRange& range) const {
    return (range.start - first_) / window_length_;
  }
  Span SpanOf(const TimelineRange& range, int64_t first, int step) const;
  void ReadWholes(const TimelineRange& range, v1::GetTimelineResponse& response) const;
  void ReadRegion(const TimelineRange& range, const Region& region,
                  v1::RegionTimeline& column) const;

  const absl::Duration window_length_;
  absl::Time first_;  // start of the window of wholes_[0]
  std::vector<Whole> wholes_;
  std::map<std::string, Region> regions_;  // by code
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_COLUMNS_H_
