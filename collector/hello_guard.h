// Who may say hello now: keeps those who misbehave from costing more than they must.
#ifndef SIGHTLINE_COLLECTOR_HELLO_GUARD_H_
#define SIGHTLINE_COLLECTOR_HELLO_GUARD_H_

#include <cstdint>
#include <mutex>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/geo.h"
#include "collector/recent_map.h"

namespace sightline {

// Two things are counted, in memory that is bounded:
//  - What an agent did after it had proven who it is (wrong signatures and the like). After
//    kFreeStrikes its hellos are refused for 2 s, 4 s, 8 s ... up to an hour, and an hour without
//    another strike forgives all. Nobody else can bring this on it.
//  - Hellos that were not proven, by the origin's address block. A block has kBurst of them and
//    gets one more each second; when it has none, its hellos are refused unread. An agent that has
//    proven itself in the last week may try all the same, so that a neighbour behind the same
//    address does not shut it out; a claim of its name without proof suspends that for a minute.
//
// Of an address only a keyed hash of its block is kept. Thread-safe; never waits.
class HelloGuard {
 public:
  static constexpr int kFreeStrikes = 3;
  static constexpr double kBurst = 30;

  HelloGuard();

  // How long this hello should have waited: zero when it may be looked at now.
  absl::Duration Wait(const Origin& origin, absl::string_view agent_id, absl::Time now);
  // The hello was proven.
  void OnProven(absl::string_view agent_id, absl::Time now);
  // The hello was not proven, or something else came in its place (then `agent_id` is empty).
  void OnUnproven(const Origin& origin, absl::string_view agent_id, absl::Time now);
  // An agent that had proven itself sent what an honest one never does.
  void OnMisbehaved(absl::string_view agent_id, absl::Time now);

 private:
  struct Agent {
    absl::Time proven = absl::InfinitePast();
    absl::Time last_strike = absl::InfinitePast();
    absl::Time shut_until = absl::InfinitePast();
    absl::Time suspended_until = absl::InfinitePast();
    int strikes = 0;
  };
  struct Block {
    double tokens = kBurst;
    absl::Time counted = absl::InfinitePast();  // when `tokens` was true
  };
  Block& BlockOf(const Origin& origin, absl::Time now);

  const uint64_t salt_;
  std::mutex mutex_;
  RecentMap<Agent> agents_;  // guarded by mutex_; only those that have proven themselves
  RecentMap<Block> blocks_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_HELLO_GUARD_H_
