#include "collector/streams.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace sightline {

bool Streams::Enter(const std::shared_ptr<LiveStream>& stream, absl::Time now) {
  std::shared_ptr<LiveStream> oldest;
  {
    const std::lock_guard lock(mutex_);
    if (places_.size() >= streams_max_) {
      metrics_.streams_rejected.Increment();
      return false;
    }
    if (lobby_.size() >= kLobbyMax) {
      oldest = places_.at(lobby_.begin()->second.stream).stream;
      lobby_.erase(lobby_.begin());
    }
    const uint64_t ticket = ++last_ticket_;
    places_[stream.get()] = {stream, ticket, ""};
    lobby_[ticket] = {stream.get(), now + kHelloTimeMax};
    metrics_.streams.Set(static_cast<double>(places_.size()));
    metrics_.streams_opened.Increment();
  }
  if (oldest != nullptr) {
    metrics_.streams_rejected.Increment();
    oldest->End(absl::ResourceExhaustedError(
        "too many streams wait for their hello; say hello at once after the challenge"));
  }
  return true;
}

std::shared_ptr<LiveStream> Streams::Prove(LiveStream* stream, absl::string_view agent_id) {
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(stream);
  if (place == places_.end()) return nullptr;
  lobby_.erase(place->second.ticket);
  place->second.agent_id = std::string(agent_id);
  LiveStream*& newest = agents_[place->second.agent_id];
  LiveStream* const before = std::exchange(newest, stream);
  return before == nullptr ? nullptr : places_.at(before).stream;
}

std::shared_ptr<LiveStream> Streams::FindChanged(absl::string_view agent_id) {
  const std::lock_guard lock(mutex_);
  ++changes_;
  const auto agent = agents_.find(agent_id);
  return agent == agents_.end() ? nullptr : places_.at(agent->second).stream;
}

uint64_t Streams::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void Streams::Leave(LiveStream* stream) {
  std::shared_ptr<LiveStream> gone;  // may end here, so outlives the lock
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(stream);
  if (place == places_.end()) return;
  lobby_.erase(place->second.ticket);
  const auto agent = agents_.find(place->second.agent_id);
  if (agent != agents_.end() && agent->second == stream) agents_.erase(agent);
  gone = std::move(place->second.stream);
  places_.erase(place);
  metrics_.streams.Set(static_cast<double>(places_.size()));
}

void Streams::EndLate(absl::Time now) {
  std::vector<std::shared_ptr<LiveStream>> late;
  {
    const std::lock_guard lock(mutex_);
    while (!lobby_.empty() && lobby_.begin()->second.deadline <= now) {
      late.push_back(places_.at(lobby_.begin()->second.stream).stream);
      lobby_.erase(lobby_.begin());
    }
  }
  for (const std::shared_ptr<LiveStream>& stream : late) {
    metrics_.streams_rejected.Increment();
    stream->End(absl::DeadlineExceededError(absl::StrCat(
        "no hello was proven within ", absl::FormatDuration(kHelloTimeMax), " of the challenge")));
  }
}

void Streams::Tick(absl::Time now) {
  std::vector<std::shared_ptr<LiveStream>> all;
  {
    const std::lock_guard lock(mutex_);
    all.reserve(places_.size());
    for (const auto& [stream, place] : places_) all.push_back(place.stream);
  }
  for (const std::shared_ptr<LiveStream>& stream : all) stream->OnTick(now);
}

}  // namespace sightline
