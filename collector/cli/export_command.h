// The flags of `sightline export` and `sightline verify`, and both for the whole store: a file of
// all that is in it, and whether such a file says what its log says. export_as.h has the other
// forms.
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
  // "sightline", "ooni" or "cells-csv".
  std::string form = "sightline";
  // One of the two: a store, or the path of an export of one.
  std::string store;
  std::string in;
  std::string path;
  // Of the form "sightline".
  std::string retain = "72h";
  // Of the others. Times as moment.h has them; empty: without bound, or every country.
  std::string country;
  std::string since;
  std::string until;
  bool agents = false;
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

// Writes the file, or nothing and returns why not. Of the form "sightline".
absl::Status ExportStoreToFile(const ExportFlags& flags, const Terminal& terminal);

// Writes the report to terminal.out. Returns whether everything was compared; what was not is in
// the report. FAILED_PRECONDITION when something does not fit; other errors when the file is not
// whole or no export.
absl::StatusOr<bool> VerifyFile(const VerifyFlags& flags, const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_EXPORT_COMMAND_H_
