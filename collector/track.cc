#include "collector/track.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "common/message.h"
#include "sightline/internal/v1/fold.pb.h"

namespace sightline {
namespace {

// There is a mark after so many windows, or after an eighth of them when there are many.
constexpr size_t kMarkWindows = 8;
constexpr size_t kMarks = 8;

void Step(absl::Time start, const internal::v1::Cells& cells, TrackState& state) {
  state.timeline.Step(start, cells);
  // After each step, so that the order does not depend on where one began.
  for (v1::Event& event : state.timeline.TakeEnded()) state.ended.push_back(std::move(event));
}

}  // namespace

std::vector<v1::Event> TrackState::Events() const {
  std::vector<v1::Event> events = ended;
  for (v1::Event& event : timeline.Ongoing()) events.push_back(std::move(event));
  const auto order = [](const v1::Event& event) {
    return std::make_tuple(FromProto(event.onset_time()), event.region(), event.asn(),
                           event.kind());
  };
  std::sort(events.begin(), events.end(),
            [&](const v1::Event& a, const v1::Event& b) { return order(a) < order(b); });
  return events;
}

bool Track::Put(absl::Time start, absl::string_view cells) {
  if (base_.last().has_value() && start <= *base_.last()) return false;
  const auto found = windows_.find(start);
  const absl::string_view held = found == windows_.end() ? "" : absl::string_view(found->second);
  if (held == cells) return false;
  if (cells.empty()) {
    windows_.erase(found);
  } else {
    windows_.insert_or_assign(start, std::string(cells));
  }
  marks_.erase(marks_.lower_bound(start), marks_.end());
  return true;
}

// Keeps the state when the last mark is far enough behind, or it is that of the newest window,
// which takes the place of the one that was the newest.
void Track::Mark(Windows::const_iterator window, const TrackState& state) {
  const auto far = static_cast<ptrdiff_t>(std::max(kMarkWindows, windows_.size() / kMarks));
  const auto after = [&](auto mark) -> Windows::const_iterator {
    return mark == marks_.begin() ? windows_.begin() : windows_.upper_bound(std::prev(mark)->first);
  };
  const bool newest = std::next(window) == windows_.end();
  if (!newest && std::distance(after(marks_.lower_bound(window->first)), window) + 1 < far) return;
  const auto last = marks_.empty() ? marks_.end() : std::prev(marks_.end());
  if (newest && last != marks_.end() && last->first < window->first &&
      std::distance(after(last), std::as_const(windows_).upper_bound(last->first)) < far) {
    marks_.erase(last);
  }
  marks_.insert_or_assign(window->first, state);
}

TrackState Track::At(absl::Time until) {
  auto mark = marks_.upper_bound(until);
  const bool from_mark = mark != marks_.begin();
  TrackState state = from_mark ? std::prev(mark)->second : TrackState{base_, {}};
  auto window = from_mark ? windows_.upper_bound(std::prev(mark)->first) : windows_.begin();
  internal::v1::Cells cells;  // one for all: its memory is used again
  for (; window != windows_.end() && window->first <= until; ++window) {
    // What cannot be read says nothing; an audit names it.
    if (!cells.ParseFromString(window->second)) cells.Clear();
    Step(window->first, cells, state);
    Mark(window, state);
  }
  if (!state.timeline.last().has_value() || *state.timeline.last() < until) {
    Step(until, {}, state);
  }
  return state;
}

void Track::MoveBase(const TrackState& state) {
  base_ = state.timeline;
  windows_.erase(windows_.begin(), windows_.upper_bound(*base_.last()));
  marks_.erase(marks_.begin(), marks_.upper_bound(*base_.last()));
  for (auto& [start, mark] : marks_) {
    mark.ended.erase(mark.ended.begin(),
                     mark.ended.begin() + static_cast<ptrdiff_t>(state.ended.size()));
  }
}

std::optional<absl::Time> Track::first() const {
  if (windows_.empty()) return std::nullopt;
  return windows_.begin()->first;
}

}  // namespace sightline
