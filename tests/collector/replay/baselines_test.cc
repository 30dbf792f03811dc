// What the two baselines make of raw results.
#include "collector/replay/baselines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/replay/made_up.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr RawCount kOpen{10, 10};
constexpr RawCount kBlocked{0, 10};

// Windows until OONI's detector says that a blocked series is reachable, when the hourly median
// falls to `blocked` for good; -1 when it does not within 1000.
int HoursToSeeOpening(double blocked) {
  OoniCusum cusum;
  int hour = 0;
  while (cusum.state() == OoniCusum::State::kUnknown) cusum.Step(HourAt(hour++), 1);
  EXPECT_EQ(cusum.state(), OoniCusum::State::kBlocked);
  for (int i = 1; i <= 1000; ++i) {
    if (cusum.Step(HourAt(hour++), blocked) == v1::EVENT_KIND_OPENING) return i;
  }
  return -1;
}

TEST(OoniCusumTest, OpeningAtRateOneTakesElevenHours) { EXPECT_EQ(HoursToSeeOpening(0), 11); }

TEST(OoniCusumTest, OpeningAtRateSevenTenthsTakesSeventyOneHours) {
  EXPECT_EQ(HoursToSeeOpening(1 - 0.7), 71);
}

TEST(OoniCusumTest, OpeningBelowOneHalfIsNeverSeen) {
  for (const double rate : {0.5, 0.4, 0.2, 0.0}) EXPECT_EQ(HoursToSeeOpening(1 - rate), -1);
}

TEST(OoniCusumTest, ClosingIsSeenAndTheBeginningIsNoEvent) {
  OoniCusum cusum;
  int hour = 0;
  for (; cusum.state() == OoniCusum::State::kUnknown; ++hour) {
    EXPECT_EQ(cusum.Step(HourAt(hour), 0), std::nullopt);
  }
  EXPECT_EQ(hour, 11);
  EXPECT_EQ(cusum.state(), OoniCusum::State::kReachable);
  // 0.65 an hour, above 3.5 with the sixth.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(cusum.Step(HourAt(hour++), 1), std::nullopt);
  EXPECT_EQ(cusum.Step(HourAt(hour), 1), v1::EVENT_KIND_CLOSING);
  EXPECT_EQ(cusum.state(), OoniCusum::State::kBlocked);
}

TEST(OoniCusumTest, SilenceOfMoreThanADayDecays) {
  // Three hours toward "blocked" give 1.95; three more cross the threshold.
  const auto crosses_after = [](absl::Duration gap) {
    OoniCusum cusum;
    for (int i = 0; i < 20; ++i) cusum.Step(HourAt(i), 0);
    for (int i = 20; i < 23; ++i) cusum.Step(HourAt(i), 1);
    int more = 0;
    for (absl::Time hour = HourAt(22) + gap; cusum.state() != OoniCusum::State::kBlocked;
         hour += absl::Hours(1)) {
      cusum.Step(hour, 1);
      ++more;
    }
    return more;
  };
  EXPECT_EQ(crosses_after(absl::Hours(24)), 3);
  // Halved: 0.975 + 4 * 0.65 > 3.5.
  EXPECT_EQ(crosses_after(absl::Hours(48)), 4);
}

TEST(OoniStatementsTest, MedianOfResultsHidesAnOpeningForLessThanHalf) {
  MadeUp made(200);
  made.Results(0, 40, "CN-BJ", 4134, kBlocked).Results(40, 200, "CN-BJ", 4134, {4, 10});
  EXPECT_THAT(OoniStatements(made.replay()).claims, IsEmpty());
}

TEST(OoniStatementsTest, MedianOfResultsShowsAnOpeningForMostAfterElevenHours) {
  MadeUp made(200);
  made.Results(0, 40, "CN-BJ", 4134, kBlocked).Results(40, 200, "CN-BJ", 4134, {7, 10});
  const Statements statements = OoniStatements(made.replay());
  ASSERT_EQ(statements.claims.size(), 2u);  // the region, and its network
  for (const Claim& claim : statements.claims) {
    EXPECT_EQ(claim.kind, v1::EVENT_KIND_OPENING);
    EXPECT_EQ(claim.detect, 50);
  }
  EXPECT_EQ(statements.windows[0].at(kChat).scope, std::nullopt) << "not established yet";
  EXPECT_EQ(statements.windows[39].at(kChat).scope, v1::SCOPE_NOWHERE);
  EXPECT_EQ(statements.windows[60].at(kChat).scope, v1::SCOPE_WIDESPREAD);
}

TEST(MajorityTest, RegionFollowsMoreThanHalfOfItsResultsAtOnce) {
  MadeUp made(6);
  made.Results(0, 6, "CN-SH", 4134, kBlocked)
      .Results(0, 2, "CN-BJ", 4134, {5, 10})
      .Results(2, 4, "CN-BJ", 4134, {6, 10})
      .Results(5, 6, "CN-BJ", 4134, kBlocked);
  const Statements statements = MajorityStatements(made.replay());
  const auto state = [&](size_t window) {
    const Said& said = statements.windows[window].at(kChat);
    const auto found = said.states.find("CN-BJ");
    return found == said.states.end() ? v1::ACCESS_STATE_UNKNOWN : found->second.state;
  };
  EXPECT_EQ(state(0), v1::ACCESS_STATE_BLOCKED);
  EXPECT_EQ(state(2), v1::ACCESS_STATE_OPEN);
  EXPECT_EQ(state(4), v1::ACCESS_STATE_UNKNOWN) << "no results";
  EXPECT_EQ(state(5), v1::ACCESS_STATE_BLOCKED);
  ASSERT_EQ(statements.claims.size(), 2u);
  EXPECT_EQ(statements.claims[0].place.region, "CN-BJ");
  EXPECT_EQ(statements.claims[0].kind, v1::EVENT_KIND_OPENING);
  EXPECT_EQ(statements.claims[0].detect, 2);
  EXPECT_EQ(statements.claims[1].kind, v1::EVENT_KIND_CLOSING);
  EXPECT_EQ(statements.claims[1].detect, 5);
}

TEST(MajorityTest, ResultsOfOtherTargetsAreNotCounted) {
  MadeUp made(1);
  made.Results(0, 1, "CN-BJ", 4134, kBlocked);
  made.replay().windows[0].raw[{"chat2", "CN-BJ", 4134}] = {90, 90};
  made.replay().windows[0].raw[{"caht", "CN-BJ", 4134}] = {90, 90};
  EXPECT_EQ(MajorityStatements(made.replay()).windows[0].at(kChat).scope, v1::SCOPE_NOWHERE);
}

struct Cells {
  const char* name;
  // Three regions times two networks.
  std::vector<bool> open;
  v1::Scope scope;
};

class SetLogicTest : public ::testing::TestWithParam<Cells> {};

TEST_P(SetLogicTest, NamesTheScope) {
  MadeUp made(1);
  const std::vector<std::string> regions = {"CN-BJ", "CN-GD", "CN-SH"};
  const std::vector<uint32_t> networks = {4134, 4837};
  for (size_t i = 0; i < GetParam().open.size(); ++i) {
    made.Results(0, 1, regions[i / 2], networks[i % 2], GetParam().open[i] ? kOpen : kBlocked);
  }
  EXPECT_EQ(MajorityStatements(made.replay()).windows[0].at(kChat).scope, GetParam().scope);
}

INSTANTIATE_TEST_SUITE_P(
    Scopes, SetLogicTest,
    ::testing::Values(Cells{"nowhere", {0, 0, 0, 0, 0, 0}, v1::SCOPE_NOWHERE},
                      Cells{"isolated", {0, 0, 0, 1, 0, 0}, v1::SCOPE_ISOLATED},
                      Cells{"local", {1, 1, 0, 0, 0, 0}, v1::SCOPE_LOCAL},
                      Cells{"two_regions", {1, 1, 0, 0, 1, 1}, v1::SCOPE_LOCAL},
                      Cells{"by_network", {1, 0, 1, 0, 1, 0}, v1::SCOPE_BY_NETWORK},
                      Cells{"widespread", {1, 1, 1, 1, 1, 1}, v1::SCOPE_WIDESPREAD},
                      Cells{"mixed", {1, 1, 1, 0, 0, 0}, v1::SCOPE_MIXED}),
    [](const auto& cells) { return std::string(cells.param.name); });

TEST(SetLogicTest, IsolatedNamesTheRegionOfTheCell) {
  MadeUp made(1);
  made.Results(0, 1, "CN-BJ", 4134, kOpen)
      .Results(0, 1, "CN-BJ", 4837, {0, 40})
      .Results(0, 1, "CN-SH", 4134, {0, 40});
  const Statements statements = MajorityStatements(made.replay());
  EXPECT_THAT(statements.windows[0].at(kChat).open_regions, ElementsAre("CN-BJ"));
}

TEST(SetLogicTest, NothingIsStatedWithoutResults) {
  MadeUp made(1);
  EXPECT_EQ(MajorityStatements(made.replay()).windows[0].at(kChat).scope, std::nullopt);
}

}  // namespace
}  // namespace sightline
