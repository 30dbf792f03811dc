// `sightline note`: dated notes on a timeline.
#ifndef SIGHTLINE_COLLECTOR_CLI_NOTE_COMMAND_H_
#define SIGHTLINE_COLLECTOR_CLI_NOTE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "collector/cli/commands.h"

namespace sightline::cli {

struct NoteFlags {
  // Of add and remove.
  AdminAddress admin;
  // Of list; the country of all three.
  ReaderOptions reader;
  // Of add.
  std::string target_id;
  std::string time;
  std::string url;
  std::string text;
  // Of list, as moment.h has them; empty: without bound.
  std::string since;
  std::string until;
  // Of remove.
  std::string annotation_id;
};

using NoteAction = absl::Status (*)(const NoteFlags&, const Terminal&);

// Adds the commands; `chosen` is called with what the one that was asked for does. The flags must
// live until then.
void AddNoteFlags(CLI::App& app, NoteFlags& flags, std::function<void(NoteAction)> chosen);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_NOTE_COMMAND_H_
