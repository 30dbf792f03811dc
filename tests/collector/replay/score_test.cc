// Each number of a score, on replays made by hand.
#include "collector/replay/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/replay/made_up.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Place kBeijing{"CN-BJ", 0};
const Place kShanghai{"CN-SH", 0};

Score ScoreOf(MadeUp& made) {
  return ScoreStatements(made.replay(), SightlineStatements(made.replay()), made.truth_of());
}

// Blocked until 10, then open for 60 %.
MadeUp OpensAtTen(int windows) {
  MadeUp made(windows);
  made.Rate(0, 10, "CN-BJ", 0).Rate(10, windows, "CN-BJ", 0.6).Rate(0, windows, "CN-SH", 0);
  made.TrueScope(10, windows, v1::SCOPE_LOCAL);
  return made;
}

TEST(DelayTest, FirstAffectedWindowCountsOne) {
  for (const int detect : {10, 11, 14}) {
    MadeUp made = OpensAtTen(40);
    made.Event(kBeijing, v1::EVENT_KIND_OPENING, 9, detect, -1, detect, 40);
    const Score score = ScoreOf(made);
    EXPECT_EQ(score.changes, 1u);
    EXPECT_EQ(score.missed, 0u);
    EXPECT_THAT(score.delays, ElementsAre(detect - 9));
    EXPECT_THAT(score.onset_errors, ElementsAre(1));
    EXPECT_EQ(score.false_events, 0u);
  }
}

TEST(DelayTest, PublicationCountsAndNotWhatLateReportsShowed) {
  MadeUp made = OpensAtTen(40);
  made.Event(kBeijing, v1::EVENT_KIND_OPENING, 10, 11, -1, 30, 40);
  EXPECT_THAT(ScoreOf(made).delays, ElementsAre(21));
}

TEST(DelayTest, ChangeThatIsOnlyToldOfThePastIsMissedButNotFalse) {
  MadeUp made = OpensAtTen(40);
  made.Event(kBeijing, v1::EVENT_KIND_OPENING, 10, 11, -1, 0, 0);
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.missed, 1u);
  EXPECT_EQ(score.false_events, 0u);
  EXPECT_THAT(score.delays, ElementsAre(kNever));
}

TEST(DelayTest, WithoutAnEventTheChangeIsMissed) {
  MadeUp made = OpensAtTen(40);
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.changes, 1u);
  EXPECT_EQ(score.missed, 1u);
  EXPECT_THAT(score.delays, ElementsAre(kNever));
}

TEST(DelayTest, EndOfAnEventIsAReportOfTheClosing) {
  MadeUp made = OpensAtTen(40);
  made.Rate(20, 40, "CN-BJ", 0);
  for (int i = 20; i < 40; ++i) made.truth(i).open_regions.clear();
  // Listed as going on up to window 21; window 22 no longer does.
  made.Event(kBeijing, v1::EVENT_KIND_OPENING, 10, 11, 20, 11, 22);
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.changes, 2u);
  EXPECT_EQ(score.missed, 0u);
  EXPECT_THAT(score.delays, ElementsAre(2, 3));
  EXPECT_EQ(score.false_events, 0u);
}

TEST(DelayTest, RampsAreKeptApartAndEarlyReportsCountOne) {
  MadeUp made(200);
  for (int i = 0; i < 200; ++i) {
    made.Rate(i, i + 1, "CN-BJ", std::clamp((i - 20) / 200.0, 0.0, 0.6));
  }
  made.Event(kBeijing, v1::EVENT_KIND_OPENING, 95, 100, -1, 100, 200);
  const Score score = ScoreOf(made);
  EXPECT_THAT(score.delays, IsEmpty());
  EXPECT_THAT(score.ramp_delays, ElementsAre(1));
  EXPECT_EQ(score.false_events, 0u);
}

TEST(FalseEventTest, UnexplainedClaimsCountPerSeriesYear) {
  MadeUp made = OpensAtTen(40);
  made.Event(kBeijing, v1::EVENT_KIND_OPENING, 10, 11, -1, 11, 40);
  made.Event(kShanghai, v1::EVENT_KIND_OPENING, 10, 11, -1, 11, 40);        // another region
  made.Event(kBeijing, v1::EVENT_KIND_CLOSING, 30, 31, -1, 31, 40);         // another kind
  made.Event(Place{"", 4134}, v1::EVENT_KIND_OPENING, 10, 11, -1, 11, 40);  // a network
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.false_events, 3u);
  EXPECT_NEAR(score.series_years, 40 / (365.25 * 24), 1e-12);
  EXPECT_NEAR(score.FalsePerSeriesYear(), 3 * 365.25 * 24 / 40, 1e-6);
}

TEST(FalseEventTest, ClaimBeforeTheChangeIsFalse) {
  MadeUp made = OpensAtTen(40);
  made.Event(kBeijing, v1::EVENT_KIND_OPENING, 4, 5, -1, 5, 40);
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.false_events, 1u);
  EXPECT_EQ(score.missed, 1u);
}

TEST(FalseEventTest, OneChangeExplainsOneClaim) {
  MadeUp made = OpensAtTen(60);
  made.Event(kBeijing, v1::EVENT_KIND_OPENING, 10, 11, 30, 11, 31);
  made.Event(kBeijing, v1::EVENT_KIND_OPENING, 40, 41, -1, 41, 60);
  // The first is right; that it ended, and the second, are not.
  EXPECT_EQ(ScoreOf(made).false_events, 2u);
}

TEST(FalseEventTest, GlitchMayBeReportedForFourWindowsAfterItIsOver) {
  for (const auto& [detect, false_events] : {std::pair(17, 0u), std::pair(18, 1u)}) {
    MadeUp made(40);
    made.Rate(0, 10, "CN-BJ", 0).Rate(10, 14, "CN-BJ", 1).Rate(14, 40, "CN-BJ", 0);
    made.Event(kBeijing, v1::EVENT_KIND_OPENING, 10, detect, -1, detect, 40);
    EXPECT_EQ(ScoreOf(made).false_events, false_events) << detect;
  }
}

TEST(FalseEventTest, LostSightIsNoClaimOfAClosing) {
  MadeUp made = OpensAtTen(40);
  v1::Event& event = made.Event(kBeijing, v1::EVENT_KIND_OPENING, 10, 11, 30, 11, 35);
  event.set_end(v1::EVENT_END_LOST_SIGHT);
  EXPECT_EQ(ScoreOf(made).false_events, 0u);
}

TEST(FalseScopeTest, OnlyChangesToWhatIsNotTrueCount) {
  MadeUp made(30);
  made.Rate(0, 30, "CN-BJ", 0).SaidScope(0, 30, v1::SCOPE_NOWHERE);
  made.verdict(10).set_scope(v1::SCOPE_ISOLATED);
  made.verdict(11).set_scope(v1::SCOPE_ISOLATED);
  made.verdict(20).set_scope(v1::SCOPE_UNDETERMINED);
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.false_scopes, 1u);
  EXPECT_NEAR(score.FalsePerSeriesYear(), 365.25 * 24 / 30, 1e-6);
}

TEST(FalseScopeTest, GraceAfterAChangeIsNotJudged) {
  MadeUp made = OpensAtTen(30);
  made.SaidScope(0, 10, v1::SCOPE_NOWHERE).SaidScope(10, 30, v1::SCOPE_LOCAL);
  made.verdict(11).set_scope(v1::SCOPE_MIXED);
  EXPECT_EQ(ScoreOf(made).false_scopes, 0u);
  made.verdict(14).set_scope(v1::SCOPE_MIXED);
  EXPECT_EQ(ScoreOf(made).false_scopes, 1u);
}

TEST(ScopeTest, SharesAreOverJudgedWindows) {
  MadeUp made = OpensAtTen(24);  // 10 windows before, 10 judged after the grace
  made.SaidScope(0, 10, v1::SCOPE_NOWHERE, 0.95).SaidScope(10, 24, v1::SCOPE_LOCAL, 0.97);
  for (int i = 0; i < 3; ++i) made.verdict(i).set_scope(v1::SCOPE_UNDETERMINED);
  for (int i = 20; i < 24; ++i) {
    made.verdict(i).set_scope(v1::SCOPE_MIXED);
    made.verdict(i).mutable_scope_posteriors(0)->set_scope(v1::SCOPE_MIXED);
  }
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.scope_stated.of, 20u);
  EXPECT_EQ(score.scope_stated.right, 17u);
  EXPECT_EQ(score.scope.of, 17u);
  EXPECT_EQ(score.scope.right, 13u);
  EXPECT_EQ(score.likeliest.of, 20u);
  EXPECT_EQ(score.likeliest.right, 16u) << "an unstated scope counts here";
  // 20 statements in the last bin: 10 times 0.95 and 10 times 0.97, 16 of them right.
  EXPECT_NEAR(*score.scope_calibration.Error(), 0.96 - 0.8, 1e-9);
}

TEST(ScopeTest, MostProbableOfSeveralIsTaken) {
  MadeUp made(1);
  made.Rate(0, 1, "CN-BJ", 0).SaidScope(0, 1, v1::SCOPE_LOCAL, 0.3);
  made.SaidScope(0, 1, v1::SCOPE_NOWHERE, 0.6).SaidScope(0, 1, v1::SCOPE_MIXED, 0.1);
  made.verdict(0).set_scope(v1::SCOPE_UNDETERMINED);
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.likeliest.right, 1u);
  EXPECT_EQ(score.scope.of, 0u);
  EXPECT_EQ(score.scope_calibration.bins[6].count, 1u);
}

TEST(ScopeTest, WhileTheServiceIsDownOnlySayingSoIsRight) {
  MadeUp made(3);
  made.Rate(0, 3, "CN-BJ", 0).TrueScope(0, 3, v1::SCOPE_UNDETERMINED);
  for (int i = 0; i < 3; ++i) made.truth(i).service_down = true;
  made.verdict(0).set_service_state(v1::SERVICE_STATE_DOWN);
  made.verdict(1).set_scope(v1::SCOPE_NOWHERE);
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.scope_stated.right, 2u);
  EXPECT_EQ(score.scope_stated.of, 3u);
  EXPECT_EQ(score.scope.right, 1u);
  EXPECT_EQ(score.scope.of, 2u);
  EXPECT_EQ(score.states_stated.of, 0u);
}

TEST(ScopeTest, WhereEvidenceCarriesNoStatementSilenceIsRight) {
  MadeUp made(2);
  made.Rate(0, 2, "CN-BJ", 0).TrueScope(0, 2, v1::SCOPE_UNDETERMINED);
  made.verdict(1).set_scope(v1::SCOPE_NOWHERE);
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.scope.right, 1u);
  EXPECT_EQ(score.scope.of, 2u);
}

TEST(NamedTest, RegionsMustBeThoseThatAreOpen) {
  const auto named = [](const std::vector<std::string>& open,
                        const std::vector<std::string>& blocked) {
    MadeUp made(1);
    made.Rate(0, 1, "CN-BJ", 0.6).Rate(0, 1, "CN-SH", 0).Rate(0, 1, "CN-GD", 0.3);
    made.TrueScope(0, 1, v1::SCOPE_LOCAL).SaidScope(0, 1, v1::SCOPE_LOCAL);
    for (const std::string& region : open) made.verdict(0).add_open_regions(region);
    for (const std::string& region : blocked) made.verdict(0).add_blocked_regions(region);
    const Score score = ScoreOf(made);
    EXPECT_EQ(score.named.of, 1u);
    return score.named.right == 1;
  };
  EXPECT_TRUE(named({"CN-BJ"}, {"CN-SH"}));
  EXPECT_TRUE(named({"CN-BJ"}, {})) << "nothing is said about the other";
  EXPECT_TRUE(named({"CN-BJ", "CN-GD"}, {"CN-SH"})) << "no word fits 0.3";
  EXPECT_FALSE(named({"CN-BJ", "CN-SH"}, {}));
  EXPECT_FALSE(named({}, {"CN-BJ", "CN-SH"}));
}

TEST(NamedTest, OpenRegionWithAStateMustBeNamed) {
  MadeUp made(1);
  made.Rate(0, 1, "CN-BJ", 0.6).SaidScope(0, 1, v1::SCOPE_LOCAL);
  made.SaidState(0, 1, "CN-BJ", v1::ACCESS_STATE_PARTIAL, 0.9);
  EXPECT_EQ(ScoreOf(made).named.right, 1u);
  made.verdict(0).clear_open_regions();
  EXPECT_EQ(ScoreOf(made).named.right, 0u);
  made.verdict(0).mutable_regions(0)->mutable_access()->set_state(v1::ACCESS_STATE_UNKNOWN);
  EXPECT_EQ(ScoreOf(made).named.right, 1u);
}

TEST(NamedTest, ByNetworkNamesNetworks) {
  MadeUp made(1);
  made.Rate(0, 1, "CN-BJ", 0.3).TrueScope(0, 1, v1::SCOPE_BY_NETWORK);
  made.truth(0).open_networks = {4134};
  made.SaidScope(0, 1, v1::SCOPE_BY_NETWORK).verdict(0).add_open_networks(4134);
  EXPECT_EQ(ScoreOf(made).named.right, 1u);
  made.verdict(0).add_open_networks(4837);
  EXPECT_EQ(ScoreOf(made).named.right, 0u);
}

TEST(StatesTest, RightAndStatedAndCalibrated) {
  MadeUp made(4);
  made.Rate(0, 4, "CN-BJ", 0.6).Rate(0, 4, "CN-SH", 0).Rate(0, 4, "CN-GD", 0.3);
  made.TrueScope(0, 4, v1::SCOPE_LOCAL);
  made.SaidState(0, 3, "CN-BJ", v1::ACCESS_STATE_PARTIAL, 0.85);
  made.SaidState(3, 4, "CN-BJ", v1::ACCESS_STATE_BLOCKED, 0.55);
  made.SaidState(0, 2, "CN-SH", v1::ACCESS_STATE_BLOCKED, 1);
  made.SaidState(2, 4, "CN-SH", v1::ACCESS_STATE_UNKNOWN, 0);
  made.SaidState(0, 4, "CN-GD", v1::ACCESS_STATE_OPEN, 1);  // not judged
  const Score score = ScoreOf(made);
  EXPECT_EQ(score.states_stated.of, 8u);
  EXPECT_EQ(score.states_stated.right, 6u);
  EXPECT_EQ(score.states.of, 6u);
  EXPECT_EQ(score.states.right, 5u);
  EXPECT_EQ(score.state_calibration.bins[8].count, 3u);
  EXPECT_EQ(score.state_calibration.bins[5].count, 1u);
  EXPECT_EQ(score.state_calibration.bins[9].count, 2u) << "1 belongs to the last bin";
  EXPECT_NEAR(*score.state_calibration.Error(), (3 * 0.15 + 0.55) / 6, 1e-9);
}

TEST(CalibrationTest, ErrorIsTheWeightedGapOfTheBins) {
  Calibration calibration;
  EXPECT_EQ(calibration.Error(), std::nullopt);
  // Said 0.75, right in 2 of 4; said 0.95, right in 6 of 6.
  for (int i = 0; i < 4; ++i) calibration.Add(0.75, i < 2);
  for (int i = 0; i < 6; ++i) calibration.Add(0.95, true);
  EXPECT_NEAR(*calibration.Error(), 0.4 * 0.25 + 0.6 * 0.05, 1e-9);
  EXPECT_EQ(calibration.count(), 10u);
}

TEST(PercentileTest, NearestRank) {
  EXPECT_EQ(Percentile({}, 0.5), std::nullopt);
  EXPECT_EQ(Percentile({7}, 0.95), 7);
  EXPECT_EQ(Percentile({3, 1, 2, 4}, 0.5), 2);
  std::vector<int> values;
  for (int i = 1; i <= 100; ++i) values.push_back(i);
  EXPECT_EQ(Percentile(values, 0.95), 95);
  EXPECT_EQ(Percentile(values, 1), 100);
}

TEST(ScoreTest, AddingCountsBoth) {
  MadeUp made = OpensAtTen(40);
  made.Event(kBeijing, v1::EVENT_KIND_OPENING, 10, 11, -1, 11, 40);
  made.Event(kShanghai, v1::EVENT_KIND_OPENING, 10, 11, -1, 11, 40);
  made.SaidScope(0, 40, v1::SCOPE_NOWHERE, 0.9);
  made.SaidState(0, 40, "CN-SH", v1::ACCESS_STATE_BLOCKED, 0.9);
  const Score one = ScoreOf(made);
  Score two = one;
  two += one;
  EXPECT_THAT(two.delays, ElementsAre(2, 2));
  EXPECT_EQ(two.changes, 2 * one.changes);
  EXPECT_EQ(two.false_events, 2 * one.false_events);
  EXPECT_NEAR(two.FalsePerSeriesYear(), one.FalsePerSeriesYear(), 1e-9);
  EXPECT_EQ(two.scope.of, 2 * one.scope.of);
  EXPECT_EQ(two.states.right, 2 * one.states.right);
  EXPECT_EQ(two.scope_calibration.count(), 2 * one.scope_calibration.count());
  EXPECT_EQ(two.state_calibration.count(), 2 * one.state_calibration.count());
}

}  // namespace
}  // namespace sightline
