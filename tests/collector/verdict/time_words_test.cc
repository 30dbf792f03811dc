#include "collector/verdict/time_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/message.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// 2024-04-24 00:00 UTC, 16 days after the onset of the two cities' opening.
const absl::Time kWindow = absl::FromUnixSeconds(1713916800) - absl::Hours(1);
const absl::Time kOnset = absl::FromUnixSeconds(1712534400);  // 2024-04-08 00:00 UTC

v1::GetSummaryResponse SummaryAt(absl::Time start, absl::Duration length = absl::Hours(1)) {
  v1::GetSummaryResponse summary;
  summary.set_country("CN");
  *summary.mutable_window_start_time() = ToProto(start);
  *summary.mutable_window_length() = ToProto(length);
  for (const char* target : {"signal", "whatsapp"}) {
    v1::TargetVerdict& verdict = *summary.add_verdicts();
    verdict.set_target_id(target);
    verdict.add_reasons("First.");
    verdict.add_reasons("Second.");
  }
  const std::pair<const char*, const char*> regions[] = {
      {"CN-BJ", "Beijing Shi"}, {"CN-GD", "Guangdong Sheng"}, {"CN-SH", "Shanghai Shi"}};
  for (const auto& [region, name] : regions) {
    v1::RegionAccess& access = *summary.mutable_verdicts(1)->add_regions();
    access.set_region(region);
    access.set_display_name(name);
    access.mutable_access()->set_state(v1::ACCESS_STATE_PARTIAL);
  }
  return summary;
}

v1::Event Opening(const std::string& region, absl::Time onset = kOnset) {
  v1::Event event;
  event.set_event_id("whatsapp." + region);
  event.set_target_id("whatsapp");
  event.set_country("CN");
  event.set_region(region);
  event.set_kind(v1::EVENT_KIND_OPENING);
  *event.mutable_onset_time() = ToProto(onset);
  *event.mutable_detect_time() = ToProto(onset + absl::Hours(2));
  event.set_end(v1::EVENT_END_ONGOING);
  event.set_duration(v1::EVENT_DURATION_GLITCH);
  event.set_rate_mean(0.6);
  event.set_lasts_probability(0.4);
  return event;
}

void MakeLongRunning(v1::Event& event) {
  const absl::Time onset = FromProto(event.onset_time());
  *event.mutable_sustained_time() = ToProto(onset + absl::Hours(72));
  *event.mutable_long_run_time() = ToProto(onset + absl::Hours(14 * 24));
  event.set_duration(v1::EVENT_DURATION_LONG_RUN);
  event.set_lasts_probability(1);
}

void EndAt(absl::Time end, v1::EventEnd how, v1::Event& event) {
  event.set_end(how);
  *event.mutable_end_time() = ToProto(end);
  event.set_lasts_probability(0);
}

// The sentences on whatsapp that were added.
std::vector<std::string> Added(const std::vector<v1::Event>& events, absl::Time start,
                               absl::Duration length = absl::Hours(1)) {
  v1::GetSummaryResponse summary = SummaryAt(start, length);
  AddTime(events, summary);
  const auto& reasons = summary.verdicts(1).reasons();
  EXPECT_EQ(reasons.Get(0), "First.");
  EXPECT_EQ(reasons.Get(reasons.size() - 1), "Second.");
  return {reasons.begin() + 1, reasons.end() - 1};
}

TEST(TimeWordsTest, TheTwoCities) {
  std::vector<v1::Event> events = {Opening("CN-SH"), Opening("CN-BJ")};
  for (v1::Event& event : events) MakeLongRunning(event);
  v1::GetSummaryResponse summary = SummaryAt(kWindow);
  AddTime(events, summary);
  EXPECT_THAT(summary.verdicts(1).reasons(),
              ElementsAre("First.",
                          "Open for some in Beijing Shi and Shanghai Shi since 8 April 2024, 00:00 "
                          "UTC (16 days): long-running.",
                          "Second."));
  ASSERT_EQ(summary.verdicts(1).events_size(), 2);
  EXPECT_EQ(summary.verdicts(1).events(0).region(), "CN-BJ") << "ordered";
  EXPECT_EQ(summary.verdicts(1).events(1).SerializeAsString(), events[0].SerializeAsString());
  EXPECT_THAT(summary.verdicts(0).events(), IsEmpty()) << "another target";
  EXPECT_THAT(summary.verdicts(0).reasons(), ElementsAre("First.", "Second."));
}

TEST(TimeWordsTest, AWindowOfThePastIsToldAsOfItsEnd) {
  v1::Event event = Opening("CN-BJ");
  MakeLongRunning(event);
  EXPECT_THAT(Added({event}, kOnset), IsEmpty()) << "not known yet";
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(1)),
              ElementsAre("Open for some in Beijing Shi since 8 April 2024, 00:00 UTC (2 hours): "
                          "too new to be told from a glitch."));
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(30)),
              ElementsAre(HasSubstr("(31 hours): not yet lasting.")));
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(71)),
              ElementsAre(HasSubstr("(3 days): sustained.")));
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(14 * 24 - 1)),
              ElementsAre(HasSubstr("(14 days): long-running.")));
}

TEST(TimeWordsTest, HowProbableItIsThatItLasts) {
  v1::Event event = Opening("CN-BJ");
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(2)),
              ElementsAre(HasSubstr("from a glitch, 40% likely to last 3 days.")));
  *event.mutable_sustained_time() = ToProto(kOnset + absl::Hours(72));
  event.set_duration(v1::EVENT_DURATION_SUSTAINED);
  event.set_lasts_probability(0.776);
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(80)),
              ElementsAre(HasSubstr("sustained, 78% likely to last 14 days.")));
}

TEST(TimeWordsTest, WhatIsOver) {
  v1::Event event = Opening("CN-BJ");
  event.set_rate_mean(0.9);
  EndAt(kOnset + absl::Hours(4), v1::EVENT_END_REVERSED, event);
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(3)),
              ElementsAre("Open in Beijing Shi from 8 April 2024, 00:00 UTC until 8 April 2024, "
                          "04:00 UTC (4 hours): a glitch."));
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(4)), IsEmpty()) << "over by the window's start";
  EndAt(kOnset + absl::Hours(40), v1::EVENT_END_LOST_SIGHT, event);
  event.set_duration(v1::EVENT_DURATION_TEMPORARY);
  EXPECT_THAT(
      Added({event}, kOnset + absl::Hours(3)),
      ElementsAre("Open in Beijing Shi from 8 April 2024, 00:00 UTC until 9 April 2024, "
                  "16:00 UTC at least (40 hours), when the last report came in: temporary."));
  EndAt(kOnset + absl::Hours(4), v1::EVENT_END_WITHDRAWN, event);
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(3)), IsEmpty()) << "it never was";
}

TEST(TimeWordsTest, ClosingsAndNetworks) {
  v1::Event event = Opening("");
  event.set_asn(4134);
  event.set_kind(v1::EVENT_KIND_CLOSING);
  event.set_rate_mean(0.03);
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(2)),
              ElementsAre(testing::StartsWith("Blocked through AS4134 since 8 April 2024")));
  event.set_rate_mean(0.4);
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(2)),
              ElementsAre(testing::StartsWith("Blocked for some through AS4134 since")));
}

TEST(TimeWordsTest, OneSentenceForWhatBeganTogether) {
  const std::vector<v1::Event> events = {Opening("CN-BJ"),
                                         Opening("CN-SH", kOnset + absl::Hours(1)),
                                         Opening("CN-GD", kOnset + absl::Hours(30))};
  EXPECT_THAT(
      Added(events, kOnset + absl::Hours(40)),
      ElementsAre(HasSubstr("in Beijing Shi and Shanghai Shi since between 8 April 2024, 00:00 UTC "
                            "and 8 April 2024, 01:00 UTC (41 hours)"),
                  HasSubstr("in Guangdong Sheng since 9 April 2024, 06:00 UTC (11 hours)")));
}

TEST(TimeWordsTest, ManyPlacesAreCounted) {
  std::vector<v1::Event> events;
  for (int i = 10; i < 17; ++i) events.push_back(Opening("CN-" + std::to_string(i)));
  EXPECT_THAT(Added(events, kOnset + absl::Hours(2)), ElementsAre(HasSubstr("in 7 regions since")));
  events.pop_back();
  EXPECT_THAT(Added(events, kOnset + absl::Hours(2)),
              ElementsAre(HasSubstr("in CN-10, CN-11, CN-12, CN-13, CN-14 and CN-15 since")));
}

TEST(TimeWordsTest, SaysWhenTheWindowDoesNotShowIt) {
  v1::GetSummaryResponse summary = SummaryAt(kWindow);
  auto& regions = *summary.mutable_verdicts(1)->mutable_regions();
  regions[0].mutable_access()->set_state(v1::ACCESS_STATE_BLOCKED);
  regions[1].mutable_access()->set_state(v1::ACCESS_STATE_UNKNOWN);
  std::vector<v1::Event> events = {Opening("CN-BJ"), Opening("CN-GD"), Opening("CN-SH")};
  for (v1::Event& event : events) MakeLongRunning(event);
  AddTime(events, summary);
  const auto& reasons = summary.verdicts(1).reasons();
  ASSERT_EQ(reasons.size(), 5);
  EXPECT_THAT(reasons[1], HasSubstr("Beijing Shi since"));
  EXPECT_THAT(reasons[1], HasSubstr("long-running, but not in this window."));
  EXPECT_THAT(reasons[2], HasSubstr("long-running; in this window it cannot be told."));
  EXPECT_THAT(reasons[3], HasSubstr("long-running."));
}

TEST(TimeWordsTest, AmendmentsAreTold) {
  v1::Event event = Opening("CN-BJ");
  for (const char* text : {"Old words.", "The onset had been given as 8 April 2024, 03:00 UTC."}) {
    v1::EventAmendment& amendment = *event.add_amendments();
    *amendment.mutable_amend_time() = ToProto(kOnset + absl::Hours(20 + event.amendments_size()));
    amendment.set_text(text);
  }
  EXPECT_THAT(Added({event}, kOnset + absl::Hours(30)),
              ElementsAre(HasSubstr("since 8 April"),
                          "Amended on 8 April 2024, 22:00 UTC: The onset had been given as 8 April "
                          "2024, 03:00 UTC."));
}

TEST(TimeWordsTest, SecondsInTheLab) {
  v1::Event event = Opening("CN-BJ", kOnset + absl::Seconds(16));
  *event.mutable_detect_time() = ToProto(kOnset + absl::Seconds(24));
  EXPECT_THAT(Added({event}, kOnset + absl::Seconds(32), absl::Seconds(8)),
              ElementsAre(HasSubstr("since 8 April 2024, 00:00:16 UTC (24 seconds): too new")));
}

TEST(TimeWordsTest, AVerdictWithoutReasonsGetsOne) {
  v1::GetSummaryResponse summary = SummaryAt(kWindow);
  summary.mutable_verdicts(1)->clear_reasons();
  AddTime({Opening("CN-BJ")}, summary);
  EXPECT_EQ(summary.verdicts(1).reasons_size(), 1);
}

}  // namespace
}  // namespace sightline
