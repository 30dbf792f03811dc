#include "collector/cli/summary_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "collector/cli/headline.h"
#include "collector/cli/summary_csv.h"
#include "collector/cli/table.h"
#include "tests/collector/cli/test_summary.h"

namespace sightline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

SummaryOptions Options() {
  SummaryOptions options;
  options.country_name = "China";
  options.now = kWindowStart + absl::Hours(1) + absl::Minutes(12);
  return options;
}

TEST(SummaryTextTest, TwoCities) {
  EXPECT_EQ(RenderSummary(TwoCities(), Options()),
            R"(Reachable without a VPN from inside China (CN)?
Window 2024-04-06 00:00 to 01:00 UTC, ended 12 min ago; rules 1

  Signal    NOWHERE     blocked in 2 of 3 regions; 1 without enough evidence
  WhatsApp  LOCAL       open in Beijing Shi, Shanghai Shi (2 of 3 regions)
  WeChat    WIDESPREAD  open in all 3 regions  [domestic anchor]

  Region                 Signal     WhatsApp   WeChat
  CN-BJ Beijing Shi      ✗ blocked  ● open     ● open
  CN-GD Guangdong Sheng  ✗ blocked  ✗ blocked  ● open
  CN-SH Shanghai Shi     ? unknown  ● open     ● open

Signal
  Region                 State      Reached  Rate (90%)  Flip  First cause
  CN-BJ Beijing Shi      ✗ blocked   0 of 8    3% (0-9)     8  tls: connection_reset
  CN-GD Guangdong Sheng  ✗ blocked   0 of 8    3% (0-9)     8  tls: connection_reset
  CN-SH Shanghai Shi     ? unknown   0 of 0           -     -

WhatsApp
  Region                 State      Reached   Rate (90%)  Flip  First cause
  CN-BJ Beijing Shi      ● open      8 of 8  94% (82-99)     8
  CN-GD Guangdong Sheng  ✗ blocked   0 of 8     3% (0-9)     8  tls: connection_reset
  CN-SH Shanghai Shi     ● open      8 of 8  94% (82-99)     8
  - Open in 2 of 3 regions (Beijing Shi, Shanghai Shi); blocked in 1.

Reached: buckets that reached it, of those that voted; a bucket is one origin (a network and an address block) with one vote a window. Rate: share of origins with access, with its 90% interval. Flip: new buckets that it would take to reverse the statement.
)");
}

TEST(SummaryCsvTest, ARowForEachTargetAndRegion) {
  v1::GetSummaryResponse summary = TwoCities();
  summary.mutable_verdicts(2)->clear_regions();
  const std::vector<std::string> rows = absl::StrSplit(SummaryCsv(summary), "\r\n");
  ASSERT_EQ(rows.size(), 1u + 3 + 3 + 1 + 1) << "head, two with regions, one without, the end";
  EXPECT_THAT(rows[0],
              StartsWith("window_start_time,country,target_id,scope,service_state,region"));
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    EXPECT_EQ(std::count(rows[i].begin(), rows[i].end(), ','), 14) << rows[i];
  }
  EXPECT_THAT(rows[3],
              StartsWith("2024-04-06T00:00:00+00:00,CN,signal,NOWHERE,UP,CN-SH,UNKNOWN,,,"));
  EXPECT_THAT(rows[4],
              StartsWith("2024-04-06T00:00:00+00:00,CN,wechat,WIDESPREAD,UP,CN-BJ,OPEN,0."));
  EXPECT_THAT(rows[7], testing::EndsWith(",whatsapp,LOCAL,UP,,,,,,,,,,"));
}

TEST(SummaryTextTest, BriefIsHeadlinesAndMatrixAndWorksInAscii) {
  SummaryOptions options = Options();
  options.brief = true;
  options.unicode = false;
  options.country_name.clear();
  EXPECT_EQ(RenderSummary(TwoCities(), options), R"(Reachable without a VPN from inside CN?
Window 2024-04-06 00:00 to 01:00 UTC, ended 12 min ago; rules 1

  Signal    NOWHERE     blocked in 2 of 3 regions; 1 without enough evidence
  WhatsApp  LOCAL       open in Beijing Shi, Shanghai Shi (2 of 3 regions)
  WeChat    WIDESPREAD  open in all 3 regions  [domestic anchor]

  Region                 Signal     WhatsApp   WeChat
  CN-BJ Beijing Shi      x blocked  + open     + open
  CN-GD Guangdong Sheng  x blocked  x blocked  + open
  CN-SH Shanghai Shi     ? unknown  + open     + open
)");
}

TEST(SummaryTextTest, WhatGoesOnAndHowSureIsSaid) {
  v1::GetSummaryResponse summary = TwoCities();
  v1::TargetVerdict& whatsapp = *summary.mutable_verdicts(2);
  for (const int days : {3, 15}) {
    v1::Event& event = *whatsapp.add_events();
    event.set_kind(v1::EVENT_KIND_OPENING);
    event.set_end(v1::EVENT_END_ONGOING);
    *event.mutable_onset_time() = ToProto(kWindowStart - absl::Hours(24) * days);
    event.set_duration(days > 14 ? v1::EVENT_DURATION_LONG_RUN : v1::EVENT_DURATION_SUSTAINED);
  }
  for (const auto& [scope, posterior] :
       {std::pair(v1::SCOPE_NOWHERE, 0.001), {v1::SCOPE_LOCAL, 0.9991}, {v1::SCOPE_MIXED, 0.02}}) {
    v1::ScopePosterior& each = *whatsapp.add_scope_posteriors();
    each.set_scope(scope);
    each.set_posterior(posterior);
  }
  const std::string text = RenderSummary(summary, Options());
  EXPECT_THAT(text,
              HasSubstr("open in Beijing Shi, Shanghai Shi (2 of 3 regions), since 2024-03-22 "
                        "00:00 UTC (15 days, long run)\n"));
  EXPECT_THAT(text, HasSubstr("  - Scope: LOCAL 0.99, MIXED 0.02.\n"));
  whatsapp.mutable_events(1)->set_end(v1::EVENT_END_REVERSED);
  EXPECT_THAT(RenderSummary(summary, Options()),
              HasSubstr("since 2024-04-03 00:00 UTC (3 days, sustained)\n"));
}

TEST(SummaryTextTest, DisputedRegionsAreCountedAndMarked) {
  v1::GetSummaryResponse summary = TwoCities();
  v1::Access& access = *summary.mutable_verdicts(0)->mutable_regions(0)->mutable_access();
  access = SilentAccess();
  access.set_state(v1::ACCESS_STATE_DISPUTED);
  const std::string text = RenderSummary(summary, Options());
  EXPECT_THAT(text, HasSubstr("blocked in 1 of 3 regions; 1 without enough evidence, 1 disputed"));
  EXPECT_THAT(text, HasSubstr("≠ disputed"));
}

TEST(SummaryTextTest, NarrowTerminalSplitsTheMatrixAndWrapsSentences) {
  SummaryOptions options = Options();
  options.width = 50;
  const std::string text = RenderSummary(TwoCities(), options);
  EXPECT_THAT(text, HasSubstr("  Region                 Signal     WhatsApp\n"));
  EXPECT_THAT(text, HasSubstr("  Region                 WeChat\n"));
  EXPECT_THAT(text, HasSubstr("  - Open in 2 of 3 regions (Beijing Shi, Shanghai\n"
                              "    Shi); blocked in 1.\n"));
}

TEST(SummaryTextTest, AnchorsHaveEvidenceWhenAskedFor) {
  SummaryOptions options = Options();
  EXPECT_THAT(RenderSummary(TwoCities(), options), Not(HasSubstr("\nWeChat\n")));
  options.anchors = true;
  EXPECT_THAT(RenderSummary(TwoCities(), options), HasSubstr("\nWeChat\n"));
}

TEST(SummaryTextTest, OldWindowIsCalledOld) {
  SummaryOptions options = Options();
  options.now = kWindowStart + absl::Hours(5);
  EXPECT_THAT(RenderSummary(TwoCities(), options), HasSubstr("This is old news"));
  options.now = kWindowStart + absl::Hours(3);
  EXPECT_THAT(RenderSummary(TwoCities(), options), Not(HasSubstr("This is old news")));
}

TEST(SummaryTextTest, ClockBehindTheCollectorIsSaid) {
  SummaryOptions options = Options();
  options.now = kWindowStart;
  EXPECT_THAT(RenderSummary(TwoCities(), options), HasSubstr("not over by this machine's clock"));
}

TEST(SummaryTextTest, ShortWindowShowsSecondsAndMidnightTheDay) {
  v1::GetSummaryResponse summary = TwoCities();
  *summary.mutable_window_length() = ToProto(absl::Seconds(10));
  EXPECT_THAT(RenderSummary(summary, Options()), HasSubstr("2024-04-06 00:00:00 to 00:00:10 UTC"));
  *summary.mutable_window_length() = ToProto(absl::Hours(24));
  EXPECT_THAT(RenderSummary(summary, Options()),
              HasSubstr("2024-04-06 00:00 to 2024-04-07 00:00 UTC"));
}

TEST(SummaryTextTest, NetworksAreListedWhereTheyDifferFromTheirRegion) {
  v1::GetSummaryResponse summary = TwoCities();
  v1::RegionAccess& beijing = *summary.mutable_verdicts(2)->mutable_regions(0);
  beijing.mutable_access()->set_state(v1::ACCESS_STATE_PARTIAL);
  for (const auto& [asn, access] : {std::pair(4134, OpenAccess()), {4837, BlockedAccess()}}) {
    v1::NetworkAccess& network = *beijing.add_networks();
    network.set_asn(static_cast<uint32_t>(asn));
    *network.mutable_access() = access;
  }
  v1::NetworkAccess& same = *summary.mutable_verdicts(2)->mutable_regions(1)->add_networks();
  same.set_asn(9808);
  *same.mutable_access() = BlockedAccess();
  const std::string text = RenderSummary(summary, Options());
  EXPECT_THAT(text, HasSubstr("  CN-BJ Beijing Shi      ◐ partial "));
  EXPECT_THAT(text, HasSubstr("    AS4134               ● open "));
  EXPECT_THAT(text, HasSubstr("    AS4837               ✗ blocked "));
  EXPECT_THAT(text, Not(HasSubstr("AS9808")));
}

TEST(SummaryTextTest, ColourOnlyRepeatsWhatWordsSay) {
  SummaryOptions options = Options();
  const std::string plain = RenderSummary(TwoCities(), options);
  options.colour = true;
  std::string text = RenderSummary(TwoCities(), options);
  EXPECT_THAT(text, HasSubstr("\x1b[31m✗ blocked\x1b[0m"));
  for (size_t at = 0; (at = text.find('\x1b')) != std::string::npos;) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  EXPECT_EQ(text, plain);
}

TEST(SummaryTextTest, TextOfTheCollectorCannotControlTheTerminal) {
  v1::GetSummaryResponse summary = TwoCities();
  summary.set_ruleset_version("\x1b]0;evil\x07");
  summary.mutable_verdicts(0)->set_display_name("\x1b[2JSignal");
  summary.mutable_verdicts(0)->mutable_regions(0)->set_display_name("\x1b[1A");
  summary.mutable_verdicts(0)->mutable_regions(0)->mutable_access()->set_blocked_failure("\x1b[8m");
  summary.mutable_verdicts(0)->add_reasons("\x1b[0m\r\n");
  EXPECT_THAT(RenderSummary(summary, Options()), Not(HasSubstr("\x1b")));
}

TEST(SummaryTextTest, PlanWithoutTargetsIsSaid) {
  v1::GetSummaryResponse summary = TwoCities();
  summary.clear_verdicts();
  EXPECT_THAT(RenderSummary(summary, Options()), HasSubstr("The plan has no targets."));
}

// Headlines

v1::TargetVerdict Verdict(v1::Scope scope, const std::vector<v1::Access>& accesses) {
  v1::GetSummaryResponse summary;
  return AddVerdict(summary, "x", "X", v1::TARGET_KIND_SERVICE, scope, accesses);
}

v1::Access PartialAccess() {
  v1::Access access = OpenAccess();
  access.set_state(v1::ACCESS_STATE_PARTIAL);
  access.set_buckets_blocked(4);
  return access;
}

TEST(HeadlineTest, LocalTellsOpenFromPartial) {
  EXPECT_EQ(Headline(Verdict(v1::SCOPE_LOCAL, {OpenAccess(), BlockedAccess(), PartialAccess()})),
            "open in Beijing Shi, for some in Shanghai Shi (2 of 3 regions)");
  EXPECT_EQ(Headline(Verdict(v1::SCOPE_LOCAL, {PartialAccess(), BlockedAccess(), SilentAccess()})),
            "open for some in Beijing Shi (1 of 3 regions); 1 without enough evidence");
}

TEST(HeadlineTest, LongListsAreCutAndCounted) {
  v1::TargetVerdict verdict = Verdict(v1::SCOPE_LOCAL, {BlockedAccess()});
  for (const char* code : {"A", "B", "C", "D", "E", "F", "G", "H"}) {
    v1::RegionAccess& region = *verdict.add_regions();
    region.set_region(code);
    *region.mutable_access() = OpenAccess();
  }
  EXPECT_EQ(Headline(verdict), "open in A, B, C, D, E and 3 more (8 of 9 regions)");
}

TEST(HeadlineTest, Widespread) {
  EXPECT_EQ(Headline(Verdict(v1::SCOPE_WIDESPREAD, {OpenAccess(), OpenAccess()})),
            "open in all 2 regions");
  EXPECT_EQ(Headline(Verdict(v1::SCOPE_WIDESPREAD, {OpenAccess()})), "open in the only region");
}

TEST(HeadlineTest, IsolatedNamesNetworkAndRegion) {
  v1::TargetVerdict verdict = Verdict(v1::SCOPE_ISOLATED, {PartialAccess(), BlockedAccess()});
  EXPECT_EQ(Headline(verdict), "open through a single network in CN-BJ");
  v1::NetworkAccess& network = *verdict.mutable_regions(0)->add_networks();
  network.set_asn(4134);
  *network.mutable_access() = OpenAccess();
  EXPECT_EQ(Headline(verdict), "open through AS4134 in Beijing Shi only");
}

TEST(HeadlineTest, ByNetworkNamesBothSides) {
  v1::TargetVerdict verdict = Verdict(v1::SCOPE_BY_NETWORK, {PartialAccess(), PartialAccess()});
  verdict.add_open_networks(4134);
  v1::NetworkAccess& network = *verdict.add_networks();
  network.set_asn(4837);
  *network.mutable_access() = BlockedAccess();
  EXPECT_EQ(Headline(verdict), "open through AS4134, blocked through AS4837, across regions");
}

TEST(HeadlineTest, UndeterminedSaysWhy) {
  v1::TargetVerdict verdict = Verdict(v1::SCOPE_UNDETERMINED, {SilentAccess()});
  EXPECT_THAT(Headline(verdict), StartsWith("the evidence"));
  verdict.set_service_state(v1::SERVICE_STATE_DOWN);
  EXPECT_THAT(Headline(verdict), StartsWith("the service itself is down"));
  verdict.set_service_state(v1::SERVICE_STATE_UNKNOWN);
  EXPECT_THAT(Headline(verdict), StartsWith("no control"));
}

TEST(HeadlineTest, MixedSaysThatThereIsNoPattern) {
  EXPECT_EQ(Headline(Verdict(v1::SCOPE_MIXED, {OpenAccess(), BlockedAccess()})),
            "open in Beijing Shi (1 of 2 regions), without a clear pattern");
}

}  // namespace
}  // namespace sightline::cli
