// `sightline timeline`: the history of one target.
#ifndef SIGHTLINE_COLLECTOR_CLI_TIMELINE_COMMAND_H_
#define SIGHTLINE_COLLECTOR_CLI_TIMELINE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collector/cli/commands.h"

namespace sightline::cli {

struct TimelineFlags {
  ReaderOptions reader;
  std::string target_id;
  // As moment.h has them; empty: 30 days up to the newest window.
  std::string since;
  std::string until;
  // As absl::ParseDuration reads it; empty: what fits a line, or one window when not for a person.
  std::string step;
  // Empty: all.
  std::vector<std::string> regions;
};

// Adds the command; `chosen` is called when it is asked for. The flags must live until then.
void AddTimelineFlags(CLI::App& app, TimelineFlags& flags, std::function<void()> chosen);

// Writes the history to terminal.out, or nothing and returns why not.
absl::Status ShowTimeline(const TimelineFlags& flags, const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_TIMELINE_COMMAND_H_
