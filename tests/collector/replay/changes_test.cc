// True changes, and the windows that are judged.
#include "collector/replay/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/replay/made_up.h"

namespace sightline {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;

TargetTruth Follow(MadeUp& made) { return FollowTruth(made.replay(), kChat, made.truth_of()); }

std::vector<int> NotJudged(const TargetTruth& truth) {
  std::vector<int> result;
  for (size_t i = 0; i < truth.judged.size(); ++i) {
    if (!truth.judged[i]) result.push_back(static_cast<int>(i));
  }
  return result;
}

TEST(ChangesTest, StepsOpenAndClose) {
  MadeUp made(30);
  made.Rate(0, 10, "CN-BJ", 0).Rate(10, 20, "CN-BJ", 0.6).Rate(20, 30, "CN-BJ", 0);
  const TargetTruth truth = Follow(made);
  ASSERT_EQ(truth.movements.size(), 2u);
  EXPECT_EQ(truth.movements[0].kind, v1::EVENT_KIND_OPENING);
  EXPECT_EQ(truth.movements[0].place, (Place{"CN-BJ", 0}));
  EXPECT_EQ(truth.movements[0].start, 10);
  EXPECT_EQ(truth.movements[0].end, 10);
  EXPECT_EQ(truth.movements[0].due, 10);
  EXPECT_EQ(truth.movements[1].kind, v1::EVENT_KIND_CLOSING);
  EXPECT_EQ(truth.movements[1].due, 20);
  EXPECT_EQ(NotJudged(truth), (std::vector<int>{10, 11, 12, 13, 20, 21, 22, 23}));
}

TEST(ChangesTest, NothingIsJudgedAsTrueWhenNothingChanges) {
  MadeUp made(10);
  made.Rate(0, 10, "CN-BJ", 1);
  const TargetTruth truth = Follow(made);
  EXPECT_THAT(truth.movements, IsEmpty());
  EXPECT_THAT(truth.judged, Each(true));
}

TEST(ChangesTest, RampIsOneMovementDueWhereItCrossesOneHalf) {
  MadeUp made(200);
  for (int i = 0; i < 200; ++i) {
    // From 0 at 20 to 0.6 at 140.
    made.Rate(i, i + 1, "CN-BJ", std::clamp((i - 20) / 200.0, 0.0, 0.6));
  }
  const TargetTruth truth = Follow(made);
  ASSERT_EQ(truth.movements.size(), 1u);
  EXPECT_EQ(truth.movements[0].start, 21);
  EXPECT_EQ(truth.movements[0].end, 140);
  EXPECT_EQ(truth.movements[0].due, 120);
  // No word is judged while the share is above 0.2 and below 0.5.
  EXPECT_TRUE(truth.judged[60]);
  EXPECT_FALSE(truth.judged[61]);
  EXPECT_FALSE(truth.judged[119]);
  EXPECT_TRUE(truth.judged[120]);
}

TEST(ChangesTest, StepsMoreThanADayApartAreTwo) {
  MadeUp made(100);
  made.Rate(0, 10, "CN-BJ", 0).Rate(10, 50, "CN-BJ", 0.3).Rate(50, 100, "CN-BJ", 0.9);
  const TargetTruth truth = Follow(made);
  ASSERT_EQ(truth.movements.size(), 2u);
  EXPECT_EQ(truth.movements[0].due, std::nullopt) << "stays below one half";
  EXPECT_EQ(truth.movements[1].due, 50);
}

TEST(ChangesTest, SmallChangesAreNone) {
  MadeUp made(20);
  made.Rate(0, 10, "CN-BJ", 0.45).Rate(10, 20, "CN-BJ", 0.55);
  EXPECT_THAT(Follow(made).movements, IsEmpty());
}

TEST(ChangesTest, ServiceThatIsDownIsNoClosing) {
  MadeUp made(30);
  made.Rate(0, 30, "CN-BJ", 1).TrueScope(0, 30, v1::SCOPE_WIDESPREAD);
  for (int i = 10; i < 20; ++i) {
    made.truth(i).service_down = true;
    made.truth(i).rate["CN-BJ"] = 0;
    made.truth(i).scope = v1::SCOPE_UNDETERMINED;
  }
  const TargetTruth truth = Follow(made);
  EXPECT_THAT(truth.movements, IsEmpty());
  EXPECT_EQ(NotJudged(truth), (std::vector<int>{10, 11, 12, 13, 20, 21, 22, 23}));
}

TEST(ChangesTest, ServiceThatIsDownFromTheStartIsNoOpening) {
  MadeUp made(30);
  made.Rate(0, 30, "CN-BJ", 1);
  for (int i = 0; i < 5; ++i) {
    made.truth(i).service_down = true;
    made.truth(i).rate["CN-BJ"] = 0;
  }
  EXPECT_THAT(Follow(made).movements, IsEmpty());
}

TEST(ChangesTest, NetworkIsDueOnlyWhenTheScopeIsByNetwork) {
  for (const v1::Scope scope : {v1::SCOPE_BY_NETWORK, v1::SCOPE_LOCAL}) {
    MadeUp made(30);
    made.Rate(0, 10, "CN-BJ", 0).Rate(10, 30, "CN-BJ", 0.6).TrueScope(10, 30, scope);
    for (int i = 10; i < 30; ++i) made.truth(i).open_networks = {4134};
    const TargetTruth truth = Follow(made);
    ASSERT_EQ(truth.movements.size(), 2u);
    EXPECT_EQ(truth.movements[0].place, (Place{"", 4134}));
    EXPECT_EQ(truth.movements[0].due.has_value(), scope == v1::SCOPE_BY_NETWORK);
    EXPECT_EQ(truth.movements[1].place, (Place{"CN-BJ", 0}));
    EXPECT_EQ(truth.movements[1].due.has_value(), scope != v1::SCOPE_BY_NETWORK);
  }
}

TEST(ChangesTest, ClosingOfANetworkIsDueByTheScopeBeforeIt) {
  MadeUp made(30);
  made.Rate(0, 10, "CN-BJ", 0.6).Rate(10, 30, "CN-BJ", 0);
  made.TrueScope(0, 10, v1::SCOPE_BY_NETWORK);
  for (int i = 0; i < 10; ++i) made.truth(i).open_networks = {4134};
  const TargetTruth truth = Follow(made);
  ASSERT_EQ(truth.movements.size(), 2u);
  EXPECT_EQ(truth.movements[0].kind, v1::EVENT_KIND_CLOSING);
  EXPECT_EQ(truth.movements[0].due, 10);
  EXPECT_EQ(truth.movements[1].due, std::nullopt);
}

TEST(ChangesTest, NothingIsDueWhereTheEvidenceCarriesNoStatement) {
  MadeUp made(30);
  made.Rate(0, 10, "CN-BJ", 0).Rate(10, 30, "CN-BJ", 0.7);
  made.TrueScope(0, 30, v1::SCOPE_UNDETERMINED);
  const TargetTruth truth = Follow(made);
  ASSERT_EQ(truth.movements.size(), 1u);
  EXPECT_EQ(truth.movements[0].due, std::nullopt);
}

TEST(StateWordTest, WordsFitShares) {
  struct Case {
    v1::AccessState state;
    double rate;
    bool knows_partial;
    bool is_right;
  };
  for (const Case& c : std::initializer_list<Case>{{v1::ACCESS_STATE_BLOCKED, 0, true, true},
                                                   {v1::ACCESS_STATE_BLOCKED, 0.2, true, true},
                                                   {v1::ACCESS_STATE_BLOCKED, 0.6, true, false},
                                                   {v1::ACCESS_STATE_PARTIAL, 0.2, true, false},
                                                   {v1::ACCESS_STATE_PARTIAL, 0.5, true, true},
                                                   {v1::ACCESS_STATE_PARTIAL, 0.9, true, true},
                                                   {v1::ACCESS_STATE_PARTIAL, 1, true, false},
                                                   {v1::ACCESS_STATE_OPEN, 0.6, true, false},
                                                   {v1::ACCESS_STATE_OPEN, 0.6, false, true},
                                                   {v1::ACCESS_STATE_OPEN, 0.8, true, true},
                                                   {v1::ACCESS_STATE_OPEN, 0.1, false, false},
                                                   {v1::ACCESS_STATE_UNKNOWN, 0, true, false}}) {
    EXPECT_EQ(IsRightState(c.state, c.rate, c.knows_partial), c.is_right)
        << v1::AccessState_Name(c.state) << " at " << c.rate;
  }
  EXPECT_TRUE(HasWord(0.2));
  EXPECT_FALSE(HasWord(0.21));
  EXPECT_FALSE(HasWord(0.49));
  EXPECT_TRUE(HasWord(0.5));
}

}  // namespace
}  // namespace sightline
