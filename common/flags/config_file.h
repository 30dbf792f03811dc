// Settings of a program that runs for long, from three places: its command line, the environment,
// and a TOML file. The keys of the file are the flags of one command in snake_case (`--tls-cert` is
// `tls_cert`), all at the top; in the environment they are in capitals, behind a prefix.
#ifndef SIGHTLINE_COMMON_FLAGS_CONFIG_FILE_H_
#define SIGHTLINE_COMMON_FLAGS_CONFIG_FILE_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace sightline::flags {

// One setting, after the command line was parsed.
struct Setting {
  std::string key;     // as in the file
  std::string value;   // values of a list are joined by ", "
  std::string source;  // "command line", the variable, "FILE:LINE", or "default"
};

class ConfigFile {
 public:
  // Adds --config to `app`, and lets every command of `app` take from file and environment the
  // flags that it shares with `command`, whose flags are the keys. Call it once all commands and
  // flags are there. The file is `default_path` unless --config or the variable
  // `prefix` + "CONFIG" names another; only the default one may be missing. Parsing the command
  // line throws CLI::ConfigError, which says file, line and what is wrong, for what is no TOML, for
  // an unknown key (with the nearest known one), and for a value that the flag does not take. Must
  // outlive the parsing; one thread.
  ConfigFile(CLI::App& app, CLI::App& command, const std::string& prefix, std::string default_path);
  ~ConfigFile();

  // After parsing, before the flags are used: gives the chosen command's flags their values once
  // more. A variable of the environment reaches the flags of all commands, and commands may keep a
  // flag of theirs in one place.
  void GiveLastWord() const;
  // After parsing: PERMISSION_DENIED when the default file is there and cannot be read, so that
  // its settings are missing.
  absl::Status Check() const;
  // After parsing: what is in force, in the order of the flags.
  std::vector<Setting> Settings() const;
  // The file that was read; empty when there was none.
  std::string path() const;

 private:
  class Reader;

  CLI::App& app_;
  CLI::App& command_;
  const std::string default_path_;
  std::shared_ptr<Reader> reader_;
};

}  // namespace sightline::flags

#endif  // SIGHTLINE_COMMON_FLAGS_CONFIG_FILE_H_
