#include "collector/storefront_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const StoreKey kKey = {"CN", "whatsapp", "app-store"};

absl::Time Hour(int i) { return kTestNow + absl::Hours(i); }

class StorefrontWatchTest : public ::testing::Test {
 protected:
  // A control says so `minute` minutes into the hour `i`.
  void Says(char control, int i, bool listed, int minute = 20) {
    Round round;
    round.agent_id = std::string(32, control);
    round.round_time = Hour(i) + absl::Minutes(minute);
    round.sightings.push_back({kKey.country, kKey.target_id, kKey.store_id, listed});
    watch_.Add(round);
  }
  // Two controls say so in the hour `i`.
  void BothSay(int i, bool listed) {
    Says('a', i, listed);
    Says('b', i, listed);
  }
  // "listed at 0 known 2 first": what became different by the hour `i`, in hours.
  std::vector<std::string> Judge(int i) {
    std::vector<std::string> changes;
    for (const StoreChange& change : watch_.Judge(Hour(i))) {
      EXPECT_FALSE(change.key < kKey || kKey < change.key);
      changes.push_back(absl::StrCat(
          change.listed ? "listed at " : "absent at ", (change.time - kTestNow) / absl::Hours(1),
          " known ", (change.known - kTestNow) / absl::Hours(1), change.first ? " first" : ""));
    }
    return changes;
  }

  StorefrontWatch watch_{absl::Hours(1)};
};

TEST_F(StorefrontWatchTest, TwoControlsInTwoWindowsAreAChangeOnce) {
  watch_.Know(kKey, true, Hour(-9));
  BothSay(0, false);
  EXPECT_THAT(Judge(0), IsEmpty()) << "one window";
  BothSay(1, false);
  EXPECT_THAT(Judge(1), ElementsAre("absent at 0 known 2"));
  BothSay(2, false);
  BothSay(3, false);
  EXPECT_THAT(Judge(3), IsEmpty()) << "said already";
  BothSay(4, true);
  BothSay(5, true);
  EXPECT_THAT(Judge(5), ElementsAre("listed at 4 known 6"));
}

TEST_F(StorefrontWatchTest, WhatIsKnownIsNoChange) {
  watch_.Know(kKey, true, Hour(-9));
  for (int i = 0; i < 4; ++i) BothSay(i, true);
  EXPECT_THAT(Judge(3), IsEmpty());
}

TEST_F(StorefrontWatchTest, WindowsBeforeWhatIsKnownAreOldNews) {
  watch_.Know(kKey, false, Hour(2));
  for (int i = 0; i < 3; ++i) BothSay(i, true);
  for (int i = 3; i < 5; ++i) BothSay(i, false);
  EXPECT_THAT(Judge(4), IsEmpty()) << "the log is read again";
  for (int i = 5; i < 7; ++i) BothSay(i, true);
  EXPECT_THAT(Judge(6), ElementsAre("listed at 5 known 7"));
}

TEST_F(StorefrontWatchTest, TheFirstThatIsKnownSaysSo) {
  BothSay(0, true);
  BothSay(1, true);
  EXPECT_THAT(Judge(1), ElementsAre("listed at 0 known 2 first"));
}

TEST_F(StorefrontWatchTest, OneControlIsNotEnoughHoweverOftenItSaysSo) {
  watch_.Know(kKey, true, Hour(-9));
  for (int i = 0; i < 4; ++i) {
    Says('a', i, false, 10);
    Says('a', i, false, 20);
  }
  EXPECT_THAT(Judge(3), IsEmpty());
}

TEST_F(StorefrontWatchTest, ControlsThatContradictEachOtherSayNothing) {
  watch_.Know(kKey, true, Hour(-9));
  for (int i = 0; i < 4; ++i) {
    BothSay(i, false);
    Says('c', i, true);
  }
  EXPECT_THAT(Judge(3), IsEmpty());
}

TEST_F(StorefrontWatchTest, TheLastWordOfAControlInAWindowCounts) {
  watch_.Know(kKey, true, Hour(-9));
  Says('a', 0, false, 50);
  Says('a', 0, true, 10);  // arrives later, and is older
  Says('b', 0, true, 10);
  Says('b', 0, false, 50);
  BothSay(1, false);
  EXPECT_THAT(Judge(1), ElementsAre("absent at 0 known 2"));
}

TEST_F(StorefrontWatchTest, WindowsThatSayNothingBetweenThemAreNotInARow) {
  watch_.Know(kKey, true, Hour(-9));
  BothSay(0, false);
  Says('a', 1, false);
  BothSay(2, false);
  EXPECT_THAT(Judge(2), IsEmpty());
  BothSay(3, false);
  EXPECT_THAT(Judge(3), ElementsAre("absent at 2 known 4"));
}

TEST_F(StorefrontWatchTest, WindowsAreJudgedWhenTheyAreOverAndNotAgain) {
  watch_.Know(kKey, true, Hour(-9));
  BothSay(0, false);
  BothSay(1, false);
  EXPECT_THAT(Judge(0), IsEmpty());
  BothSay(0, true);  // too late: that window was judged
  EXPECT_THAT(Judge(1), ElementsAre("absent at 0 known 2"));
}

TEST_F(StorefrontWatchTest, StoresAreApart) {
  Round round;
  round.round_time = Hour(0);
  for (const char control : {'a', 'b'}) {
    for (int i = 0; i < 2; ++i) {
      round.agent_id = std::string(32, control);
      round.round_time = Hour(i);
      round.sightings = {{"CN", "whatsapp", "app-store", true},
                         {"CN", "signal", "app-store", false},
                         {"RU", "signal", "app-store", true},
                         {"CN", "signal", "other", true}};
      watch_.Add(round);
    }
  }
  std::vector<std::string> changes;
  for (const StoreChange& change : watch_.Judge(Hour(1))) {
    changes.push_back(absl::StrCat(change.key.country, " ", change.key.target_id, " ",
                                   change.key.store_id, change.listed ? " +" : " -"));
  }
  EXPECT_THAT(changes, ElementsAre("CN signal app-store -", "CN signal other +",
                                   "CN whatsapp app-store +", "RU signal app-store +"));
}

TEST_F(StorefrontWatchTest, WhatIsNoRoundIsNotHeard) {
  Round round;
  round.kind = RoundKind::kFromFuture;
  round.sightings.push_back({"CN", "whatsapp", "app-store", true});
  for (const char control : {'a', 'b'}) {
    round.agent_id = std::string(32, control);
    for (int i = 0; i < 2; ++i) {
      round.round_time = Hour(i);
      watch_.Add(round);
    }
  }
  EXPECT_THAT(Judge(1), IsEmpty());
}

}  // namespace
}  // namespace sightline
