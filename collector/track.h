// The history of one target in one country while its newest windows may still change.
#ifndef SIGHTLINE_COLLECTOR_TRACK_H_
#define SIGHTLINE_COLLECTOR_TRACK_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/verdict/timeline.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// A history at one window: what goes on is in `timeline`, `ended` is what ended since the base of
// the track, in the order in which it was found to have ended.
struct TrackState {
  Timeline timeline;
  std::vector<v1::Event> ended;

  // Both, ordered by onset, region, network and kind.
  std::vector<v1::Event> Events() const;
};

// Keeps the history at its last final window, the base, and the cells of the windows after that, so
// that a window that changes costs only the steps from there on. Memory: the cells as they are
// stored, and some ten states. A value; not thread-safe.
class Track {
 public:
  // `base` may be the beginning of a history.
  explicit Track(Timeline base) : base_(std::move(base)) {}

  // The window's cells from now on (internal::v1::Cells, serialised; empty when it is silent).
  // Whether they are others than before; windows up to the base are never changed.
  bool Put(absl::Time start, absl::string_view cells);

  // The history after the window that starts at `until`, at or after the base.
  TrackState At(absl::Time until);

  // Makes At(the window that it ends with) the base.
  void MoveBase(const TrackState& state);

  const Timeline& base() const { return base_; }
  // Start of the first window after the base that is not silent.
  std::optional<absl::Time> first() const;

 private:
  using Windows = std::map<absl::Time, std::string>;  // cells by start

  void Mark(Windows::const_iterator window, const TrackState& state);

  Timeline base_;
  Windows windows_;                         // those that are not silent
  std::map<absl::Time, TrackState> marks_;  // after some of the windows, to go on from
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_TRACK_H_
