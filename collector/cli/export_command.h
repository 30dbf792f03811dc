// `sightline export` and `sightline verify`: a store as a file, and whether a file says what its
// log says.
#ifndef SIGHTLINE_COLLECTOR_CLI_EXPORT_COMMAND_H_
#define SIGHTLINE_COLLECTOR_CLI_EXPORT_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/cli/commands.h"

namespace sightline::cli {

struct ExportFlags {
  std::string store;
  std::string path;
  std::string retain = "72h";
};

struct VerifyFlags {
  std::string path;
  // Empty: signatures of plans are not checked, and the output says so.
  std::string operator_key_path;
  std::string format = "table";
};

// Add the commands; `chosen` is called when one is asked for. The flags must live until then.
void AddExportFlags(CLI::App& app, ExportFlags& flags, std::function<void()> chosen);
void AddVerifyFlags(CLI::App& app, VerifyFlags& flags, std::function<void()> chosen);

// Writes the file, or nothing and returns why not.
absl::Status ExportStoreToFile(const ExportFlags& flags, const Terminal& terminal);

// Writes the report to terminal.out. Returns whether everything was compared; what was not is in
// the report. FAILED_PRECONDITION when something does not fit; other errors when the file is not
// whole or no export.
absl::StatusOr<bool> VerifyFile(const VerifyFlags& flags, const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_EXPORT_COMMAND_H_
