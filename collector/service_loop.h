// What the main thread does while the collector serves: it waits for signals and tells the service
// manager how it goes.
#ifndef SIGHTLINE_COLLECTOR_SERVICE_LOOP_H_
#define SIGHTLINE_COLLECTOR_SERVICE_LOOP_H_

#include <sys/signal.h>

#include <csignal>
#include <functional>
#include <string>

#include "collector/pulse.h"
#include "common/service_notify.h"

namespace sightline {

// Blocks SIGINT, SIGTERM and SIGHUP for the calling thread and those that it starts, so that
// ServeUntilSignal can wait for them; SIGPIPE is ignored. Before any other thread is started.
sigset_t BlockServiceSignals();

// Says that it is ready, with `status` for people, and waits for SIGINT or SIGTERM, which it
// returns after it said that it is stopping. SIGHUP calls `reload`. Twice in the manager's watchdog
// interval it says that it is alive, if `pulse` is: a collector that is stuck says so in the log
// and is silent, and the manager starts it anew. One thread, which blocked `signals`.
int ServeUntilSignal(const sigset_t& signals, const ServiceNotify& notify, const Pulse& pulse,
                     const std::string& status, const std::function<void()>& reload);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SERVICE_LOOP_H_
