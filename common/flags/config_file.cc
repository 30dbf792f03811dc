#include "common/flags/config_file.h"

#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <istream>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace sightline::flags {
namespace {

// Flags that are no settings.
bool IsSetting(const CLI::Option& option) {
  return option.get_configurable() && !option.get_lnames().empty() && !option.get_positional();
}

std::string KeyOf(const CLI::Option& option) {
  return absl::StrReplaceAll(option.get_lnames().front(), {{"-", "_"}});
}

// Levenshtein's distance: insertions, deletions and substitutions that make one of the other.
size_t Distance(const std::string& left, const std::string& right) {
  std::vector<size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < left.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < right.size(); ++j) {
      const size_t substituted = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// The words that the flag would get on the command line; empty for what no flag takes.
std::vector<std::string> WordsOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return {text->get()};
  if (const auto* number = node.as_integer()) return {absl::StrCat(number->get())};
  if (const auto* flag = node.as_boolean()) return {flag->get() ? "true" : "false"};
  std::vector<std::string> words;
  if (const auto* list = node.as_array()) {
    for (const toml::node& each : *list) {
      if (each.is_array()) return {};
      for (std::string& word : WordsOf(each)) words.push_back(std::move(word));
    }
    if (words.size() != list->size()) return {};
  }
  return words;
}

bool IsEmptyList(const toml::node& node) { return node.is_array() && node.as_array()->empty(); }

}  // namespace

// Called by CLI11 between the command line and the environment. It gives the values to the flags
// itself, because only here it is known where they stand.
class ConfigFile::Reader : public CLI::Config {
 public:
  Reader(const CLI::App& app, const CLI::App& command) : app_(app), command_(command) {}

  std::string to_config(const CLI::App*, bool, bool, std::string) const override { return ""; }

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    path_ = app_.get_config_ptr()->as<std::string>();
    for (auto&& [key, node] : Parse(input)) Apply(std::string(key.str()), node);
    return {};
  }

  // "FILE:LINE" of a key that was taken from the file, or empty.
  std::string WhereOf(const std::string& key) const {
    const auto found = where_.find(key);
    return found == where_.end() ? "" : found->second;
  }
  const std::string& path() const { return path_; }

 private:
  toml::table Parse(std::istream& input) const {
    try {
      return toml::parse(input, path_);
    } catch (const toml::parse_error& error) {
      Fail(error.source().begin.line, absl::StrCat("no TOML: ", std::string(error.description())));
    }
  }

  // CLI::ConfigError with nothing of CLI11's own before the message.
  [[noreturn]] void Fail(size_t line, absl::string_view what) const {
    throw CLI::ConfigError(absl::StrCat(path_, ":", line, ": ", what),
                           static_cast<int>(CLI::ExitCodes::ConfigError));
  }

  void Apply(const std::string& key, const toml::node& node) const {
    const size_t line = node.source().begin.line;
    const CLI::Option* known = Find(command_, key);
    if (known == nullptr) Fail(line, Unknown(key));
    std::vector<std::string> words = WordsOf(node);
    if (words.empty() && !IsEmptyList(node)) {
      Fail(line, absl::StrCat(key, ": expected a text, a whole number, true or false",
                              known->get_items_expected_max() > 1 ? ", or a list of texts" : ""));
    }
    if (words.size() > static_cast<size_t>(std::max(known->get_items_expected_max(), 1))) {
      Fail(line, absl::StrCat(key, ": takes one value, not a list"));
    }
    for (CLI::App* command : app_.get_subcommands()) {
      CLI::Option* option = Find(*command, key);
      if (option == nullptr || words.empty() || !option->empty() || InEnvironment(*option))
        continue;
      Give(*option, key, words, line);
    }
  }

  void Give(CLI::Option& option, const std::string& key, const std::vector<std::string>& words,
            size_t line) const {
    try {
      if (option.get_items_expected_max() == 0) {
        if (words.front() != "true" && words.front() != "false") {
          Fail(line, absl::StrCat(key, ": expected true or false"));
        }
        if (words.front() == "true") option.add_result("true");
      } else {
        option.add_result(words);
      }
      if (!option.empty()) option.run_callback();
    } catch (const CLI::ConfigError&) {
      throw;
    } catch (const CLI::ParseError& error) {
      std::string what = error.what();
      const std::string flag = absl::StrCat(option.get_name(), ": ");
      if (what.rfind(flag, 0) == 0) what = what.substr(flag.size());
      Fail(line, absl::StrCat(key, ": ", what));
    }
    where_[key] = absl::StrCat(path_, ":", line);
  }

  static CLI::Option* Find(CLI::App& command, const std::string& key) {
    for (CLI::Option* option : command.get_options()) {
      if (IsSetting(*option) && KeyOf(*option) == key) return option;
    }
    return nullptr;
  }
  static const CLI::Option* Find(const CLI::App& command, const std::string& key) {
    for (const CLI::Option* option : command.get_options()) {
      if (IsSetting(*option) && KeyOf(*option) == key) return option;
    }
    return nullptr;
  }

  static bool InEnvironment(const CLI::Option& option) {
    const char* value =
        option.get_envname().empty() ? nullptr : std::getenv(option.get_envname().c_str());
    return value != nullptr && *value != '\0';
  }

  std::string Unknown(const std::string& key) const {
    std::string nearest;
    size_t least = std::max<size_t>(2, key.size() / 2) + 1;
    for (const CLI::Option* option : command_.get_options()) {
      if (!IsSetting(*option)) continue;
      const size_t distance = Distance(key, KeyOf(*option));
      if (distance >= least) continue;
      least = distance;
      nearest = KeyOf(*option);
    }
    if (!nearest.empty()) return absl::StrCat("unknown key ", key, "; did you mean ", nearest, "?");
    return absl::StrCat("unknown key ", key, "; `", app_.get_name(), " ", command_.get_name(),
                        " --help` lists the flags, which are the keys with _ for -");
  }

  const CLI::App& app_;
  const CLI::App& command_;
  mutable std::string path_;
  mutable std::map<std::string, std::string> where_;
};

ConfigFile::ConfigFile(CLI::App& app, CLI::App& command, const std::string& prefix,
                       std::string default_path)
    : app_(app),
      command_(command),
      default_path_(std::move(default_path)),
      reader_(std::make_shared<Reader>(app, command)) {
  const std::string variable = prefix + "CONFIG";
  const char* named = std::getenv(variable.c_str());
  const bool is_named = named != nullptr && *named != '\0';
  CLI::Option* file = app.set_config(
      "--config", is_named ? named : default_path_,
      absl::StrCat("TOML file with settings, the flags of `", command.get_name(),
                   "` with _ for - (also ", variable, "; default: ", default_path_, ", if there)"),
      is_named);
  file->type_name("FILE");
  app.config_formatter(reader_);
  std::set<std::string> keys;
  for (const CLI::Option* option : command.get_options()) {
    if (IsSetting(*option)) keys.insert(KeyOf(*option));
  }
  for (CLI::App* each : app.get_subcommands({})) {
    each->fallthrough();
    for (CLI::Option* option : each->get_options()) {
      if (!IsSetting(*option)) continue;
      const std::string key = KeyOf(*option);
      if (keys.count(key) == 0) continue;
      option->envname(absl::AsciiStrToUpper(prefix + key));
      if (option->get_items_expected_max() > 1) option->delimiter(',');
    }
  }
}

ConfigFile::~ConfigFile() = default;

void ConfigFile::GiveLastWord() const {
  for (CLI::App* chosen : app_.get_subcommands()) {
    for (CLI::Option* option : chosen->get_options()) {
      if (!option->empty()) option->run_callback();
    }
  }
}

absl::Status ConfigFile::Check() const {
  if (!path().empty() || access(default_path_.c_str(), R_OK) == 0 || errno != EACCES) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat(default_path_,
                   " is there and this user may not read it; run this as the "
                   "service's user or as root, or name another file by --config"));
}

std::vector<Setting> ConfigFile::Settings() const {
  std::vector<Setting> settings;
  for (const CLI::Option* option : command_.get_options()) {
    if (!IsSetting(*option)) continue;
    Setting setting;
    setting.key = KeyOf(*option);
    if (option->empty()) {
      setting.value = option->get_default_str();
      setting.source = "default";
    } else {
      const std::vector<std::string>& words = option->results();
      setting.value = absl::StrJoin(words, ", ");
      const char* variable =
          option->get_envname().empty() ? nullptr : std::getenv(option->get_envname().c_str());
      setting.source = reader_->WhereOf(setting.key);
      if (setting.source.empty() && variable != nullptr && absl::StrJoin(words, ",") == variable) {
        setting.source = option->get_envname();
      }
      if (setting.source.empty()) setting.source = "command line";
    }
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::string ConfigFile::path() const { return reader_->path(); }

}  // namespace sightline::flags
