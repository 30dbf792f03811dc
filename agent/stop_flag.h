// A wish to stop that can be waited for.
#ifndef SIGHTLINE_AGENT_STOP_FLAG_H_
#define SIGHTLINE_AGENT_STOP_FLAG_H_

#include <atomic>

#include "absl/time/time.h"
#include "agent/probe/prober.h"

namespace sightline::agent {

// Thread-safe.
class StopFlag {
 public:
  StopFlag();
  ~StopFlag();
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;

  // May be called from a signal handler.
  void Request();
  bool requested() const { return requested_.load(); }
  // Returns after `delay` of running time (a sleeping machine does not count), or at once when a
  // stop is requested. True when it is.
  bool WaitFor(absl::Duration delay);

 private:
  std::atomic<bool> requested_ = false;
  int event_fd_;
};

// While it lives, SIGINT and SIGTERM request `flag` and stop `prober`; afterwards they do nothing.
// SIGPIPE is ignored. One at a time.
class StopOnSignals {
 public:
  // Both must outlive it.
  StopOnSignals(StopFlag& flag, probe::Prober& prober);
  ~StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_STOP_FLAG_H_
