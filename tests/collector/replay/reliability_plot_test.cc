// The plot's text; how it looks is for people.
#include "collector/replay/reliability_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int CountOf(const std::string& text, const std::string& word) {
  return static_cast<int>(std::vector<std::string>(absl::StrSplit(text, word)).size()) - 1;
}

TEST(ReliabilitySvgTest, DotPerBinInUse) {
  Calibration calibration;
  for (int i = 0; i < 4; ++i) calibration.Add(0.55, i < 2);
  for (int i = 0; i < 20000; ++i) calibration.Add(0.95, i % 20 != 0);
  const std::string svg = ReliabilitySvg("Title", {{"Scope", calibration}, {"States", {}}});
  EXPECT_EQ(CountOf(svg, "<circle"), 2);
  // 0.55 of 360 pixels from 72; one half of 360 pixels down from 100.
  EXPECT_THAT(svg, HasSubstr("<circle cx='270.0' cy='280.0' r='5' fill='#ffffff'"));
  EXPECT_THAT(svg, HasSubstr("<circle cx='414.0' cy='118.0' r='5' fill='#0b62a8'"));
  EXPECT_THAT(svg, HasSubstr("expected calibration error 0.000, 20004 statements"));
  EXPECT_THAT(svg, HasSubstr(">20k<"));
  EXPECT_THAT(svg, HasSubstr("no statements"));
  EXPECT_THAT(svg, HasSubstr("share that was right"));
  EXPECT_EQ(CountOf(svg, "<svg"), 1);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(ReliabilitySvgTest, TextCannotBreakTheDocument) {
  const std::string svg = ReliabilitySvg("a < b & c", {{"<script>", {}}});
  EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
}

}  // namespace
}  // namespace sightline
