#include "common/flags/man_page.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace sightline::flags {
namespace {

// Text that roff takes as it stands, a line a line. Hyphens are those that can be copied into a
// shell.
std::string Plain(absl::string_view text) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    std::string plain = absl::StrReplaceAll(line, {{"\\", "\\e"}, {"-", "\\-"}});
    if (absl::StartsWith(plain, ".") || absl::StartsWith(plain, "'")) plain.insert(0, "\\&");
    lines.push_back(std::move(plain));
  }
  return absl::StrJoin(lines, "\n");
}

// Lines whose ends and indents stay.
std::string Verbatim(absl::string_view text) {
  return absl::StrCat(".PP\n.nf\n", Plain(text), "\n.fi\n");
}

// "a flag" for "--flag VALUE", with its type as help shows it.
std::string NameOf(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) {
    names.push_back(absl::StrCat("\\fB", Plain("-" + name), "\\fR"));
  }
  for (const std::string& name : option.get_lnames()) {
    names.push_back(absl::StrCat("\\fB", Plain("--" + name), "\\fR"));
  }
  std::string text = absl::StrJoin(names, ", ");
  const std::string type = option.get_type_name();
  if (option.get_items_expected_max() > 0 && !type.empty()) {
    absl::StrAppend(&text, " \\fI", Plain(type), "\\fR");
  }
  return text;
}

std::string FlagText(const CLI::Option& option) {
  std::string text = Plain(option.get_description());
  std::vector<std::string> notes;
  if (option.get_required()) notes.push_back("required");
  if (!option.get_default_str().empty()) {
    notes.push_back(absl::StrCat("default: ", Plain(option.get_default_str())));
  }
  if (!option.get_envname().empty()) {
    notes.push_back(absl::StrCat("also \\fB", option.get_envname(), "\\fR"));
  }
  if (!notes.empty()) absl::StrAppend(&text, " (", absl::StrJoin(notes, "; "), ")");
  return text;
}

std::string Flags(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() || option->get_group().empty()) continue;
    const bool is_help = option == command.get_help_ptr();
    if (is_help && command.get_parent() != nullptr) continue;  // said once, of the program
    absl::StrAppend(&text, ".TP\n", NameOf(*option), "\n", FlagText(*option), "\n");
  }
  return text;
}

// What stands behind the names of commands: "FILE", "SHELL".
std::string Arguments(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = Plain(option->get_single_name());
    absl::StrAppend(&text, option->get_required() ? " \\fI" : " [\\fI", name,
                    option->get_required() ? "\\fR" : "\\fR]");
  }
  return text;
}

void AppendCommands(const CLI::App& parent, const std::string& path, std::string& text) {
  for (const CLI::App* command : parent.get_subcommands({})) {
    if (command->get_group().empty()) continue;
    const std::string name = absl::StrCat(path, " ", command->get_name());
    if (command->get_subcommands({}).empty()) {
      absl::StrAppend(&text, ".SS \"", Plain(name), "\"\n", "\\fB", Plain(name), "\\fR",
                      Arguments(*command), " [\\fIflags\\fR]\n.PP\n",
                      Plain(command->get_description()), ".\n", Flags(*command));
      if (!command->get_footer().empty()) absl::StrAppend(&text, Verbatim(command->get_footer()));
    }
    AppendCommands(*command, name, text);
  }
}

}  // namespace

void AddManPageCommand(CLI::App& app, std::function<void()> chosen) {
  app.add_subcommand("man-page", "The manual page")->group("")->callback(std::move(chosen));
}

std::string ManPage(const CLI::App& app, const std::string& version) {
  const std::string name = app.get_name();
  // "Sightline agent: probes ..." says the program's name twice.
  const std::string description = app.get_description();
  std::string summary = description.substr(0, description.find('\n'));
  while (absl::EndsWith(summary, ".")) summary.pop_back();
  std::string text =
      absl::StrCat(".TH ", absl::AsciiStrToUpper(Plain(name)), " 1 \"\" \"Sightline ",
                   Plain(version), "\" \"Sightline\"\n", ".SH NAME\n", Plain(name), " \\- ",
                   Plain(summary), "\n.SH SYNOPSIS\n\\fB", Plain(name),
                   "\\fR [\\fIflags\\fR] \\fIcommand\\fR [\\fIflags\\fR]\n.SH DESCRIPTION\n",
                   Plain(description), "\n", Flags(app), ".SH COMMANDS\n");
  AppendCommands(app, name, text);
  if (!app.get_footer().empty()) {
    absl::StrAppend(&text, ".SH NOTES\n", Verbatim(app.get_footer()));
  }
  return text;
}

}  // namespace sightline::flags
