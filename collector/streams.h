// The Submit streams of a collector: how many there may be, and which of them have to go.
#ifndef SIGHTLINE_COLLECTOR_STREAMS_H_
#define SIGHTLINE_COLLECTOR_STREAMS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/metrics.h"
#include "collector/store/records.h"

namespace sightline {

// A stream as Streams knows it.
class LiveStream {
 public:
  virtual ~LiveStream() = default;
  // Has to go; nothing more that it sends is taken.
  virtual void End(absl::Status status) = 0;
  // Has to go if its agent has ended, or has another key than the one that opened the stream.
  // `agent` is the registry's record, read after that change.
  virtual void OnAgentChanged(const AgentRecord& agent) = 0;
  // Calls `then` once nothing that it sent is on its way to the log any more; at once when nothing
  // is.
  virtual void AwaitDrained(std::function<void()> then) = 0;
  // About once a second.
  virtual void OnTick(absl::Time now) = 0;
};

// A stream waits in the lobby until its agent has proven who it is. The lobby has kLobbyMax places,
// and whoever comes when it is full takes that of the one who has waited longest: an honest agent
// needs a place for one round trip. Nobody may wait longer than kHelloTimeMax. An agent has one
// stream: its newest. Calls no stream while it holds a lock. Thread-safe.
class Streams {
 public:
  static constexpr size_t kLobbyMax = 1024;
  static constexpr absl::Duration kHelloTimeMax = absl::Seconds(10);

  // Does not own `metrics`.
  Streams(size_t streams_max, Metrics& metrics) : streams_max_(streams_max), metrics_(metrics) {}

  // False: there are as many streams as may be.
  bool Enter(const std::shared_ptr<LiveStream>& stream, absl::Time now);
  // Leaves the lobby. Returns the stream that the agent had until now, which the caller must end;
  // nullptr when it had none.
  std::shared_ptr<LiveStream> Prove(LiveStream* stream, absl::string_view agent_id);
  // The stream of an agent about which something changed in the registry, so that the caller can
  // tell it; nullptr when it has none here. A stream whose agent was read before this and proven
  // after it finds another number of changes() than before, and reads the agent again.
  std::shared_ptr<LiveStream> FindChanged(absl::string_view agent_id);
  uint64_t changes() const;
  // The stream is gone. Does nothing when it never entered.
  void Leave(LiveStream* stream);

  // Ends those who were in the lobby for too long.
  void EndLate(absl::Time now);
  // Calls OnTick of every stream.
  void Tick(absl::Time now);

 private:
  struct Waiting {
    LiveStream* stream = nullptr;
    absl::Time deadline;
  };
  struct Place {
    std::shared_ptr<LiveStream> stream;
    uint64_t ticket = 0;   // in lobby_
    std::string agent_id;  // in agents_; empty before the proof
  };

  const size_t streams_max_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  uint64_t changes_ = 0;                                  // guarded by mutex_
  uint64_t last_ticket_ = 0;                              // guarded by mutex_
  absl::flat_hash_map<LiveStream*, Place> places_;        // guarded by mutex_
  std::map<uint64_t, Waiting> lobby_;                     // guarded by mutex_; oldest first
  absl::flat_hash_map<std::string, LiveStream*> agents_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STREAMS_H_
