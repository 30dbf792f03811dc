// What `sightline-agent status` prints.
#ifndef SIGHTLINE_AGENT_STATUS_TEXT_H_
#define SIGHTLINE_AGENT_STATUS_TEXT_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "agent/state.h"
#include "agent/status_board.h"

namespace sightline::agent {

// What is known of a folder.
struct StatusView {
  const Identity& identity;
  const AgentStatus* status = nullptr;  // nullptr when the agent has not run yet.
  bool running = false;
  // While it is paused: how long, in words (PauseText), and until when, unless without end.
  std::optional<std::string> pause = {};
  std::optional<absl::Time> paused_until = {};
  absl::Time now = {};
};

// For a person.
std::string FormatStatusText(const StatusView& view);
// One JSON object with the fields of status.toml; agent_id, region, role and key_generation;
// running, paused and paused_until; and the agent's ceilings for plans.
std::string FormatStatusJson(const StatusView& view);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_STATUS_TEXT_H_
