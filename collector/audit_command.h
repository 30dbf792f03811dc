// `sightline-collector audit`: the flags, the progress, the exit status.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_COMMAND_H_
#define SIGHTLINE_COLLECTOR_AUDIT_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>

namespace sightline {

struct AuditFlags {
  std::string store = "sqlite:sightline.db";
  std::string retain = "72h";
  std::string format = "text";
  bool agents = false;
};

// `flags` must live until the command line is parsed.
void AddAuditFlags(CLI::App& audit, AuditFlags& flags);

// Prints the report on standard output, and how far it is on standard error when that is a
// terminal. Returns the exit status: 0 when nothing is wrong, 1 when something is, 2 with a line on
// standard error when the store could not be read.
int RunAudit(const AuditFlags& flags);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_COMMAND_H_
