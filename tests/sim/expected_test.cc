#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/replay/report.h"
#include "common/message.h"
#include "tests/sim/small_world.h"

namespace sightline {
namespace {

using testing::HasSubstr;

constexpr int kWindows = 10;

// WhatsApp is NOWHERE for five hours, then LOCAL {CN-BJ} with an event; all windows are alike else.
class ExpectedTest : public testing::Test {
 protected:
  ExpectedTest() {
    const absl::Time start = Parsed(SmallWorld()).start;
    v1::Event& event = replay_.events.emplace_back();
    event.set_target_id("whatsapp");
    event.set_region("CN-BJ");
    event.set_kind(v1::EVENT_KIND_OPENING);
    event.set_end(v1::EVENT_END_ONGOING);
    event.set_duration(v1::EVENT_DURATION_GLITCH);
    *event.mutable_onset_time() = ToProto(start + absl::Hours(5));
    for (int i = 0; i < kWindows; ++i) {
      ReplayWindow& window = replay_.windows.emplace_back();
      window.start = start + absl::Hours(i);
      v1::TargetVerdict& verdict = *window.summary.add_verdicts();
      verdict.set_target_id("whatsapp");
      verdict.set_service_state(v1::SERVICE_STATE_UP);
      verdict.set_scope(i < 5 ? v1::SCOPE_NOWHERE : v1::SCOPE_LOCAL);
      for (const char* region : {"CN-BJ", "CN-SH"}) {
        v1::RegionAccess& access = *verdict.add_regions();
        access.set_region(region);
        access.mutable_access()->set_state(v1::ACCESS_STATE_BLOCKED);
      }
      if (i < 5) continue;
      verdict.add_open_regions("CN-BJ");
      verdict.mutable_regions(0)->mutable_access()->set_state(v1::ACCESS_STATE_PARTIAL);
      *verdict.add_events() = event;
    }
  }

  internal::v1::ReplayExpectation Compared(absl::string_view expectation) {
    replay_.scenario =
        Parsed(SmallWorld(absl::StrCat("[[expect]]\ntarget = \"whatsapp\"\n", expectation, "\n")));
    return Compare(replay_, replay_.scenario.expectations.at(0));
  }
  bool Holds(absl::string_view expectation) { return Compared(expectation).held(); }

  Replay replay_;
};

TEST_F(ExpectedTest, Scope) {
  EXPECT_TRUE(Holds("scope = \"NOWHERE\"\nuntil = \"5h\""));
  EXPECT_TRUE(Holds("scope = [\"NOWHERE\", \"LOCAL\"]"));
  const auto broken = Compared("scope = \"NOWHERE\"");
  EXPECT_FALSE(broken.held());
  EXPECT_EQ(broken.windows(), 10U);
  EXPECT_EQ(broken.windows_broken(), 5U);
  EXPECT_EQ(FromProto(broken.first_broken_time()), replay_.windows[5].start);
  EXPECT_EQ(broken.said(), "LOCAL {CN-BJ}");
  EXPECT_EQ(broken.expected(), "NOWHERE");
}

TEST_F(ExpectedTest, RegionsAreExactlyThose) {
  EXPECT_TRUE(Holds("regions = \"CN-BJ\"\nfrom = \"5h\""));
  EXPECT_FALSE(Holds("regions = [\"CN-BJ\", \"CN-SH\"]\nfrom = \"5h\""));
  EXPECT_FALSE(Holds("regions = []\nfrom = \"5h\""));
  EXPECT_FALSE(Holds("networks = 4134\nfrom = \"5h\""));
}

TEST_F(ExpectedTest, AShareOfTheWindowsIsEnough) {
  EXPECT_TRUE(Holds("scope = \"LOCAL\"\nwindows = 0.5"));
  EXPECT_FALSE(Holds("scope = \"LOCAL\"\nwindows = 0.51"));
}

TEST_F(ExpectedTest, States) {
  EXPECT_TRUE(Holds("states = { \"CN-BJ\" = \"PARTIAL\", \"*\" = \"BLOCKED\" }\nfrom = \"5h\""));
  EXPECT_TRUE(Holds("states = { \"CN-SH\" = [\"OPEN\", \"BLOCKED\"] }"));
  const auto broken = Compared("states = { \"*\" = \"BLOCKED\" }");
  EXPECT_FALSE(broken.held());
  EXPECT_THAT(broken.said(), HasSubstr("CN-BJ PARTIAL"));
}

TEST_F(ExpectedTest, Service) {
  EXPECT_TRUE(Holds("service = \"UP\""));
  EXPECT_FALSE(Holds("service = \"DOWN\""));
}

TEST_F(ExpectedTest, Duration) {
  EXPECT_TRUE(Holds("duration = \"GLITCH\"\nfrom = \"5h\"\nregions = \"CN-BJ\""));
  EXPECT_FALSE(Holds("duration = \"TEMPORARY\"\nfrom = \"5h\""));
  EXPECT_EQ(Compared("duration = \"GLITCH\"\nuntil = \"5h\"").said(), "no event");
}

TEST_F(ExpectedTest, EventsOfTheTime) {
  EXPECT_TRUE(Holds("events = 1"));
  EXPECT_TRUE(Holds("events = 0\nuntil = \"5h\""));
  EXPECT_TRUE(Holds("events = 1\nfrom = \"8h\"")) << "it goes on";
  EXPECT_FALSE(Holds("events = 0"));
  EXPECT_EQ(Compared("events = 2").said(), "1 events: CN-BJ OPENING 2024-04-01 05:00");
  replay_.events[0].set_end(v1::EVENT_END_WITHDRAWN);
  EXPECT_TRUE(Holds("events = 0"));
}

TEST_F(ExpectedTest, Onset) {
  EXPECT_TRUE(Holds("onset = \"3h\""));
  EXPECT_FALSE(Holds("onset = \"2h\""));
  EXPECT_FALSE(Holds("onset = \"4h\"\nwithin = 0"));
  EXPECT_EQ(Compared("onset = \"3h\"\nuntil = \"4h\"").said(), "no event");
}

TEST_F(ExpectedTest, WhatLooksAtNoWindowIsBroken) {
  EXPECT_FALSE(Holds("scope = \"LOCAL\"\nfrom = \"20h\""));
}

TEST_F(ExpectedTest, TheReportTellsEachChange) {
  replay_.scenario = Parsed(SmallWorld("[[expect]]\ntarget = \"whatsapp\"\nevents = 3\n"));
  const internal::v1::ReplayReport report = ReportOf(replay_);
  EXPECT_EQ(report.broken(), 1U);
  ASSERT_EQ(report.changes_size(), 2);
  EXPECT_EQ(report.changes(0).windows(), 5U);
  EXPECT_EQ(report.changes(1).scope(), v1::SCOPE_LOCAL);
  EXPECT_EQ(FromProto(report.changes(1).window_start_time()), replay_.windows[5].start);
  EXPECT_EQ(report.events_size(), 1);
}

}  // namespace
}  // namespace sightline
