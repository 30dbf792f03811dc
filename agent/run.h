// The agent at work: rounds on the calling thread, the uplink on one of its own.
#ifndef SIGHTLINE_AGENT_RUN_H_
#define SIGHTLINE_AGENT_RUN_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/probe/prober.h"
#include "agent/rotate.h"
#include "agent/rounds.h"
#include "agent/state.h"
#include "agent/stop_flag.h"
#include "agent/uplink.h"
#include "common/clock.h"
#include "common/files.h"
#include "common/service_notify.h"

namespace sightline::agent {

using MakeTransport = std::function<std::unique_ptr<Transport>(const Identity&)>;

struct RunParts {
  Files& files;
  const Clock& clock;
  probe::Prober& prober;
  StopFlag& stop;
  MakeTransport make_transport;
  RotateKeyCall rotate_key;
  // In place of the one that enrolment saved; empty: no proxy.
  std::optional<std::string> proxy = {};
  // What the service manager is told: READY when it works, what it does, that it lives, STOPPING.
  ServiceNotify notify = {};
  // Reads the settings again when `stop` is asked for that, and returns the proxy as above. After
  // an error, which it logs, all stays as it is. Empty: there is nothing to read again.
  std::function<absl::StatusOr<std::optional<std::string>>()> reload = {};
  // When a round or a stream counts as stuck, and the watchdog hears no more.
  absl::Duration stuck_after = kStuckAfter;
};

// Works until `stop` is requested (and the prober stopped), then returns OK; an unfinished round is
// discarded, what is sealed stays in the spool. While the folder says that the agent is paused
// (pause.h), nothing is probed and nothing connects. A change of the key that was begun is finished
// before anything is sent. The process leaves no core dump from here on. An error only when the
// agent cannot start: nobody enrolled, folder in use, damaged files, a key that others can read.
absl::Status Run(const std::string& state_folder, const RunParts& parts);

// Whether Run() would find what it needs in the folder: its error, or OK. Changes nothing, and does
// not mind an agent that runs there.
absl::Status CheckRun(const std::string& state_folder, Files& files, const Clock& clock);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_RUN_H_
