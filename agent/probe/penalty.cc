#include "agent/probe/penalty.h"

#include <algorithm>

namespace sightline::probe {

PenaltyBook::Key PenaltyBook::KeyOf(const IpAddress& address, uint16_t port) {
  Key key{{}, port};
  key.first[0] = address.v6 ? 6 : 4;
  std::copy(address.bytes.begin(), address.bytes.end(), key.first.begin() + 1);
  return key;
}

void PenaltyBook::Note(const IpAddress& address, uint16_t port, TimePoint now,
                       std::chrono::microseconds cool_down) {
  if (cool_down.count() <= 0) return;
  TimePoint& until = until_[KeyOf(address, port)];
  until = std::max(until, now + cool_down);
}

bool PenaltyBook::Inside(const IpAddress& address, uint16_t port, TimePoint now) const {
  const auto found = until_.find(KeyOf(address, port));
  return found != until_.end() && now < found->second;
}

void PenaltyBook::Trim(TimePoint now) {
  for (auto it = until_.begin(); it != until_.end();) {
    it = it->second <= now ? until_.erase(it) : std::next(it);
  }
}

}  // namespace sightline::probe
