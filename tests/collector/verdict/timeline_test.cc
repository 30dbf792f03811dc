#include "collector/verdict/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "collector/verdict/lasting.h"
#include "common/message.h"
#include "tests/collector/verdict/history.h"

namespace sightline {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

absl::Time Hour(int hours) { return kHistoryStart + absl::Hours(hours); }
absl::Time OnsetOf(const v1::Event& event) { return FromProto(event.onset_time()); }
absl::Time EndOf(const v1::Event& event) { return FromProto(event.end_time()); }

// Blocked for a day, then `hours` at 10 of 10, then blocked again for a day.
v1::Event OpenFor(int hours) {
  History history;
  history.See(24, 0);
  history.See(hours, 10);
  history.See(24, 0);
  std::vector<v1::Event> events = EventsOf(history.timeline);
  EXPECT_THAT(events, SizeIs(1)) << hours;
  return events.empty() ? v1::Event() : events.front();
}

TEST(TimelineTest, AnOpeningHasOnsetDetectionAndRate) {
  History history;
  history.See(24, 0);
  EXPECT_THAT(EventsOf(history.timeline), IsEmpty());
  history.See(2, 6);
  const std::vector<v1::Event> events = history.timeline.Ongoing();
  ASSERT_THAT(events, SizeIs(1));
  const v1::Event& event = events.front();
  EXPECT_EQ(event.region(), "CN-BJ");
  EXPECT_EQ(event.asn(), 0U);
  EXPECT_EQ(event.kind(), v1::EVENT_KIND_OPENING);
  EXPECT_EQ(OnsetOf(event), Hour(24));
  EXPECT_EQ(FromProto(event.detect_time()), Hour(26));
  EXPECT_EQ(event.end(), v1::EVENT_END_ONGOING);
  EXPECT_FALSE(event.has_end_time());
  EXPECT_EQ(event.duration(), v1::EVENT_DURATION_GLITCH);
  EXPECT_EQ(event.windows_observed(), 2U);
  EXPECT_EQ(event.windows_different(), 2U);
  EXPECT_NEAR(event.rate_mean(), 0.6, 1e-9);
  EXPECT_THAT(history.timeline.TakeEnded(), IsEmpty());
}

TEST(TimelineTest, AClosingIsTheMirror) {
  History history;
  history.See(24, 10);
  history.See(3, 4);
  history.See(24, 10);
  const std::vector<v1::Event> events = history.timeline.TakeEnded();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].kind(), v1::EVENT_KIND_CLOSING);
  EXPECT_EQ(OnsetOf(events[0]), Hour(24));
  EXPECT_EQ(EndOf(events[0]), Hour(27));
  EXPECT_EQ(events[0].end(), v1::EVENT_END_REVERSED);
  EXPECT_NEAR(events[0].rate_mean(), 0.4, 1e-9);
  EXPECT_EQ(events[0].lasts_probability(), 0);
  EXPECT_THAT(history.timeline.TakeEnded(), IsEmpty()) << "each is told once";
}

TEST(TimelineTest, WhatAlwaysWasIsNoEvent) {
  for (const uint32_t open : {0U, 2U, 4U, 6U, 10U}) {
    History history;
    history.See(200, open);
    EXPECT_THAT(EventsOf(history.timeline), IsEmpty()) << open;
  }
}

TEST(TimelineTest, AShareInBetweenDoesNotStartAndEndByTurns) {
  for (uint32_t open = 1; open <= 10; ++open) {
    History history;
    history.See(48, 0);
    history.See(2, 10);
    history.See(200, open);
    EXPECT_THAT(EventsOf(history.timeline), SizeIs(1)) << open;
  }
}

struct DurationCase {
  int hours;
  v1::EventDuration duration;
  const char* why;
};

TEST(TimelineTest, DurationsFollowTheHours) {
  const DurationCase cases[] = {
      {1, v1::EVENT_DURATION_GLITCH, "an hour"},
      {4, v1::EVENT_DURATION_GLITCH, "under six hours"},
      {5, v1::EVENT_DURATION_GLITCH, "under six hours"},
      {6, v1::EVENT_DURATION_TEMPORARY, "six hours"},
      {71, v1::EVENT_DURATION_TEMPORARY, "under 72 hours"},
      {72, v1::EVENT_DURATION_SUSTAINED, "72 hours on three days"},
      {14 * 24 - 1, v1::EVENT_DURATION_SUSTAINED, "an hour less than 14 days"},
      {14 * 24, v1::EVENT_DURATION_LONG_RUN, "14 days"},
      {40 * 24, v1::EVENT_DURATION_LONG_RUN, "longer"},
  };
  for (const DurationCase& c : cases) {
    const v1::Event event = OpenFor(c.hours);
    EXPECT_EQ(event.duration(), c.duration)
        << c.hours << " h, " << c.why << ": " << event.ShortDebugString();
    EXPECT_EQ(EndOf(event) - OnsetOf(event), absl::Hours(c.hours));
    EXPECT_EQ(event.windows_observed(), static_cast<uint32_t>(c.hours)) << "without its return";
    EXPECT_EQ(event.has_sustained_time(), c.hours >= 72);
    EXPECT_EQ(event.has_long_run_time(), c.hours >= 14 * 24);
  }
}

TEST(TimelineTest, ItGrowsWhileItGoesOn) {
  History history;
  history.See(24, 0);
  const auto duration = [&] { return history.timeline.Ongoing().at(0).duration(); };
  history.See(5, 10);
  EXPECT_EQ(duration(), v1::EVENT_DURATION_GLITCH);
  history.See(1, 10);
  EXPECT_EQ(duration(), v1::EVENT_DURATION_TEMPORARY);
  history.See(65, 10);
  EXPECT_EQ(duration(), v1::EVENT_DURATION_TEMPORARY);
  EXPECT_LT(history.timeline.Ongoing().at(0).lasts_probability(), 1);
  history.See(1, 10);
  EXPECT_EQ(duration(), v1::EVENT_DURATION_SUSTAINED);
  EXPECT_EQ(FromProto(history.timeline.Ongoing().at(0).sustained_time()), Hour(24 + 72));
  history.See(14 * 24 - 72, 10);
  EXPECT_EQ(duration(), v1::EVENT_DURATION_LONG_RUN);
  EXPECT_EQ(FromProto(history.timeline.Ongoing().at(0).long_run_time()), Hour(24 + 14 * 24));
  EXPECT_EQ(history.timeline.Ongoing().at(0).lasts_probability(), 1);
}

// One window in `every` at 2 of 10 is not different, and not enough to end it.
v1::Event OpenWithGaps(int hours, int every) {
  History history;
  history.See(24, 0);
  for (int i = 1; i <= hours; ++i) history.See(1, i % every == 0 ? 2 : 10);
  history.See(1, 10);
  return history.timeline.Ongoing().at(0);
}

TEST(TimelineTest, SustainedNeedsFourFifthsOfTheWindows) {
  const v1::Event most = OpenWithGaps(120, 5);
  EXPECT_EQ(most.duration(), v1::EVENT_DURATION_SUSTAINED) << most.ShortDebugString();
  EXPECT_EQ(most.windows_observed() - most.windows_different(), 24U);
  const v1::Event few = OpenWithGaps(120, 4);
  EXPECT_EQ(few.duration(), v1::EVENT_DURATION_TEMPORARY) << few.ShortDebugString();
  EXPECT_FALSE(few.has_sustained_time());
}

TEST(TimelineTest, LongRunNeedsFourFifthsOfFourteenDays) {
  const v1::Event most = OpenWithGaps(15 * 24, 5);
  EXPECT_EQ(most.duration(), v1::EVENT_DURATION_LONG_RUN) << most.ShortDebugString();
  History history;
  history.See(24, 0);
  for (int i = 1; i <= 11 * 24; ++i) history.See(1, i % 3 == 0 ? 2 : 10);
  history.See(4 * 24, 10);
  const v1::Event few = history.timeline.Ongoing().at(0);
  EXPECT_EQ(few.duration(), v1::EVENT_DURATION_SUSTAINED) << "steady for the last 72 h only";
}

TEST(TimelineTest, SustainedNeedsThreeDays) {
  History history;
  history.See(24, 0);
  history.See(24, 10);
  history.Silence(24 + 23);
  history.See(1, 10);
  EXPECT_EQ(OnsetOf(history.timeline.Ongoing().at(0)), Hour(24));
  EXPECT_EQ(history.timeline.Ongoing().at(0).duration(), v1::EVENT_DURATION_TEMPORARY)
      << "seen on two days only";
  history.See(24, 10);
  EXPECT_EQ(history.timeline.Ongoing().at(0).duration(), v1::EVENT_DURATION_SUSTAINED);
}

TEST(TimelineTest, SilentWindowsAreNeitherOpenNorBlocked) {
  History history;
  history.See(24, 0);
  history.See(10, 10);
  history.Silence(70);
  history.See(2, 10);
  std::vector<v1::Event> events = history.timeline.Ongoing();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(OnsetOf(events[0]), Hour(24));
  EXPECT_EQ(events[0].windows_observed(), 12U);
  EXPECT_EQ(events[0].windows_different(), 12U);
}

TEST(TimelineTest, ThreeDaysOfSilenceLoseSightOfIt) {
  History history;
  history.See(24, 0);
  history.See(10, 10);
  history.Silence(71);
  EXPECT_THAT(history.timeline.Ongoing(), SizeIs(1));
  history.Silence(1);
  EXPECT_THAT(history.timeline.Ongoing(), IsEmpty());
  const std::vector<v1::Event> events = history.timeline.TakeEnded();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].end(), v1::EVENT_END_LOST_SIGHT);
  EXPECT_EQ(EndOf(events[0]), Hour(34)) << "when it was last seen";
  EXPECT_EQ(events[0].duration(), v1::EVENT_DURATION_TEMPORARY);
  history.See(5, 10);
  EXPECT_EQ(OnsetOf(history.timeline.Ongoing().at(0)), Hour(34 + 72)) << "what is seen again";
}

TEST(TimelineTest, WindowsThatSayNothing) {
  internal::v1::Cells open = NoCells();
  AddCell("CN-BJ", 4134, 10, 10, open);
  const auto events_after = [&](const internal::v1::Cells& cells) {
    History history;
    history.See(24, 0);
    for (int i = 0; i < 10; ++i) history.Step(cells);
    return EventsOf(history.timeline);
  };
  EXPECT_THAT(events_after(open), SizeIs(1));
  internal::v1::Cells cells = open;
  cells.set_controls_reached(1);
  EXPECT_THAT(events_after(cells), IsEmpty()) << "most controls do not reach it";
  cells.set_controls_decided(0);
  EXPECT_THAT(events_after(cells), IsEmpty()) << "no control decided";
  cells = open;
  cells.mutable_cells(0)->set_buckets(3);
  EXPECT_THAT(events_after(cells), IsEmpty()) << "three origins";
  cells = open;
  cells.mutable_cells(0)->set_buckets_suspected(5);
  EXPECT_THAT(events_after(cells), IsEmpty()) << "disputed";
  cells.mutable_cells(0)->set_buckets_suspected(1);
  EXPECT_THAT(events_after(cells), SizeIs(1)) << "one suspect makes no dispute";
  cells = open;
  cells.add_instrument_bugs()->set_agent_version("2.0");
  EXPECT_THAT(events_after(cells), SizeIs(1)) << "its failures were left out";
  cells.mutable_instrument_bugs(0)->set_disputed(true);
  EXPECT_THAT(events_after(cells), IsEmpty()) << "it may be the program of half of the agents";
}

TEST(TimelineTest, WindowsOfSecondsAsInTheLab) {
  History history(absl::Seconds(8));
  history.See(5, 0);
  history.See(1, 10);
  const std::vector<v1::Event> events = history.timeline.Ongoing();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(OnsetOf(events[0]), kHistoryStart + absl::Seconds(40));
  EXPECT_EQ(FromProto(events[0].detect_time()), kHistoryStart + absl::Seconds(48));
  history.See(5, 0);
  ASSERT_THAT(history.timeline.Ongoing(), IsEmpty());
  EXPECT_EQ(EndOf(history.timeline.TakeEnded().at(0)), kHistoryStart + absl::Seconds(48));
}

TEST(TimelineTest, EarlierEventsTellHowLongTheNextOneLasts) {
  History history;
  history.See(24, 0);
  history.See(2, 10);
  const double first = history.timeline.Ongoing().at(0).lasts_probability();
  EXPECT_NEAR(first, LastsProbability({}, absl::Hours(2), absl::Hours(72)), 1e-12);
  for (int i = 0; i < 5; ++i) {
    history.See(24, 0);
    history.See(2, 10);
  }
  const double sixth = history.timeline.Ongoing().at(0).lasts_probability();
  EXPECT_LT(sixth, first / 2) << "five glitches of two hours";
  EXPECT_THAT(history.timeline.TakeEnded(), SizeIs(5));
}

TEST(TimelineTest, ParsesWhatItWroteAndNothingElse) {
  History history;
  EXPECT_FALSE(history.timeline.last().has_value());
  history.See(24, 0);
  history.See(30, 7);
  history.See(1, 0);
  const std::string bytes = history.timeline.Serialize();
  auto parsed = Timeline::Parse(bytes, absl::Hours(1));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->last(), Hour(54));
  EXPECT_EQ(parsed->Serialize(), bytes);
  internal::v1::Cells cells = NoCells();
  AddCell("CN-BJ", 4134, 1, 10, cells);
  history.timeline.Step(Hour(55), cells);
  parsed->Step(Hour(55), cells);
  EXPECT_EQ(parsed->Serialize(), history.timeline.Serialize());
  EXPECT_EQ(Timeline::Parse(bytes, absl::Hours(2)).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Timeline::Parse("?", absl::Hours(1)).status().code(), absl::StatusCode::kDataLoss);
  internal::v1::Timeline other;
  ASSERT_TRUE(other.ParseFromString(bytes));
  other.set_ruleset_version("none");
  EXPECT_EQ(Timeline::Parse(other.SerializeAsString(), absl::Hours(1)).status().code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace sightline
