// The command line of sightline-agent: its commands and their flags, and where settings come from
// besides (common/flags/config_file.h). What the commands do is not known here.
#ifndef SIGHTLINE_AGENT_COMMAND_LINE_H_
#define SIGHTLINE_AGENT_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/flags/config_file.h"

namespace sightline::agent {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

// Where a package puts the settings, and what they name as the folder of the service.
inline constexpr const char kConfigPath[] = "/etc/sightline/agent.toml";
inline constexpr const char kServiceFolder[] = "/var/lib/sightline-agent";

// All flags of all commands, as they are after parsing.
struct Flags {
  std::string state_folder;
  std::string invite;
  std::string region;
  std::string language;
  std::string proxy;
  std::string log_level = "info";
  bool check_config = false;
  std::string pause_for;
  bool accept = false;
  bool offline = false;
  std::string plan_path;
  std::string target_id;
  std::string format = "text";
  int rounds = 1;
  std::string pause = "0s";
};

using Command = std::function<absl::Status(const Flags&)>;

// What each command does. All but `probe` work in the folder of --state, which is then not empty.
struct Commands {
  Command enroll;
  Command run;
  Command check_config;  // `run --check-config`
  Command pause;
  Command resume;
  Command status;
  Command doctor;
  Command rotate_key;
  Command forget;
  Command probe;
};

// One thread.
class CommandLine {
 public:
  // `out` takes what `completion` and `man-page` print; it must outlive the command line.
  CommandLine(Commands commands, std::ostream& out, std::string config_path = kConfigPath);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // An exit code when there is nothing to run: after help, or when the arguments or the settings
  // are wrong, which `err` then says. Once.
  std::optional<int> Parse(int argc, const char* const* argv, std::ostream& err);
  // Runs the command that was asked for. Needs a Parse() that returned nothing.
  absl::Status Run() const;

  const Flags& flags() const { return flags_; }
  // Of `run`, when that was asked for.
  std::vector<flags::Setting> Settings() const { return config_->Settings(); }

 private:
  // What was asked for.
  struct Choice {
    Command command;
    bool in_folder = false;
  };

  CLI::App* Add(const char* name, const char* help, const Command& command);
  void AddFolderCommands();
  void AddRun();
  void AddProbe();
  void AddOwnTexts();
  void AddStateFlag(CLI::App* command);
  void AddFormatFlag(CLI::App* command);
  void AddConsentFlags(CLI::App* command);
  void AddProxyFlag(CLI::App* command, const char* help);

  const Commands commands_;
  std::ostream& out_;
  const std::string config_path_;
  CLI::App app_;
  Flags flags_;
  std::string shell_;
  Choice choice_;
  std::optional<flags::ConfigFile> config_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_COMMAND_LINE_H_
