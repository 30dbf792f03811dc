// Seals what the agents of a made-up country report, window by window, ahead of who reads it.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_POST_H_
#define SIGHTLINE_COLLECTOR_REPLAY_POST_H_

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collector/replay/world.h"
#include "collector/store/store.h"
#include "collector/verdict/round.h"
#include "common/seal.h"

namespace sightline {

// One batch on its way to the collector.
struct Letter {
  uint64_t resident = 0;
  int window = 0;  // of its round
  LogRecord record;
  std::shared_ptr<const Round> round;  // as intake would make it
  std::vector<bool> open;              // RoundSeen.open
};

// Letters of one window, ordered by agent and batch_seq.
using Bag = std::vector<Letter>;

// A thread that seals; owns the agents' chains. `scenario` and `world` must outlive it.
class Post {
 public:
  Post(const Scenario& scenario, const World& world);
  ~Post();

  // The bags of window 0, 1, 2, ... in turn. Waits while the next one is not ready. Not to be
  // called more often than there are windows.
  Bag Next();

 private:
  // Where one agent has come to.
  struct Desk {
    ChainPoint tail;
    absl::Time received;  // its last batch
    std::string agent_version;
    std::optional<Sealer> sealer;
    std::string bucket;
    int64_t bucket_day = 0;
    AgentRecord agent;
  };

  void Run();
  Bag Seal(int window);
  Letter Write(const Resident& who, Desk& desk, RoundSeen seen);
  void Restart(const Resident& who, Desk& desk, const std::string& agent_version);

  const Scenario& scenario_;
  const World& world_;
  const RoundPlan plan_;
  std::vector<Desk> desks_;  // by resident; the thread's own

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Bag> bags_;   // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: started when all else is ready
};

// The registry's entry of an agent that has sent nothing yet.
AgentRecord RecordOf(const Resident& who);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_POST_H_
