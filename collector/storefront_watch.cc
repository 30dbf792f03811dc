#include "collector/storefront_watch.h"

#include <algorithm>

namespace sightline {

void StorefrontWatch::Add(const Round& round) {
  if (round.kind != RoundKind::kCountable || round.sightings.empty()) return;
  const absl::Time start =
      absl::UnixEpoch() + absl::Floor(round.round_time - absl::UnixEpoch(), length_);
  if (start <= judged_until_) return;
  for (const Sighting& sighting : round.sightings) {
    Voices& voices = windows_[start][{sighting.country, sighting.target_id, sighting.store_id}];
    const auto [voice, is_new] =
        voices.try_emplace(round.agent_id, LastWord{round.round_time, sighting.listed});
    if (!is_new && voice->second.round_time < round.round_time) {
      voice->second = {round.round_time, sighting.listed};
    }
  }
}

std::optional<bool> StorefrontWatch::WordOf(const Voices& voices) {
  const auto listed = static_cast<size_t>(std::count_if(
      voices.begin(), voices.end(), [](const auto& voice) { return voice.second.listed; }));
  if (voices.size() < kStorefrontControlsMin) return std::nullopt;
  if (listed == voices.size()) return true;
  return listed == 0 ? std::optional<bool>(false) : std::nullopt;
}

std::vector<StoreChange> StorefrontWatch::Judge(absl::Time newest) {
  std::vector<StoreChange> changes;
  while (!windows_.empty() && windows_.begin()->first <= newest) {
    const auto window = windows_.extract(windows_.begin());
    const absl::Time start = window.key();
    for (const auto& [key, voices] : window.mapped()) {
      const std::optional<bool> listed = WordOf(voices);
      const auto known = known_.find(key);
      if (!listed.has_value() || (known != known_.end() && start <= known->second.window)) continue;
      const auto before = said_.find(key);
      const bool twice = before != said_.end() && before->second.window == start - length_ &&
                         before->second.listed == *listed;
      said_[key] = {start, *listed};
      if (!twice || (known != known_.end() && known->second.listed == *listed)) continue;
      changes.push_back({key, *listed, known == known_.end(), start - length_, start + length_});
      known_[key] = {start, *listed};
    }
  }
  judged_until_ = std::max(judged_until_, newest);
  return changes;
}

}  // namespace sightline
