// `sightline watch`: every change of what is said, as it is said.
#ifndef SIGHTLINE_COLLECTOR_CLI_WATCH_COMMAND_H_
#define SIGHTLINE_COLLECTOR_CLI_WATCH_COMMAND_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/cli/commands.h"

namespace sightline::cli {

struct WatchFlags {
  ReaderOptions reader;
  // Empty: begin with how things are.
  std::string resume_token;
  // Where the token is kept; empty: nowhere.
  std::string state_path;
  bool heartbeats = false;
  // End after so many changes; 0: never.
  uint64_t count = 0;
};

struct WatchPace {
  // A stream without a message for so long is broken; the collector sends one every 15 s.
  absl::Duration silence = absl::Seconds(60);
  // Before a broken stream is opened again; doubled each time until a message comes.
  absl::Duration delay_min = absl::Seconds(1);
  absl::Duration delay_max = absl::Seconds(60);
};

// Adds the command; `chosen` is called when it is asked for. The flags must live until then.
void AddWatchFlags(CLI::App& app, WatchFlags& flags, std::function<void()> chosen);

// Writes messages to terminal.out, each flushed before the token behind it is kept, so that none is
// missed: one can be written twice after a crash. Goes on behind the last message when the stream
// breaks, and says so on terminal.err. OK after flags.count changes and when `stop` is asked for;
// else the error that does not go away by itself.
absl::Status Watch(const WatchFlags& flags, const WatchPace& pace, const Terminal& terminal,
                   const std::stop_token& stop);

// The same until SIGINT or SIGTERM.
absl::Status WatchUntilInterrupted(const WatchFlags& flags, const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_WATCH_COMMAND_H_
