// The agent at work: rounds on the calling thread, the uplink on one of its own.
#ifndef SIGHTLINE_AGENT_RUN_H_
#define SIGHTLINE_AGENT_RUN_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "agent/probe/prober.h"
#include "agent/state.h"
#include "agent/stop_flag.h"
#include "agent/uplink.h"
#include "common/clock.h"
#include "common/files.h"

namespace sightline::agent {

using MakeTransport = std::function<std::unique_ptr<Transport>(const Identity&)>;

// Works until `stop` is requested (and the prober stopped), then returns OK; an unfinished round is
// discarded, what is sealed stays in the spool. An error only when the agent cannot start: nobody
// enrolled, folder in use, damaged files.
absl::Status Run(const std::string& state_folder, Files& files, const Clock& clock,
                 probe::Prober& prober, const MakeTransport& make_transport, StopFlag& stop);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_RUN_H_
