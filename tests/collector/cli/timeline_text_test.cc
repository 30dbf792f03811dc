#include "collector/cli/timeline_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "collector/cli/table.h"
#include "collector/cli/timeline_step.h"
#include "tests/collector/cli/test_timeline.h"

namespace sightline::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

const absl::Time kStart = absl::FromUnixSeconds(1'712'361'600);  // 2024-04-06 00:00

TEST(TimelineTextTest, OneLineARegionUnderTheScope) {
  TimelineLook look;
  look.country_name = "China";
  EXPECT_EQ(RenderTimeline(OpeningOfBeijing(kStart, absl::Hours(12)), look),
            R"(whatsapp in China (CN), 2024-04-06 00:00 to 2024-04-13 12:00 UTC, 12h a step

                         |04-06  |04-10
  Scope                  ·?NNNN??LLLLLLL
  CN-BJ Beijing Shi      ·?✗✗✗✗▽≠◐◐●●●●●
  CN-GD Guangdong Sheng  ·✗✗✗✗✗▽✗✗✗✗✗✗✗✗

  No evidence in all this time from 2 regions: CN-QH, CN-XZ

States: ● open, ◐ partial, ✗ blocked, ▽ the service is down, ≠ disputed, ? too little evidence, · no verdict.
Scope:  N nowhere, I isolated, L local, B by network, W widespread, M mixed, ? undetermined.
)");
}

TEST(TimelineTextTest, AsciiTellsEveryStateApart) {
  TimelineLook look;
  look.unicode = false;
  const std::string text = RenderTimeline(OpeningOfBeijing(kStart, absl::Hours(1)), look);
  EXPECT_THAT(text, AllOf(HasSubstr("whatsapp in CN, "), HasSubstr("|00:00  |08:00"),
                          HasSubstr("CN-BJ Beijing Shi      .?xxxx!#~~+++++\n")));
  for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 128U);
}

TEST(TimelineTextTest, ColourOnlyRepeatsTheSigns) {
  TimelineLook look;
  const v1::GetTimelineResponse timeline = OpeningOfBeijing(kStart, absl::Hours(1));
  const std::string plain = RenderTimeline(timeline, look);
  look.colour = true;
  std::string coloured = RenderTimeline(timeline, look);
  EXPECT_THAT(coloured, HasSubstr("\x1b[31m✗✗✗✗\x1b[0m"));
  for (size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b')) {
    coloured.erase(at, coloured.find('m', at) - at + 1);
  }
  EXPECT_EQ(coloured, plain);
}

TEST(TimelineTextTest, MoreStepsThanALineHoldsGoBelow) {
  TimelineLook look;
  look.width = 40;  // 15 columns beside the labels
  v1::GetTimelineResponse timeline = OpeningOfBeijing(kStart, absl::Hours(1));
  timeline.set_step_count(20);  // columns that are too short count as not judged
  const std::string text = RenderTimeline(timeline, look);
  EXPECT_THAT(text, AllOf(HasSubstr("Beijing Shi      ·?✗✗✗✗▽≠◐◐●●●●●\n"),
                          HasSubstr("Beijing Shi      ·····\n"), HasSubstr("|15:00\n")));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.find("whatsapp") == 0) continue;
    EXPECT_THAT(DisplayWidth(line), Le(40U)) << line;
  }
}

TEST(TimelineTextTest, TheLegendKeepsASignAndItsWordsTogether) {
  TimelineLook look;
  look.width = 30;
  const std::string text = RenderTimeline(OpeningOfBeijing(kStart, absl::Hours(1)), look);
  EXPECT_THAT(text, HasSubstr("\nStates: ● open, ◐ partial,\n        ✗ blocked,\n"
                              "        ▽ the service is down,\n"));
}

TEST(TimelineTextTest, NothingFromTheNetworkControlsTheTerminal) {
  v1::GetTimelineResponse timeline = OpeningOfBeijing(kStart, absl::Hours(1));
  timeline.set_target_id("what\x1b[2Jsapp");
  for (v1::RegionTimeline& region : *timeline.mutable_regions()) {
    region.set_region("CN\x1b[2J");
    region.set_display_name("\x1b]0;x\a");
    region.set_states(2, static_cast<v1::AccessState>(99));
  }
  EXPECT_THAT(RenderTimeline(timeline, {}), AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\a"))));
}

TEST(TimelineTextTest, NoStepsAtAllAreNoError) {
  v1::GetTimelineResponse timeline;
  *timeline.mutable_step() = ToProto(absl::Hours(1));
  EXPECT_THAT(RenderTimeline(timeline, {}), HasSubstr("States:"));
}

TEST(TimelineTextTest, CsvIsLongAndLeavesOutWhatWasNotSaid) {
  v1::GetTimelineResponse timeline = OpeningOfBeijing(kStart, absl::Hours(4));
  timeline.mutable_regions()->DeleteSubrange(1, 3);
  const std::string csv = TimelineCsv(timeline);
  const std::vector<std::string> lines = absl::StrSplit(csv, "\r\n");
  ASSERT_EQ(lines.size(), 17U);  // a head, 15 steps of one region, nothing behind the last
  EXPECT_EQ(lines[0],
            "step_start_time,region,state,rate_mean_percent,rate_low_percent,rate_high_percent,"
            "buckets_open,buckets_blocked,scope,service_state,window_count");
  EXPECT_EQ(lines[1], "2024-04-06T00:00:00+00:00,CN-BJ,,,,,,,,,0");
  EXPECT_EQ(lines[2], "2024-04-06T04:00:00+00:00,CN-BJ,UNKNOWN,,,,0,8,UNDETERMINED,UP,4");
  EXPECT_EQ(lines[3], "2024-04-06T08:00:00+00:00,CN-BJ,BLOCKED,3,0,9,0,8,NOWHERE,UP,4");
  EXPECT_EQ(lines[13], "2024-04-08T00:00:00+00:00,CN-BJ,OPEN,94,82,99,8,0,LOCAL,UP,4");
}

TEST(TimelineStepTest, TheShortestRoundStepThatFits) {
  const absl::Duration day = absl::Hours(24);
  const absl::Duration hour = absl::Hours(1);
  EXPECT_EQ(FittingStep(kStart, kStart + 30 * day, hour, 72), absl::Hours(12));
  EXPECT_EQ(FittingStep(kStart, kStart + 30 * day, hour, 180), absl::Hours(4));
  EXPECT_EQ(FittingStep(kStart, kStart + 72 * hour, hour, 72), hour);
  // A step that is begun counts.
  EXPECT_EQ(FittingStep(kStart + hour / 2, kStart + 72 * hour + hour / 2, hour, 72), 2 * hour);
  EXPECT_EQ(FittingStep(kStart, kStart + 400 * day, hour, 72), 7 * day);
}

TEST(TimelineStepTest, StepsAreWholeWindows) {
  const absl::Duration window = absl::Seconds(7);
  const absl::Duration step = FittingStep(kStart, kStart + absl::Hours(24), window, 72);
  EXPECT_EQ(step % window, absl::ZeroDuration());
  EXPECT_LE(absl::Hours(24) / step, 72);
  EXPECT_EQ(FittingStep(kStart, kStart + absl::Hours(1), absl::Seconds(20), 72), absl::Minutes(1));
}

}  // namespace
}  // namespace sightline::cli
