#include "collector/cli/table.h"

#include <gtest/gtest.h>

namespace sightline::cli {
namespace {

TEST(TableTest, ColumnsLineUpByDisplayWidthNotByBytes) {
  Table table;
  table.AddRow({{"微信"}, {"a"}});
  table.AddRow({{"Côte"}, {"b"}});
  EXPECT_EQ(table.Render(2, false), "  微信  a\n  Côte  b\n");
}

TEST(TableTest, AlignsToTheRightAndEndsLinesWithoutSpaces) {
  Table table;
  table.AddRow({{"x"}, {"8", Tone::kPlain, true}, {"end"}});
  table.AddRow({{"long"}, {"12", Tone::kPlain, true}, {""}});
  EXPECT_EQ(table.Render(0, false), "x      8  end\nlong  12\n");
}

TEST(TableTest, EmptyCellKeepsItsColumn) {
  Table table;
  table.AddRow({{"a"}, {"bb"}, {"c"}});
  table.AddRow({{"a"}, {""}, {"c"}});
  EXPECT_EQ(table.Render(0, false), "a  bb  c\na      c\n");
}

TEST(TableTest, ColourDoesNotMoveColumns) {
  Table table;
  table.AddRow({{"a", Tone::kGood}, {"b"}});
  table.AddRow({{"aaa"}, {"b"}});
  EXPECT_EQ(table.Render(0, true), "\x1b[32ma\x1b[0m    b\naaa  b\n");
}

TEST(PrintableTest, EscapeSequencesAndBrokenUtf8AreReplaced) {
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a\xef\xbf\xbd[2Jb");
  EXPECT_EQ(Printable("a\nb\tc\x7f"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd"
            "c\xef\xbf\xbd");
  EXPECT_EQ(Printable("\xc3"), "\xef\xbf\xbd");
  EXPECT_EQ(Printable("\xff\xfez"), "\xef\xbf\xbd\xef\xbf\xbdz");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "\xef\xbf\xbd"
            "2J");  // C1 control: CSI in one character
  EXPECT_EQ(Printable(absl::string_view("a\0b", 3)),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(Printable("Bēijīng 北京"), "Bēijīng 北京");
}

TEST(DisplayWidthTest, CountsTerminalColumns) {
  EXPECT_EQ(DisplayWidth(""), 0U);
  EXPECT_EQ(DisplayWidth("北京"), 4U);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1U);  // combining accent
  EXPECT_EQ(DisplayWidth("● open"), 6U);
}

TEST(WrapTest, BreaksAtSpacesAndIndentsTheRest) {
  EXPECT_EQ(Wrap("one two three", 10, "- "), "- one two\n  three\n");
  EXPECT_EQ(Wrap("one two three", 0, "- "), "- one two three\n");
  EXPECT_EQ(Wrap("unbreakable-word x", 6, ""), "unbreakable-word\nx\n");
  EXPECT_EQ(Wrap("", 10, "- "), "- \n");
}

}  // namespace
}  // namespace sightline::cli
