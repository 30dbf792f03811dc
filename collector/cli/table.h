// Text for terminals: columns that line up, tones, wrapping. Pure but for reading glibc's C.UTF-8
// tables; thread-safe. Nothing that came over the network may reach a terminal except through
// Printable() or a Cell.
#ifndef SIGHTLINE_COLLECTOR_CLI_TABLE_H_
#define SIGHTLINE_COLLECTOR_CLI_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sightline::cli {

// What a piece of text means; a colour only ever repeats what a word says.
enum class Tone { kPlain, kStrong, kFaint, kGood, kBad, kMixed, kWarning };

// Columns that a terminal uses for valid UTF-8 text: 2 for a CJK character, 0 for a combining one.
size_t DisplayWidth(absl::string_view text);

// Control characters (escape sequences among them) and broken UTF-8 become U+FFFD.
std::string Printable(absl::string_view text);

// Wraps the text in the ANSI sequence of the tone when `colour` is set.
std::string Paint(absl::string_view text, Tone tone, bool colour);

// Breaks at spaces so that no line is wider than `width` columns, unless a single word is; 0 means
// never. The first line begins with `first`, the others with as many spaces. Ends with a newline.
std::string Wrap(absl::string_view text, size_t width, absl::string_view first);

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
  bool align_right = false;
};

// Rows of cells; columns are as wide as their widest cell and two spaces apart.
class Table {
 public:
  // Text goes through Printable().
  void AddRow(std::vector<Cell> row);
  // One line a row, `indent` spaces before it, no spaces at the end.
  std::string Render(size_t indent, bool colour) const;

 private:
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_TABLE_H_
