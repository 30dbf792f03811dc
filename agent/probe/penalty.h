#ifndef SIGHTLINE_AGENT_PROBE_PENALTY_H_
#define SIGHTLINE_AGENT_PROBE_PENALTY_H_

// Residual censorship: after a censor has cut a connection, some punish the pair of client and
// server port for a while, whatever is said next (Bock et al., "Your Censor is My Censor", 2021).

#include <chrono>
#include <map>
#include <utility>

#include "agent/probe/destination.h"

namespace sightline::probe {

// Which destinations may be under a penalty. Pure but for what it remembers; not thread-safe.
class PenaltyBook {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // A probe was cut at `address` and `port`. Another cut within the penalty renews it.
  void Note(const IpAddress& address, uint16_t port, TimePoint now,
            std::chrono::microseconds cool_down);

  bool Inside(const IpAddress& address, uint16_t port, TimePoint now) const;

  // Forgets penalties that are over.
  void Trim(TimePoint now);
  size_t size() const { return until_.size(); }

 private:
  using Key = std::pair<std::array<uint8_t, 17>, uint16_t>;
  static Key KeyOf(const IpAddress& address, uint16_t port);

  std::map<Key, TimePoint> until_;
};

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_PENALTY_H_
