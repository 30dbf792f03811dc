// What is said of events and histories and does not come from the cells is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sightline/v1/summary.pb.h"
#include "tests/collector/export/export_forger.h"

namespace sightline {
namespace {

using internal::v1::ExportBlock;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The event is the opening in Beijing.
class ExportForgeryEventsTest : public ExportForgeryTest {};

TEST_F(ExportForgeryEventsTest, AnEventIsNamedWithItsOnsetTargetAndField) {
  const auto report = ForgeEvents([](internal::v1::ExportEvents& events) {
    v1::Event event;
    ASSERT_TRUE(event.ParseFromString(events.events(0).event()));
    event.set_rate_mean(0.25);
    events.mutable_events(0)->set_event(event.SerializeAsString());
  });
  ASSERT_THAT(Kinds(report), ElementsAre("EVENT"));
  EXPECT_THAT(ToText(*report),
              AllOf(HasSubstr("EVENT, window 2024-04-06T06:00:00+00:00, CN "
                              "whatsapp: stored -> by the cells: modified: rate_mean: "
                              "0.25 -> ")));
}

TEST_F(ExportForgeryEventsTest, AnEventThatIsInventedOrLeftOutOrRenamedIsNamed) {
  EXPECT_THAT(Kinds(ForgeEvents([](internal::v1::ExportEvents& events) {
                *events.add_events() = events.events(0);
                events.mutable_events(1)->set_event_id("another");
              })),
              ElementsAre("EVENT", "EVENT"));
  EXPECT_THAT(Kinds(ForgeEvents([](internal::v1::ExportEvents& events) { events.clear_events(); })),
              ElementsAre("EVENT"));
  EXPECT_THAT(Kinds(ForgeEvents([](internal::v1::ExportEvents& events) {
                events.mutable_events(0)->set_onset_ms(1);
              })),
              ElementsAre("EVENT"));
}

TEST_F(ExportForgeryEventsTest, AHistoryThatCannotBeReadIsCounted) {
  const auto report = ForgeEvents([](internal::v1::ExportEvents& events) {
    for (internal::v1::ExportTimeline& timeline : *events.mutable_timelines()) {
      if (timeline.target_id() == "signal") timeline.set_timeline("\x08\x01");
    }
  });
  EXPECT_THAT(ToText(*report), AllOf(HasSubstr("1 histories by other rules, not compared\n"),
                                     HasSubstr("\neverything that was compared fits\n")));
}

TEST_F(ExportForgeryEventsTest, EventsWithoutCellsAreTold) {
  const auto report = Forge([](ExportBlock& block) {
    if (block.has_end()) block.mutable_end()->set_verdicts(0);
    if (block.has_verdicts()) block.clear_content();
  });
  EXPECT_THAT(Kinds(report), ElementsAre("EVENT"));
}

}  // namespace
}  // namespace sightline
