#include "collector/service_loop.h"

#include <cerrno>

#include "absl/time/time.h"
#include "collector/log.h"

namespace sightline {
namespace {

// The next signal, or 0 when none came for so long.
int NextSignal(const sigset_t& signals, const timespec* timeout) {
  for (;;) {
    const int signal = timeout == nullptr ? sigwaitinfo(&signals, nullptr)
                                          : sigtimedwait(&signals, nullptr, timeout);
    if (signal > 0) return signal;
    if (errno != EINTR) return 0;
  }
}

}  // namespace

sigset_t BlockServiceSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

int ServeUntilSignal(const sigset_t& signals, const ServiceNotify& notify, const Pulse& pulse,
                     const std::string& status, const std::function<void()>& reload) {
  const std::optional<absl::Duration> watchdog = notify.watchdog_interval();
  const timespec half = absl::ToTimespec(watchdog.value_or(absl::ZeroDuration()) / 2);
  bool was_alive = true;
  notify.Ready(status);
  for (;;) {
    const int signal = NextSignal(signals, watchdog.has_value() ? &half : nullptr);
    if (signal == SIGHUP) {
      notify.Reloading();
      reload();
      notify.Ready(status);
    } else if (signal != 0) {
      notify.Stopping();
      return signal;
    }
    const bool is_alive = pulse.IsAlive();
    if (is_alive) notify.Alive();
    if (was_alive && !is_alive) {
      Log(LogLevel::kError, "collector", "stuck",
          {{"silent_s", absl::ToInt64Seconds(pulse.Silence())},
           {"detail",
            "its parts cannot be looked at any more; the service manager, if there is "
            "one, starts it anew"}});
    }
    was_alive = is_alive;
  }
}

}  // namespace sightline
