#include "collector/cli/table.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sightline::cli {
namespace {

constexpr absl::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// Makes the calling thread read text as UTF-8 for as long as it lives, whatever LANG says.
class Utf8Scope {
 public:
  Utf8Scope() : previous_(uselocale(Utf8())) {}
  Utf8Scope(const Utf8Scope&) = delete;
  Utf8Scope& operator=(const Utf8Scope&) = delete;
  ~Utf8Scope() { uselocale(previous_); }

 private:
  // glibc holds C.UTF-8 itself, so this cannot fail.
  static locale_t Utf8() {
    static const locale_t kUtf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return kUtf8;
  }

  locale_t previous_;
};

struct Character {
  size_t bytes = 1;
  int width = -1;  // below 0: not to be printed
};

// The first character of `text`, which is not empty. Call within a Utf8Scope.
Character FirstCharacter(absl::string_view text) {
  wchar_t wide = 0;
  mbstate_t state = {};
  const size_t bytes = mbrtowc(&wide, text.data(), text.size(), &state);
  if (bytes == 0 || bytes > text.size()) return {};
  return {bytes, wcwidth(wide)};
}

absl::string_view Sequence(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kStrong:
      return "\x1b[1m";
    case Tone::kFaint:
      return "\x1b[2m";
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kBad:
      return "\x1b[31m";
    case Tone::kMixed:
      return "\x1b[33m";
    case Tone::kWarning:
      return "\x1b[1;33m";
  }
  return "";
}

}  // namespace

size_t DisplayWidth(absl::string_view text) {
  const Utf8Scope scope;
  size_t width = 0;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    width += static_cast<size_t>(std::max(character.width, 0));
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string Printable(absl::string_view text) {
  const Utf8Scope scope;
  std::string result;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    absl::StrAppend(&result, character.width < 0 ? kReplacement : text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
  return result;
}

std::string Paint(absl::string_view text, Tone tone, bool colour) {
  const absl::string_view sequence = Sequence(tone);
  if (!colour || sequence.empty() || text.empty()) return std::string(text);
  return absl::StrCat(sequence, text, "\x1b[0m");
}

std::string Wrap(absl::string_view text, size_t width, absl::string_view first) {
  const std::string rest(DisplayWidth(first), ' ');
  std::string result;
  std::string line(first);
  bool has_word = false;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (width > 0 && has_word && DisplayWidth(line) + 1 + DisplayWidth(word) > width) {
      absl::StrAppend(&result, line, "\n");
      line = rest;
      has_word = false;
    }
    absl::StrAppend(&line, has_word ? " " : "", word);
    has_word = true;
  }
  return absl::StrCat(result, line, "\n");
}

void Table::AddRow(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = Printable(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::Render(size_t indent, bool colour) const {
  std::vector<size_t> widths;
  for (const std::vector<Cell>& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
    }
  }
  std::string result;
  for (const std::vector<Cell>& row : rows_) {
    std::string line(indent, ' ');
    size_t owed = 0;  // spaces that only a further cell makes necessary
    for (size_t i = 0; i < row.size(); ++i) {
      const size_t missing = widths[i] - DisplayWidth(row[i].text);
      if (!row[i].text.empty()) {
        line.append(owed + (row[i].align_right ? missing : 0), ' ');
        absl::StrAppend(&line, Paint(row[i].text, row[i].tone, colour));
        owed = row[i].align_right ? 0 : missing;
      } else {
        owed += missing;
      }
      owed += 2;
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    absl::StrAppend(&result, line, "\n");
  }
  return result;
}

}  // namespace sightline::cli
