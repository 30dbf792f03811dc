// The history of one target in one country: from the cells of window after window to openings and
// closings. A pure function of the cells, window by window on a dense grid; no clock.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_TIMELINE_H_
#define SIGHTLINE_COLLECTOR_VERDICT_TIMELINE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sightline/internal/v1/fold.pb.h"
#include "sightline/internal/v1/timeline.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// A value; copies are independent.
class Timeline {
 public:
  // After so long in silence nothing is followed any more: what Step costs between two windows has
  // a bound.
  static constexpr absl::Duration kSilenceMax = absl::Hours(34 * 24);

  // The beginning of a history.
  explicit Timeline(absl::Duration window_length);

  // DATA_LOSS: no timeline, or one of other rules or another window length.
  static absl::StatusOr<Timeline> Parse(absl::string_view bytes, absl::Duration window_length);
  // The same history gives the same bytes.
  std::string Serialize() const;

  // Start of the last window; nothing at the beginning.
  std::optional<absl::Time> last() const;

  // Adds the window that starts at `start`, later than last(). Windows between the two are silent:
  // unknown, never open or blocked. So is one whose controls do not reach the target.
  void Step(absl::Time start, const internal::v1::Cells& cells);

  // Regions and networks that are followed: count.
  int series() const { return state_.series_size(); }

  // Events that ended since the last call, ordered by onset, region and network. Without event_id,
  // target_id, country and amendments.
  std::vector<v1::Event> TakeEnded();

  // Events that go on after last(), likewise.
  std::vector<v1::Event> Ongoing() const;

 private:
  internal::v1::Timeline state_;
  std::vector<v1::Event> ended_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_TIMELINE_H_
