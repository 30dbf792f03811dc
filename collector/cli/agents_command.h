// `sightline agents`: who takes part, and who no longer may.
#ifndef SIGHTLINE_COLLECTOR_CLI_AGENTS_COMMAND_H_
#define SIGHTLINE_COLLECTOR_CLI_AGENTS_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/cli/commands.h"

namespace sightline::cli {

struct AgentsFlags {
  AdminAddress admin;
  Format format = Format::kTable;
  // Of revoke.
  std::string agent;
  std::string reason;
};

using AgentsAction = absl::Status (*)(const AgentsFlags&, const Terminal&);

// Adds the commands; `chosen` is called with what the one that was asked for does. The flags must
// live until then.
void AddAgentsFlags(CLI::App& app, AgentsFlags& flags, std::function<void(AgentsAction)> chosen);

// The agent_id of the one agent whose hexadecimal agent_id begins with `prefix`. INVALID_ARGUMENT:
// fewer than 8 digits, or another character. NOT_FOUND: none begins so; FAILED_PRECONDITION: more
// than one does. Pure.
absl::StatusOr<std::string> FindByPrefix(const v1::ListAgentsResponse& agents,
                                         absl::string_view prefix);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_AGENTS_COMMAND_H_
