// The collector's subcommands that work on a store alone: migrate, backup, restore, copy.
#ifndef SIGHTLINE_COLLECTOR_STORE_COMMANDS_H_
#define SIGHTLINE_COLLECTOR_STORE_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace sightline {

// Must live until `run` was called.
struct StoreCommands {
  std::string store;
  bool dry_run = false;
  std::string out;
  std::string from;
  std::string to;
  // What the command line asked for; empty when it was none of these. Says what it did on standard
  // output, and on standard error, if that is a terminal, how far it is.
  std::function<absl::Status()> run;
};

void AddStoreCommands(CLI::App& app, StoreCommands& commands);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_COMMANDS_H_
