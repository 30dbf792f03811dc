// Scripts that let a shell complete the command line. Made of the parser itself, so that they
// cannot lag behind it.
#ifndef SIGHTLINE_COMMON_FLAGS_COMPLETION_H_
#define SIGHTLINE_COMMON_FLAGS_COMPLETION_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace sightline::flags {

// What a shell needs to know of a flag.
struct CompletedFlag {
  std::vector<std::string> names;  // with their hyphens
  std::string description;
  bool takes_value = false;
  bool takes_file = false;
  std::vector<std::string> words;  // empty: any
};

// What a shell needs to know of a command.
struct CompletedCommand {
  std::string path;  // "/plan/sign"; empty for the program itself
  std::string name;
  std::string description;
  std::vector<CompletedFlag> flags;
  std::vector<std::string> words;  // of an argument that is one of a few
  bool takes_file = false;         // as an argument
  std::vector<CompletedCommand> commands;
};

// Adds `sightline completion SHELL`; `chosen` is called when it is asked for. `shell` must live
// until then.
void AddCompletionFlags(CLI::App& app, std::string& shell, std::function<void()> chosen);

// The program and all its commands, as they are when it is called.
CompletedCommand CompletedBy(const CLI::App& app);

// Scripts to be sourced. Pure.
std::string BashCompletion(const CompletedCommand& program);
std::string ZshCompletion(const CompletedCommand& program);
std::string FishCompletion(const CompletedCommand& program);

// The one for `shell`: "bash", "zsh" or "fish".
std::string CompletionScript(const CLI::App& app, const std::string& shell);

}  // namespace sightline::flags

#endif  // SIGHTLINE_COMMON_FLAGS_COMPLETION_H_
