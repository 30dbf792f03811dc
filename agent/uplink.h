// Brings the spool to a collector: when to connect, to which address, and how long to wait after a
// failure. Knows no gRPC; a Transport carries one stream.
#ifndef SIGHTLINE_AGENT_UPLINK_H_
#define SIGHTLINE_AGENT_UPLINK_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/backoff.h"
#include "agent/plan_keeper.h"
#include "agent/spool.h"
#include "agent/status_board.h"
#include "agent/uplink_session.h"
#include "common/clock.h"
#include "common/crypto.h"

namespace sightline::agent {

// The seam between the uplink and the network.
class Transport {
 public:
  virtual ~Transport() = default;
  // Opens a stream to `address`, runs `session` on it until its state is not kWaiting, and closes
  // the stream; nothing stays open. UNAVAILABLE and the like when the stream broke before that.
  virtual absl::Status Run(const std::string& address, UplinkSession& session) = 0;
  // Ends a running Run() at once, and every later one before it starts. From any thread.
  virtual void Cancel() = 0;
};

struct UplinkOptions {
  std::vector<std::string> collectors;  // Roads (road.h), at least one.
  std::string agent_id;                 // Empty: that of the key.
  absl::Duration retry_initial = absl::Seconds(1);
  absl::Duration retry_max = absl::Minutes(5);
  // After a refusal that only a person can resolve, or when the histories differ.
  absl::Duration refused_retry_initial = absl::Minutes(2);
  absl::Duration refused_retry_max = absl::Hours(1);
  uint64_t seed = 0;
};

// One thread that sleeps while there is nothing to send.
class Uplink {
 public:
  struct Parts {
    const SigningKey& key;
    Spool& spool;
    PlanKeeper& plans;
    StatusBoard& board;
    const Clock& clock;
    Transport& transport;
  };

  // Starts the thread. The parts must outlive the uplink.
  Uplink(Parts parts, UplinkOptions options);
  // Stops.
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  // There is a new batch, or (`for_plan`) a newer plan is needed although there is none. Connects
  // now, or after the wait that an earlier failure demands. Thread-safe.
  void Wake(bool for_plan = false);

  // How long the stream that is under way has taken so far; zero when there is none. Thread-safe.
  absl::Duration busy_for() const;

  // Breaks off and ends the thread; what is not acknowledged stays in the spool.
  void Stop();

 private:
  enum class PassResult { kDelivered, kTrouble, kRefused };

  void Loop();
  // Tries each address once, the last good one first.
  PassResult Pass();
  void ReportDelivered(const std::string& address, const SessionResult& result);
  // Only a person can help.
  void ReportRefused(const std::string& address, const SessionResult& result);
  void NoteRefusal(const SessionResult& result);
  void SaveBoard();
  void ReportTrouble(const std::vector<std::string>& problems, bool refused);
  void CountTraffic(const SessionResult& result);
  // False when told to stop.
  bool WaitForWork();
  bool WaitFor(absl::Duration delay);
  bool stopping();

  Parts parts_;
  UplinkOptions options_;
  Backoff trouble_;
  Backoff refused_;
  size_t preferred_ = 0;
  std::string last_logged_;  // What the log says about the collectors; empty when all is well.
  absl::CivilDay traffic_day_;
  std::atomic<int64_t> busy_since_ns_ = 0;  // By CLOCK_MONOTONIC; 0 when no stream is under way.

  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  // The first connection is made at once: it tells whether a collector answers, and brings a newer
  // plan.
  bool for_plan_ = true;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_UPLINK_H_
