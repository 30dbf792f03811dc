// Follows what other collectors on the store changed about agents, for streams that are open here.
#ifndef SIGHTLINE_COLLECTOR_AGENT_WATCH_H_
#define SIGHTLINE_COLLECTOR_AGENT_WATCH_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collector/store/store.h"
#include "collector/streams.h"

namespace sightline {

// Tells the agent's open stream, if it has one here, how the agent stands now. May wait for the
// store. NOT_FOUND, with the stream ended, when nothing is left of the agent.
absl::Status TellStream(Store& store, Streams& streams, absl::string_view agent_id);

// Looks for changes once a second, in a thread of its own: an agent that was revoked elsewhere
// loses its stream here within two. While the store does not answer streams stay; nothing of them
// is stored then either, and whatever an ended agent sends the store refuses (Store::Append).
class AgentWatch {
 public:
  static constexpr std::chrono::milliseconds kPeriod{1000};

  // Owns neither; both outlive it.
  AgentWatch(Store& store, Streams& streams);
  ~AgentWatch();
  AgentWatch(const AgentWatch&) = delete;
  AgentWatch& operator=(const AgentWatch&) = delete;

 private:
  void Run();
  absl::Status Look();

  Store& store_;
  Streams& streams_;
  // Of the thread alone: change_seq of the last change dealt with. It begins with the first one
  // ever: a stream that was opened before the first look must not miss any.
  int64_t seen_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: started when all else is ready
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AGENT_WATCH_H_
