// Scores as text.
#include "collector/replay/score_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Score Make(std::vector<int> delays, uint64_t false_events, uint64_t scope_right) {
  Score score;
  score.changes = delays.size();
  score.delays = std::move(delays);
  score.false_events = false_events;
  score.series_years = 2;
  score.scope = {scope_right, 100};
  score.scope_stated = {100, 100};
  return score;
}

ScenarioScore Made() {
  ScenarioScore made;
  made.name = "two cities";
  made.replays = 5;
  made.methods = {Make({1, 2}, 0, 99), Make({3, 3}, 40, 80), Make({11, 11}, 4, 90)};
  return made;
}

TEST(WhereNotBetterTest, NothingWhenBetterInAll) {
  EXPECT_THAT(WhereNotBetter(Made()), IsEmpty());
  EXPECT_THAT(BoundsMissed(Made()), IsEmpty());
}

TEST(WhereNotBetterTest, NamesTheNumberAndTheBaseline) {
  ScenarioScore made = Made();
  made.methods[0].delays = {5, 6};
  EXPECT_THAT(WhereNotBetter(made),
              ElementsAre("delay p50 5 against 3 (majority)", "delay p95 6 against 3 (majority)"));
  EXPECT_THAT(BoundsMissed(made), ElementsAre("delay p50 5, not 2", "delay p95 6, not 4"));
}

TEST(WhereNotBetterTest, NumbersThatReadAlikeAreAlike) {
  ScenarioScore made = Made();
  made.methods[0].scope = {99'999, 100'000};
  made.methods[1].scope = {100'000, 100'000};
  EXPECT_THAT(WhereNotBetter(made), IsEmpty());
  made.methods[0].scope = {99'900, 100'000};
  EXPECT_THAT(WhereNotBetter(made), ElementsAre("scope right 0.999 against 1.000 (majority)"));
}

TEST(WhereNotBetterTest, SaysWhenNothingIsBetter) {
  ScenarioScore made = Made();
  made.methods[2] = made.methods[0];
  EXPECT_THAT(WhereNotBetter(made), ElementsAre("no number better than OONI CUSUM"));
}

TEST(WhereNotBetterTest, NumbersThatDoNotExistAreNotCompared) {
  ScenarioScore made = Made();
  made.methods[0].delays.clear();
  made.methods[0].scope = {};
  EXPECT_THAT(WhereNotBetter(made), IsEmpty());
}

TEST(WhereNotBetterTest, WhatIsNeverReportedIsLaterThanAnything) {
  ScenarioScore made = Made();
  made.methods[0].delays = {1, kNever};
  made.methods[0].missed = 1;
  EXPECT_THAT(WhereNotBetter(made), ElementsAre("missed changes 0.500 against 0.000 (majority)",
                                                "missed changes 0.500 against 0.000 (OONI CUSUM)",
                                                "delay p95 never against 3 (majority)",
                                                "delay p95 never against 11 (OONI CUSUM)"));
  EXPECT_THAT(BoundsMissed(made), ElementsAre("delay p95 never, not 4"));
  EXPECT_THAT(ScoreTable({made}, false), HasSubstr("  never  "));
  EXPECT_EQ(boost::json::parse(ScoreJson({made}))
                .as_array()[0]
                .at("methods")
                .at("Sightline")
                .at("delay_windows")
                .at("max"),
            "never");
}

TEST(BoundsTest, EachBoundIsLookedAt) {
  ScenarioScore made = Made();
  made.methods[0].false_events = 3;
  made.methods[0].scope.right = 96;
  for (int i = 0; i < 10; ++i) {
    made.methods[0].scope_calibration.Add(0.9, i < 8);
    made.methods[0].state_calibration.Add(0.9, i < 8);
  }
  EXPECT_THAT(BoundsMissed(made), ElementsAre("false alarms per series-year 1.50, not 1.00",
                                              "scope right 0.960, not 0.970",
                                              "scope calibration error 0.100, not 0.050",
                                              "state calibration error 0.100, not 0.050"));
}

TEST(ScoreTableTest, RowPerMethodAndTotalWithReasonsWhereNotBetter) {
  ScenarioScore good = Made();
  ScenarioScore bad = Made();
  bad.name = "ramp\x1b[31m";
  bad.methods[0].delays = {5};
  const std::string table = ScoreTable({good, bad}, /*colour=*/false);
  EXPECT_THAT(table, HasSubstr("two cities  Sightline"));
  EXPECT_THAT(table, HasSubstr("majority"));
  EXPECT_THAT(table, HasSubstr("OONI CUSUM"));
  EXPECT_THAT(table, HasSubstr("not better: delay p50 5 against 3 (majority)"));
  EXPECT_THAT(table, HasSubstr("total"));
  EXPECT_THAT(table, HasSubstr("false/year  events and changes of scope"));
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
}

TEST(ScoreTableTest, RampIsMarked) {
  ScenarioScore made = Made();
  made.methods[0].delays.clear();
  made.methods[0].ramp_delays = {30};
  EXPECT_THAT(ScoreTable({made}, false), HasSubstr("~30"));
}

TEST(TotalTest, PoolsAllReplays) {
  const ScenarioScore total = Total({Made(), Made()});
  EXPECT_EQ(total.name, "total");
  EXPECT_EQ(total.replays, 10);
  EXPECT_THAT(total.methods[0].delays, ElementsAre(1, 2, 1, 2));
  EXPECT_EQ(total.methods[1].false_events, 80u);
}

TEST(ScoreJsonTest, HoldsTheNumbersOfEachRow) {
  const boost::json::value parsed = boost::json::parse(ScoreJson({Made()}));
  const boost::json::array& rows = parsed.as_array();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].at("scenario"), "two cities");
  EXPECT_EQ(rows[1].at("scenario"), "total");
  const boost::json::value& ours = rows[0].at("methods").at("Sightline");
  EXPECT_EQ(ours.at("delay_windows").at("p50").to_number<int>(), 1);
  EXPECT_EQ(ours.at("delay_windows").at("p95").to_number<int>(), 2);
  EXPECT_TRUE(ours.at("ramp_delay_windows").at("p50").is_null());
  EXPECT_NEAR(ours.at("scope").at("ratio").to_number<double>(), 0.99, 1e-12);
  EXPECT_TRUE(ours.at("scope_calibration").at("error").is_null());
  EXPECT_NEAR(rows[0].at("methods").at("majority").at("false_per_series_year").to_number<double>(),
              20, 1e-12);
  EXPECT_TRUE(rows[0].at("not_better").as_array().empty());
}

}  // namespace
}  // namespace sightline
