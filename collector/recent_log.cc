#include "collector/recent_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sightline {

void RecentLog::Add(std::vector<RecentRound> rounds) {
  if (rounds.empty()) return;
  const std::lock_guard lock(mutex_);
  if (!rounds_.empty() && rounds_.back().node_seq + 1 != rounds.front().node_seq) rounds_.clear();
  std::move(rounds.begin(), rounds.end(), std::back_inserter(rounds_));
  while (rounds_.size() > rounds_max_) rounds_.pop_front();
}

std::vector<RecentRound> RecentLog::ReadAfter(uint64_t after, size_t limit) const {
  const std::lock_guard lock(mutex_);
  if (rounds_.empty() || after + 1 < rounds_.front().node_seq ||
      after + 1 > rounds_.back().node_seq) {
    return {};
  }
  const auto first =
      rounds_.begin() + static_cast<std::ptrdiff_t>(after + 1 - rounds_.front().node_seq);
  const auto count = std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(limit),
                                              std::distance(first, rounds_.end()));
  return {first, first + count};
}

}  // namespace sightline
