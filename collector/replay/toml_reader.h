// Reads a TOML table key by key and refuses what nobody asked for. For collector/replay/*.cc only.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_TOML_READER_H_
#define SIGHTLINE_COLLECTOR_REPLAY_TOML_READER_H_

#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sightline {

// What is common to all tables of a file: its name, where its time begins, and the first thing that
// is wrong in it. After that everything reads as its default.
class TomlFile {
 public:
  explicit TomlFile(std::string name) : name_(std::move(name)) {}

  // Keeps the first complaint: "FILE:LINE: text".
  void Refuse(int line, absl::string_view text);
  const absl::Status& status() const { return status_; }

  // What durations count from; to be set before a time is read.
  absl::Time start;

 private:
  const std::string name_;
  absl::Status status_ = absl::OkStatus();
};

// One table. Each call reads one key, which is from then on known; a key that is absent gives the
// default. What is there and breaks its rule is refused with what to write.
class TomlReader {
 public:
  // `where` is how the table is called in messages, such as "[[policy]]". Both must outlive it.
  TomlReader(const toml::table& table, std::string where, TomlFile& file);

  int line() const { return line_; }
  bool Has(absl::string_view key) const { return Find(key) != nullptr; }
  // Refuses the table when the key is absent.
  void Need(absl::string_view key, absl::string_view what);

  std::string Text(absl::string_view key, std::string otherwise = "");
  int64_t Integer(absl::string_view key, int64_t otherwise, int64_t min, int64_t max);
  double Ratio(absl::string_view key, double otherwise);  // 0 to 1
  // "90m", "4h", "7d", "7d 4h".
  absl::Duration Length(absl::string_view key, absl::Duration otherwise);
  // A date and time, or a length since the start.
  absl::Time Time(absl::string_view key, absl::Time otherwise);
  // One text or several.
  std::vector<std::string> Texts(absl::string_view key);
  std::vector<int64_t> Integers(absl::string_view key);
  // One of `words`, by name; the first one when absent.
  template <typename T>
  T Word(absl::string_view key, const std::vector<std::pair<std::string, T>>& words) {
    const std::string text = Text(key, words.front().first);
    for (const auto& [word, value] : words) {
      if (word == text) return value;
    }
    std::vector<std::string> names;
    for (const auto& entry : words) names.push_back(entry.first);
    RefuseWord(key, text, names);
    return words.front().second;
  }
  // A table within the table: its keys with one text or several each.
  std::map<std::string, std::vector<std::string>> TextsByKey(absl::string_view key);
  // Calls `read` with the table of that name, or with each table of the array of that name.
  void ForEach(absl::string_view key, const std::function<void(TomlReader&)>& read);

  // "FILE:LINE: TABLE KEY: text", with the line of the key.
  void Refuse(absl::string_view key, absl::string_view text);
  // Refuses keys that were not read.
  void Finish();

 private:
  const toml::node* Find(absl::string_view key) const;
  const toml::node* Take(absl::string_view key);
  int LineOf(absl::string_view key) const;
  void RefuseWord(absl::string_view key, const std::string& word,
                  const std::vector<std::string>& words);

  const toml::table& table_;
  const std::string where_;
  TomlFile& file_;
  int line_ = 0;
  std::set<std::string, std::less<>> known_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_TOML_READER_H_
