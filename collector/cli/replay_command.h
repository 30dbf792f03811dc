// "sightline replay": runs a made-up history, and says whether what came of it is what the scenario
// expects.
#ifndef SIGHTLINE_COLLECTOR_CLI_REPLAY_COMMAND_H_
#define SIGHTLINE_COLLECTOR_CLI_REPLAY_COMMAND_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "collector/cli/commands.h"
#include "sightline/internal/v1/replay.pb.h"

namespace sightline::cli {

struct ReplayFlags {
  std::string path;
  uint64_t seed = 1;
  std::string store;
  Format format = Format::kTable;
};

// Adds the command to `app`; `asked` is called when it was asked for. `flags` must outlive `app`.
void AddReplayFlags(CLI::App& app, ReplayFlags& flags, std::function<void()> asked);

// Writes the report to terminal.out and how far it is to terminal.err. FAILED_PRECONDITION: the
// history ran, and an expectation is broken.
absl::Status ReplayFile(const ReplayFlags& flags, const Terminal& terminal);

// Expectations, changes of scope and events, for people.
std::string RenderReplay(const internal::v1::ReplayReport& report, const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_REPLAY_COMMAND_H_
