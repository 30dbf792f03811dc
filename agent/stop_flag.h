// A wish to stop, or to read the settings again, that can be waited for.
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
  // The settings are to be read again. May be called from a signal handler.
  void RequestReload();
  // Whether that was asked for since the last call.
  bool TakeReload() { return reload_.exchange(false); }
  // Returns after `delay` of running time (a sleeping machine does not count), or at once when a
  // stop or a reload is requested. True when a stop is. One thread.
  bool WaitFor(absl::Duration delay);

 private:
  void Ring();

  std::atomic<bool> requested_ = false;
  std::atomic<bool> reload_ = false;
  int event_fd_;
};

// What SIGHUP means: to a service, that its settings changed; to a program in a terminal, that the
// terminal is gone.
enum class OnHangup { kStop, kReload };

// While it lives, SIGINT and SIGTERM request `flag` and stop `prober`; afterwards they do nothing.
// So does SIGHUP, or it requests a reload; to end at one that was ignored (nohup) is not wanted.
// SIGPIPE is ignored. One at a time.
class StopOnSignals {
 public:
  // Both must outlive it.
  StopOnSignals(StopFlag& flag, probe::Prober& prober, OnHangup on_hangup = OnHangup::kStop);
  ~StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_STOP_FLAG_H_
