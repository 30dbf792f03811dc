// What the commands of readers share: flags, whom they ask, and times in requests.
#ifndef SIGHTLINE_COLLECTOR_CLI_READER_H_
#define SIGHTLINE_COLLECTOR_CLI_READER_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/cli/client.h"
#include "collector/cli/commands.h"

namespace sightline::cli {

// --collector, --roots and --country. `reader` must live as long as the parser.
void AddCollector(CLI::App* command, ReaderOptions& reader);

// --format with the words table, json and, when `csv` is set, csv. `format` must live as long.
void AddFormat(CLI::App* command, Format& format, bool csv);

// --admin, and --admin-cert, --admin-key and --admin-roots. `admin` must live as long.
void AddAdmin(CLI::App* command, AdminAddress& admin, bool required = true);

// Reads the file of --roots, if any. Errors name the flag.
absl::StatusOr<Collector> CollectorOf(const ReaderOptions& options);

// Sets the field that `mutable_field` gives to the moment `text`, unless that is empty.
// INVALID_ARGUMENT names `flag`.
absl::Status SetMoment(absl::string_view flag, const std::string& text,
                       absl::FunctionRef<google::protobuf::Timestamp*()> mutable_field);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_READER_H_
