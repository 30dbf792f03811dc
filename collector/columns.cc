#include "collector/columns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

#include "common/message.h"

namespace sightline {
namespace {

constexpr size_t kScopes = 8;

uint8_t Percent(double ratio) {
  return static_cast<uint8_t>(std::lround(std::clamp(ratio, 0.0, 1.0) * 100));
}

uint16_t Count(uint32_t count) {
  return static_cast<uint16_t>(std::min<uint32_t>(count, std::numeric_limits<uint16_t>::max()));
}

bool SaysEither(uint8_t state) {
  return state == v1::ACCESS_STATE_OPEN || state == v1::ACCESS_STATE_PARTIAL ||
         state == v1::ACCESS_STATE_BLOCKED;
}

// What two windows that say something come to.
uint8_t Both(uint8_t one, uint8_t other) {
  if (one == 0 || one == other) return other;
  return v1::ACCESS_STATE_PARTIAL;
}

// Of windows that say nothing: the higher, the more there is to tell.
int Rank(uint8_t state) {
  switch (state) {
    case v1::ACCESS_STATE_DISPUTED:
      return 3;
    case v1::ACCESS_STATE_DOWN:
      return 2;
    case v1::ACCESS_STATE_UNKNOWN:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

// Makes room for it.
size_t Columns::IndexOf(absl::Time start) {
  if (wholes_.empty()) first_ = start;
  if (start < first_) {
    const auto more = static_cast<size_t>((first_ - start) / window_length_);
    wholes_.insert(wholes_.begin(), more, Whole());
    for (auto& [code, region] : regions_) {
      region.cells.insert(region.cells.begin(), more, Cell());
    }
    first_ = start;
  }
  const auto index = static_cast<size_t>((start - first_) / window_length_);
  if (index >= wholes_.size()) wholes_.resize(index + 1);
  return index;
}

void Columns::Put(absl::Time start, const v1::TargetVerdict& verdict) {
  const size_t index = IndexOf(start);
  Erase(start);
  wholes_[index] = {true, static_cast<uint8_t>(verdict.scope()),
                    static_cast<uint8_t>(verdict.service_state())};
  for (const v1::RegionAccess& each : verdict.regions()) {
    Region& region = regions_[each.region()];
    region.display_name = each.display_name();
    if (region.cells.size() <= index) region.cells.resize(index + 1);
    const v1::Access& access = each.access();
    Cell& cell = region.cells[index];
    cell.state = static_cast<uint8_t>(access.state());
    if (!SaysEither(cell.state)) continue;
    cell.rate_mean = Percent(access.rate_mean());
    cell.rate_low = Percent(access.rate_low());
    cell.rate_high = Percent(access.rate_high());
    cell.buckets_open = Count(access.buckets_open());
    cell.buckets_blocked = Count(access.buckets_blocked());
  }
}

void Columns::Erase(absl::Time start) {
  if (wholes_.empty() || start < first_) return;
  const auto index = static_cast<size_t>((start - first_) / window_length_);
  if (index >= wholes_.size()) return;
  wholes_[index] = Whole();
  for (auto& [code, region] : regions_) {
    if (index < region.cells.size()) region.cells[index] = Cell();
  }
}

void Columns::DropBefore(absl::Time start) {
  if (wholes_.empty() || start <= first_) return;
  const size_t gone =
      std::min(static_cast<size_t>((start - first_) / window_length_), wholes_.size());
  wholes_.erase(wholes_.begin(), wholes_.begin() + static_cast<ptrdiff_t>(gone));
  first_ += window_length_ * gone;
  for (auto it = regions_.begin(); it != regions_.end();) {
    std::vector<Cell>& cells = it->second.cells;
    const size_t gone_here = std::min(gone, cells.size());
    cells.erase(cells.begin(), cells.begin() + static_cast<ptrdiff_t>(gone_here));
    it = cells.empty() ? regions_.erase(it) : std::next(it);
  }
}

// The windows of a step that there are. Integers alone: it is called for every value.
Columns::Span Columns::SpanOf(const TimelineRange& range, int64_t first, int step) const {
  const int64_t begin = first + int64_t{range.step_windows} * step;
  const auto size = static_cast<int64_t>(wholes_.size());
  return {static_cast<size_t>(std::clamp<int64_t>(begin, 0, size)),
          static_cast<size_t>(std::clamp<int64_t>(begin + range.step_windows, 0, size))};
}

void Columns::Read(const TimelineRange& range, v1::GetTimelineResponse& response) const {
  *response.mutable_start_time() = ToProto(range.start);
  *response.mutable_step() = ToProto(window_length_ * range.step_windows);
  *response.mutable_window_length() = ToProto(window_length_);
  response.set_step_count(range.step_count);
  ReadWholes(range, response);
  if (!range.mask.regions) return;
  for (const auto& [code, region] : regions_) {
    if (!range.regions.empty() && !range.regions.contains(code)) continue;
    v1::RegionTimeline& column = *response.add_regions();
    column.set_region(code);
    column.set_display_name(region.display_name);
    ReadRegion(range, region, column);
  }
}

void Columns::ReadWholes(const TimelineRange& range, v1::GetTimelineResponse& response) const {
  const int64_t first = FirstOf(range);
  for (int step = 0; step < range.step_count; ++step) {
    const Span span = SpanOf(range, first, step);
    uint32_t judged = 0;
    std::array<int, kScopes> said = {};
    uint8_t scope = 0;
    uint8_t service_state = 0;
    for (size_t i = span.first; i < span.last; ++i) {
      const Whole& whole = wholes_[i];
      if (!whole.judged) continue;
      ++judged;
      const bool says = whole.scope != v1::SCOPE_UNDETERMINED;
      const int count = ++said[std::min<size_t>(whole.scope, kScopes - 1)];
      const bool said_before = scope != 0 && scope != v1::SCOPE_UNDETERMINED;
      if (!said_before || (says && count >= said[scope])) scope = whole.scope;
      const bool is_down = service_state == v1::SERVICE_STATE_DOWN;
      const bool is_up = service_state == v1::SERVICE_STATE_UP;
      if (whole.service_state == v1::SERVICE_STATE_DOWN || (!is_down && !is_up)) {
        service_state = whole.service_state;
      }
    }
    if (range.mask.window_counts) response.add_window_counts(judged);
    if (range.mask.scopes) response.add_scopes(static_cast<v1::Scope>(scope));
    if (range.mask.service_states) {
      response.add_service_states(static_cast<v1::ServiceState>(service_state));
    }
  }
}

void Columns::ReadRegion(const TimelineRange& range, const Region& region,
                         v1::RegionTimeline& column) const {
  const TimelineMask& mask = range.mask;
  const int64_t first = FirstOf(range);
  // Room for all, when the column is wanted.
  const auto reserve = [&](bool wanted, auto* values) {
    if (wanted) values->Reserve(range.step_count);
  };
  reserve(mask.states, column.mutable_states());
  reserve(mask.rate_means, column.mutable_rate_mean_percents());
  reserve(mask.rate_lows, column.mutable_rate_low_percents());
  reserve(mask.rate_highs, column.mutable_rate_high_percents());
  reserve(mask.buckets_open, column.mutable_buckets_open());
  reserve(mask.buckets_blocked, column.mutable_buckets_blocked());
  for (int step = 0; step < range.step_count; ++step) {
    const Span span = SpanOf(range, first, step);
    Cell all;
    uint8_t silent = 0;
    uint32_t windows = 0;
    uint32_t mean_sum = 0;
    for (size_t i = span.first; i < std::min(span.last, region.cells.size()); ++i) {
      const Cell& cell = region.cells[i];
      if (!SaysEither(cell.state)) {
        if (Rank(cell.state) > Rank(silent)) silent = cell.state;
        continue;
      }
      all.state = Both(all.state, cell.state);
      all.rate_low = windows == 0 ? cell.rate_low : std::min(all.rate_low, cell.rate_low);
      all.rate_high = std::max(all.rate_high, cell.rate_high);
      all.buckets_open = std::max(all.buckets_open, cell.buckets_open);
      all.buckets_blocked = std::max(all.buckets_blocked, cell.buckets_blocked);
      mean_sum += cell.rate_mean;
      ++windows;
    }
    if (windows == 0) all.state = silent;
    if (mask.states) column.add_states(static_cast<v1::AccessState>(all.state));
    if (mask.rate_means) {
      column.add_rate_mean_percents(windows == 0 ? 0 : (mean_sum + windows / 2) / windows);
    }
    if (mask.rate_lows) column.add_rate_low_percents(all.rate_low);
    if (mask.rate_highs) column.add_rate_high_percents(all.rate_high);
    if (mask.buckets_open) column.add_buckets_open(all.buckets_open);
    if (mask.buckets_blocked) column.add_buckets_blocked(all.buckets_blocked);
  }
}

}  // namespace sightline
