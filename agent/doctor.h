// `sightline-agent doctor`: what a volunteer runs when something seems wrong. It looks, and changes
// and sends nothing: no report, no probe of what a plan lists. A check is a pure function of what
// was seen, so that each can be tested; doctor_folder.h, doctor_machine.h and doctor_roads.h have
// them.
#ifndef SIGHTLINE_AGENT_DOCTOR_H_
#define SIGHTLINE_AGENT_DOCTOR_H_

#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/clock.h"
#include "common/files.h"
#include "common/finding.h"

namespace sightline::agent {

struct DoctorOptions {
  std::string state_folder;
  // In place of the one that enrolment saved; empty: no proxy.
  std::optional<std::string> proxy;
  bool offline = false;  // Connect nowhere and ask no name server.
  bool json = false;
  // For each step on the way to a collector.
  absl::Duration step_timeout = absl::Seconds(8);
};

// Looks at everything and prints one line for each finding. While the agent is paused nothing
// connects, as if `offline`. Returns how many problems there are; warnings do not count.
size_t Doctor(const DoctorOptions& options, Files& files, const Clock& clock, std::ostream& out);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_DOCTOR_H_
