// `sightline export --as`: of a store, or of an export of one, what other programs read.
#ifndef SIGHTLINE_COLLECTOR_CLI_EXPORT_AS_H_
#define SIGHTLINE_COLLECTOR_CLI_EXPORT_AS_H_

#include "absl/status/status.h"
#include "collector/cli/commands.h"
#include "collector/cli/export_command.h"

namespace sightline::cli {

// Each writes the file, mode 0600, or nothing and returns why not.
absl::Status ExportOoni(const ExportFlags& flags, const Terminal& terminal);
absl::Status ExportCells(const ExportFlags& flags, const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_EXPORT_AS_H_
