#include "collector/instrument_alarm.h"

#include <gtest/gtest.h>

namespace sightline {
namespace {

Judgement With(std::vector<InstrumentBug> bugs) {
  Judgement judgement;
  judgement.summary.set_country("CN");
  judgement.summary.add_verdicts()->set_target_id("signal");
  judgement.summary.add_verdicts()->set_target_id("whatsapp");
  judgement.tallies.resize(2);
  judgement.tallies[1].instrument_bugs = std::move(bugs);
  return judgement;
}

TEST(InstrumentAlarmTest, TellsABrokenVersionOnceUntilItChanges) {
  InstrumentAlarm alarm;
  EXPECT_TRUE(alarm.Note(With({})).empty());
  const auto news = alarm.Note(With({{"0.2.0", 8, false}}));
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].target_id, "whatsapp");
  EXPECT_EQ(news[0].bug.agent_version, "0.2.0");
  EXPECT_TRUE(alarm.Note(With({{"0.2.0", 9, false}})).empty()) << "known";
  EXPECT_EQ(alarm.Note(With({{"0.2.0", 9, true}})).size(), 1U) << "now disputed";
  EXPECT_TRUE(alarm.Note(With({})).empty());
  EXPECT_EQ(alarm.Note(With({{"0.2.0", 8, false}})).size(), 1U) << "back again";
}

}  // namespace
}  // namespace sightline
