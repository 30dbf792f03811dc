#include "common/flags/completion.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sightline::flags {
namespace {

// CLI11 shows a choice behind the type: "WORD:{csv,json,table}".
std::vector<std::string> WordsOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  if (open == std::string::npos || type.back() != '}') return {};
  return absl::StrSplit(type.substr(open + 1, type.size() - open - 2), ',');
}

bool IsFile(const std::string& type) {
  return type == "FILE" || type == "FOLDER" || type == "SOCKET" || type == "SCENARIO";
}

CompletedFlag FlagOf(const CLI::Option& option) {
  CompletedFlag flag;
  for (const std::string& name : option.get_lnames()) {
    flag.names.push_back(absl::StrCat("--", name));
  }
  for (const std::string& name : option.get_snames()) {
    flag.names.push_back(absl::StrCat("-", name));
  }
  flag.description = option.get_description();
  flag.takes_value = option.get_items_expected_max() > 0;
  flag.takes_file = flag.takes_value && IsFile(option.get_type_name());
  if (flag.takes_value) flag.words = WordsOf(option);
  return flag;
}

CompletedCommand CommandOf(const CLI::App& app, std::string path) {
  CompletedCommand command;
  command.name = app.get_name();
  command.description = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) {
      command.flags.push_back(FlagOf(*option));
      continue;
    }
    for (std::string& word : WordsOf(*option)) command.words.push_back(std::move(word));
    if (IsFile(option->get_single_name())) command.takes_file = true;
  }
  for (const CLI::App* child : app.get_subcommands({})) {
    if (child->get_group().empty()) continue;  // hidden
    command.commands.push_back(CommandOf(*child, absl::StrCat(path, "/", child->get_name())));
  }
  command.path = std::move(path);
  return command;
}

}  // namespace

void AddCompletionFlags(CLI::App& app, std::string& shell, std::function<void()> chosen) {
  CLI::App* command =
      app.add_subcommand("completion", "A script that lets a shell complete commands and flags");
  command->add_option("SHELL", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("");
  command->callback(std::move(chosen));
  const std::string program = app.get_name();
  command->footer(absl::StrCat("Examples:\n  . <(", program, " completion bash)\n  ", program,
                               " completion bash > ~/.local/share/bash-completion/completions/",
                               program, "\n  ", program, " completion zsh > \"${fpath[1]}/_",
                               program, "\"\n  ", program,
                               " completion fish > ~/.config/fish/completions/", program, ".fish"));
}

CompletedCommand CompletedBy(const CLI::App& app) { return CommandOf(app, ""); }

std::string CompletionScript(const CLI::App& app, const std::string& shell) {
  const CompletedCommand program = CompletedBy(app);
  if (shell == "zsh") return ZshCompletion(program);
  if (shell == "fish") return FishCompletion(program);
  return BashCompletion(program);
}

}  // namespace sightline::flags
