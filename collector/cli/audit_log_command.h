// `sightline audit-log`: who did what when on the operator's side.
#ifndef SIGHTLINE_COLLECTOR_CLI_AUDIT_LOG_COMMAND_H_
#define SIGHTLINE_COLLECTOR_CLI_AUDIT_LOG_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>

#include "absl/status/status.h"
#include "collector/cli/commands.h"

namespace sightline::cli {

struct AuditLogFlags {
  AdminAddress admin;
  Format format = Format::kTable;
  int limit = 20;
};

// Adds the command; `chosen` is called when it is asked for. The flags must live until then.
void AddAuditLogFlags(CLI::App& app, AuditLogFlags& flags, std::function<void()> chosen);

// Writes to terminal.out, or nothing and returns why not.
absl::Status ShowAuditLog(const AuditLogFlags& flags, const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_AUDIT_LOG_COMMAND_H_
