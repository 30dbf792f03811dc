// The command line of sightline-collector: its commands, their flags, and the settings that come
// from a file and the environment. It runs all commands but serve and those of the store.
#ifndef SIGHTLINE_COLLECTOR_COMMAND_LINE_H_
#define SIGHTLINE_COLLECTOR_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "collector/audit_command.h"
#include "collector/doctor_command.h"
#include "collector/serve_flags.h"
#include "collector/store_commands.h"
#include "common/flags/config_file.h"

namespace sightline {

inline constexpr char kCollectorConfig[] = "/etc/sightline/collector.toml";

// Not movable: the parser points into it. One thread.
class CommandLine {
 public:
  // `config_path` is read unless --config or SIGHTLINE_COLLECTOR_CONFIG names another file.
  explicit CommandLine(const std::string& config_path = kCollectorConfig);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Reads the command line, and runs what it asks for. An exit status when all is done, with what
  // was wrong on standard error; nullopt when `store_commands().run` is to be called, or, if that
  // is empty, serve is to run with serve_flags().
  std::optional<int> Run(int argc, const char* const* argv);

  const ServeFlags& serve_flags() const { return serve_flags_; }
  const StoreCommands& store_commands() const { return store_commands_; }
  CLI::App& app() { return app_; }
  const flags::ConfigFile& config() const { return *config_; }

 private:
  void AddServe();
  int Refuse(const CLI::ParseError& error);
  int CheckConfig() const;

  CLI::App app_;
  CLI::App* serve_ = nullptr;  // owned by app_, like those below
  CLI::App* doctor_ = nullptr;
  ServeFlags serve_flags_;
  bool check_config_ = false;
  StoreCommands store_commands_;
  AuditFlags audit_flags_;
  DoctorFlags doctor_flags_;
  std::string shell_;
  std::function<int()> action_;  // what was asked for, when it is run here
  std::unique_ptr<flags::ConfigFile> config_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_COMMAND_LINE_H_
