#include "collector/replay/toml_reader.h"

#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace sightline {
namespace {

std::string_view Std(absl::string_view text) { return {text.data(), text.size()}; }

// Days are not among the units of absl::ParseDuration, for whom a day need not have 24 hours.
std::optional<absl::Duration> ParseLength(absl::string_view text) {
  std::string rest = absl::StrReplaceAll(text, {{" ", ""}});
  absl::Duration days;
  const size_t d = rest.find('d');
  if (d != std::string::npos) {
    absl::Duration hours;
    if (!absl::ParseDuration(rest.substr(0, d) + "h", &hours)) return std::nullopt;
    days = hours * 24;
    rest = rest.substr(d + 1);
    if (rest.empty()) return days;
  }
  absl::Duration length;
  if (!absl::ParseDuration(rest, &length)) return std::nullopt;
  return days + length;
}

std::optional<absl::Time> ToTime(const toml::node& node) {
  if (const auto* date = node.as_date()) {
    const toml::date& day = date->get();
    return absl::FromCivil(absl::CivilDay(day.year, day.month, day.day), absl::UTCTimeZone());
  }
  const auto* value = node.as_date_time();
  if (value == nullptr) return std::nullopt;
  const toml::date_time& when = value->get();
  const absl::CivilSecond civil(when.date.year, when.date.month, when.date.day, when.time.hour,
                                when.time.minute, when.time.second);
  return absl::FromCivil(civil, absl::UTCTimeZone()) -
         absl::Minutes(when.offset.has_value() ? when.offset->minutes : 0);
}

}  // namespace

void TomlFile::Refuse(int line, absl::string_view text) {
  if (!status_.ok()) return;
  status_ = absl::InvalidArgumentError(absl::StrCat(name_, ":", line, ": ", text));
}

TomlReader::TomlReader(const toml::table& table, std::string where, TomlFile& file)
    : table_(table),
      where_(std::move(where)),
      file_(file),
      line_(static_cast<int>(table.source().begin.line)) {}

const toml::node* TomlReader::Find(absl::string_view key) const { return table_.get(Std(key)); }

const toml::node* TomlReader::Take(absl::string_view key) {
  known_.insert(std::string(key));
  return Find(key);
}

int TomlReader::LineOf(absl::string_view key) const {
  const toml::node* node = Find(key);
  const int line = node == nullptr ? 0 : static_cast<int>(node->source().begin.line);
  return line == 0 ? line_ : line;
}

void TomlReader::Refuse(absl::string_view key, absl::string_view text) {
  file_.Refuse(LineOf(key), absl::StrCat(where_, where_.empty() ? "" : " ", key, ": ", text));
}

void TomlReader::RefuseWord(absl::string_view key, const std::string& word,
                            const std::vector<std::string>& words) {
  Refuse(key,
         absl::StrCat("\"", word, "\" is not known; write one of ", absl::StrJoin(words, ", ")));
}

void TomlReader::Need(absl::string_view key, absl::string_view what) {
  if (!Has(key)) Refuse(key, absl::StrCat("is missing; write ", what));
}

std::string TomlReader::Text(absl::string_view key, std::string otherwise) {
  const toml::node* node = Take(key);
  if (node == nullptr) return otherwise;
  if (const auto* text = node->as_string()) return text->get();
  Refuse(key, "must be a text in quotes");
  return otherwise;
}

int64_t TomlReader::Integer(absl::string_view key, int64_t otherwise, int64_t min, int64_t max) {
  const toml::node* node = Take(key);
  if (node == nullptr) return otherwise;
  const auto* number = node->as_integer();
  if (number != nullptr && number->get() >= min && number->get() <= max) return number->get();
  Refuse(key, absl::StrCat("must be a whole number from ", min, " to ", max));
  return otherwise;
}

double TomlReader::Ratio(absl::string_view key, double otherwise) {
  const toml::node* node = Take(key);
  if (node == nullptr) return otherwise;
  const std::optional<double> number =
      node->is_number() ? node->value<double>() : std::optional<double>();
  if (number && *number >= 0 && *number <= 1) return *number;
  Refuse(key, "must be a share, a number from 0 to 1 such as 0.05");
  return otherwise;
}

absl::Duration TomlReader::Length(absl::string_view key, absl::Duration otherwise) {
  const toml::node* node = Take(key);
  if (node == nullptr) return otherwise;
  const auto* text = node->as_string();
  const std::optional<absl::Duration> length =
      text == nullptr ? std::nullopt : ParseLength(text->get());
  if (length && *length >= absl::ZeroDuration()) return *length;
  Refuse(key, "must be a length of time such as \"4h\", \"7d\" or \"7d 4h\"");
  return otherwise;
}

absl::Time TomlReader::Time(absl::string_view key, absl::Time otherwise) {
  const toml::node* node = Take(key);
  if (node == nullptr) return otherwise;
  if (const std::optional<absl::Time> time = ToTime(*node)) return *time;
  const auto* text = node->as_string();
  const std::optional<absl::Duration> length =
      text == nullptr ? std::nullopt : ParseLength(text->get());
  if (length) return file_.start + *length;
  Refuse(key,
         "must be a time: since the start such as \"7d\" or \"7d 4h\", or 2024-04-08T00:00:00Z");
  return otherwise;
}

std::vector<std::string> TomlReader::Texts(absl::string_view key) {
  const toml::node* node = Take(key);
  std::vector<std::string> texts;
  if (node == nullptr) return texts;
  if (const auto* text = node->as_string()) return {text->get()};
  if (const toml::array* array = node->as_array()) {
    for (const toml::node& each : *array) {
      if (const auto* text = each.as_string()) texts.push_back(text->get());
    }
    if (texts.size() == array->size()) return texts;
  }
  Refuse(key, "must be a text in quotes or several in brackets");
  return {};
}

std::vector<int64_t> TomlReader::Integers(absl::string_view key) {
  const toml::node* node = Take(key);
  std::vector<int64_t> numbers;
  if (node == nullptr) return numbers;
  if (const auto* number = node->as_integer()) return {number->get()};
  if (const toml::array* array = node->as_array()) {
    for (const toml::node& each : *array) {
      if (const auto* number = each.as_integer()) numbers.push_back(number->get());
    }
    if (numbers.size() == array->size()) return numbers;
  }
  Refuse(key, "must be a whole number or several in brackets");
  return {};
}

std::map<std::string, std::vector<std::string>> TomlReader::TextsByKey(absl::string_view key) {
  std::map<std::string, std::vector<std::string>> result;
  const toml::node* node = Take(key);
  if (node == nullptr) return result;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    Refuse(key, "must be a table such as { \"CN-BJ\" = \"PARTIAL\" }");
    return result;
  }
  TomlReader inner(*table, absl::StrCat(where_, " ", key), file_);
  for (const auto& [name, value] : *table) {
    result[std::string(name.str())] = inner.Texts({name.str().data(), name.str().size()});
  }
  return result;
}

void TomlReader::ForEach(absl::string_view key, const std::function<void(TomlReader&)>& read) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto one = [&](const toml::table& table, std::string where) {
    TomlReader reader(table, std::move(where), file_);
    read(reader);
    reader.Finish();
  };
  if (const toml::table* table = node->as_table()) {
    one(*table, absl::StrCat("[", key, "]"));
    return;
  }
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_array_of_tables()) {
    Refuse(key, absl::StrCat("must be a table: write [[", key, "]] on a line of its own"));
    return;
  }
  for (const toml::node& each : *array) one(*each.as_table(), absl::StrCat("[[", key, "]]"));
}

void TomlReader::Finish() {
  for (const auto& [name, value] : table_) {
    const absl::string_view key(name.str().data(), name.str().size());
    if (known_.contains(name.str())) continue;
    file_.Refuse(
        static_cast<int>(name.source().begin.line),
        absl::StrCat(where_, where_.empty() ? "" : " ", key,
                     ": is no key of this table; known are ", absl::StrJoin(known_, ", ")));
  }
}

}  // namespace sightline
