#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/substitute.h"
#include "common/flags/completion.h"

namespace sightline::flags {
namespace {

// A program and every command below it.
std::vector<const CompletedCommand*> Flat(const CompletedCommand& command) {
  std::vector<const CompletedCommand*> all = {&command};
  for (const CompletedCommand& child : command.commands) {
    const std::vector<const CompletedCommand*> below = Flat(child);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

// Paths of all commands, as patterns of a "case". There is always one: "/completion".
std::string Paths(const std::vector<const CompletedCommand*>& all, absl::string_view between) {
  std::vector<std::string> paths;
  for (const CompletedCommand* command : all) {
    if (!command->path.empty()) paths.push_back(command->path);
  }
  return absl::StrJoin(paths, between);
}

// "'...'" for shells of Bourne's kind.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}, {"\n", " "}}), "'");
}

std::string FishQuoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}, {"\n", " "}}),
                      "'");
}

// "    /plan/sign:--key) ACTION ;;" for each flag with a value. `open` begins a pattern, and
// `words` is what to do with words.
std::string ValueCases(const std::vector<const CompletedCommand*>& all, absl::string_view open,
                       absl::string_view words, absl::string_view files, absl::string_view other) {
  std::string text;
  for (const CompletedCommand* command : all) {
    for (const CompletedFlag& flag : command->flags) {
      if (!flag.takes_value) continue;
      for (const std::string& name : flag.names) {
        absl::StrAppend(&text, "    ", open, command->path, ":", name, ") ");
        if (!flag.words.empty()) {
          absl::StrAppend(&text, absl::Substitute(words, absl::StrJoin(flag.words, " ")), " ;;\n");
        } else {
          absl::StrAppend(&text, flag.takes_file ? files : other, " ;;\n");
        }
      }
    }
  }
  return text;
}

// Everything that can stand where no value is due.
std::string WordsAt(const CompletedCommand& command) {
  std::vector<std::string> words;
  for (const CompletedCommand& child : command.commands) words.push_back(child.name);
  words.insert(words.end(), command.words.begin(), command.words.end());
  for (const CompletedFlag& flag : command.flags) {
    words.insert(words.end(), flag.names.begin(), flag.names.end());
  }
  return absl::StrJoin(words, " ");
}

// Commands that take files as arguments, as "case" lines.
std::string FileCases(const std::vector<const CompletedCommand*>& all, absl::string_view open,
                      absl::string_view action) {
  std::string text;
  for (const CompletedCommand* command : all) {
    if (!command->takes_file) continue;
    absl::StrAppend(&text, "    ", open, command->path, ") ", action, " ;;\n");
  }
  return text;
}

constexpr char kBash[] = R"(# Completion for bash, made by "@PROGRAM@ completion bash".
@FUNCTION@_files() {
  mapfile -t COMPREPLY < <(compgen -f -- "$$1")
  compopt -o filenames 2>/dev/null
}

@FUNCTION@() {
  local cur=$${COMP_WORDS[COMP_CWORD]} prev=$${COMP_WORDS[COMP_CWORD - 1]} at= words= i
  # "--flag=word" comes as three words.
  if [[ $$cur == "=" ]]; then
    cur=
  elif [[ $$prev == "=" ]]; then
    prev=$${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case $$at/$${COMP_WORDS[i]} in
      $0) at+=/$${COMP_WORDS[i]} ;;
    esac
  done
  COMPREPLY=()
  case $$at:$$prev in
$1    *)
      if [[ $$cur != -* ]]; then
        case $$at in
$2        esac
      fi
      case $$at in
$3      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$$words" -- "$$cur")
}

complete -F @FUNCTION@ @PROGRAM@
)";

constexpr char kZsh[] = R"(#compdef @PROGRAM@
# Completion for zsh, made by "@PROGRAM@ completion zsh".
@FUNCTION@() {
  local at= prev=$${words[CURRENT-1]} i
  local -a commands flags
  compset -P '--*=' && prev=$${IPREFIX%=}
  for ((i = 2; i < CURRENT; i++)); do
    case "$$at/$${words[i]}" in
      ($0) at="$$at/$${words[i]}" ;;
    esac
  done
  case "$$at:$$prev" in
$1  esac
  case "$$at" in
$2  esac
  case "$$at" in
$3  esac
  (($${#commands})) && _describe command commands
  _describe -o flag flags
}

if [[ "$${funcstack[1]}" == @FUNCTION@ ]]; then
  @FUNCTION@ "$$@"
else
  compdef @FUNCTION@ @PROGRAM@
fi
)";

constexpr char kFish[] = R"(# Completion for fish, made by "@PROGRAM@ completion fish".
function _@FUNCTION@_at
    set -l at ""
    for word in (commandline -opc)[2..-1]
        switch "$$at/$$word"
            case $0
                set at "$$at/$$word"
        end
    end
    test "$$at" = "$$argv[1]"
end

complete -c @PROGRAM@ -f
$1)";

// The script with the names of the program and of the shell function that completes it.
std::string Named(const CompletedCommand& program, absl::string_view script) {
  const std::string function = absl::StrCat("_", absl::StrReplaceAll(program.name, {{"-", "_"}}));
  return absl::StrReplaceAll(script, {{"@PROGRAM@", program.name}, {"@FUNCTION@", function}});
}

std::string Described(const std::string& name, const std::string& description) {
  return Quoted(absl::StrCat(name, ":", description));
}

std::string FishFlag(const CompletedFlag& flag, const std::string& condition) {
  std::string line = condition;
  for (const std::string& name : flag.names) {
    const bool is_long = name.substr(0, 2) == "--";
    absl::StrAppend(&line, is_long ? " -l " : " -s ", name.substr(is_long ? 2 : 1));
  }
  if (flag.takes_file) {
    absl::StrAppend(&line, " -r -F");
  } else if (flag.takes_value) {
    absl::StrAppend(&line, " -x");
  }
  if (!flag.words.empty()) {
    absl::StrAppend(&line, " -a ", FishQuoted(absl::StrJoin(flag.words, " ")));
  }
  return absl::StrCat(line, " -d ", FishQuoted(flag.description), "\n");
}

}  // namespace

std::string BashCompletion(const CompletedCommand& program) {
  const std::vector<const CompletedCommand*> all = Flat(program);
  std::string words;
  for (const CompletedCommand* command : all) {
    absl::StrAppend(&words, "        '", command->path, "') words='", WordsAt(*command), "' ;;\n");
  }
  return Named(program,
               absl::Substitute(
                   kBash, Paths(all, " | "),
                   ValueCases(all, "", "words='$0'", "@FUNCTION@_files \"$cur\"; return", "return"),
                   FileCases(all, "      ", "@FUNCTION@_files \"$cur\"; return"), words));
}

std::string ZshCompletion(const CompletedCommand& program) {
  const std::vector<const CompletedCommand*> all = Flat(program);
  std::string lists;
  for (const CompletedCommand* command : all) {
    std::vector<std::string> commands;
    for (const CompletedCommand& child : command->commands) {
      commands.push_back(Described(child.name, child.description));
    }
    for (const std::string& word : command->words) commands.push_back(Quoted(word));
    std::vector<std::string> flags;
    for (const CompletedFlag& flag : command->flags) {
      for (const std::string& name : flag.names) {
        flags.push_back(Described(name, flag.description));
      }
    }
    absl::StrAppend(&lists, "    ('", command->path, "')\n      commands=(",
                    absl::StrJoin(commands, " "), ")\n      flags=(", absl::StrJoin(flags, " "),
                    ")\n      ;;\n");
  }
  return Named(program, absl::Substitute(kZsh, Paths(all, "|"),
                                         ValueCases(all, "(", "compadd -- $0; return",
                                                    "_files; return", "return"),
                                         lists, FileCases(all, "(", "_files")));
}

std::string FishCompletion(const CompletedCommand& program) {
  const std::vector<const CompletedCommand*> all = Flat(program);
  std::string lines;
  for (const CompletedCommand* command : all) {
    const std::string condition =
        absl::StrCat("complete -c @PROGRAM@ -n '_@FUNCTION@_at \"", command->path, "\"'");
    for (const CompletedCommand& child : command->commands) {
      absl::StrAppend(&lines, condition, " -a ", child.name, " -d ", FishQuoted(child.description),
                      "\n");
    }
    if (!command->words.empty()) {
      absl::StrAppend(&lines, condition, " -a ", FishQuoted(absl::StrJoin(command->words, " ")),
                      "\n");
    }
    if (command->takes_file) absl::StrAppend(&lines, condition, " -F\n");
    for (const CompletedFlag& flag : command->flags) {
      absl::StrAppend(&lines, FishFlag(flag, condition));
    }
  }
  return Named(program, absl::Substitute(kFish, Paths(all, " "), lines));
}

}  // namespace sightline::flags
