#include "collector/webhook/back_off.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace sightline {
namespace {

TEST(BackOffTest, DoublesFromASecondToTenMinutesAndAddsUpToHalf) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int failed = 1; failed <= 40; ++failed) {
    const absl::Duration base = failed <= 10 ? absl::Seconds(1 << (failed - 1)) : absl::Minutes(10);
    absl::Duration least = absl::InfiniteDuration();
    absl::Duration most;
    for (int i = 0; i < 200; ++i) {
      const absl::Duration wait = BackOff(failed, random);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    EXPECT_GE(least, base) << failed;
    EXPECT_LE(most, 1.5 * base) << failed;
    EXPECT_GT(most - least, 0.3 * base) << failed << ": no chance in it";
    EXPECT_LE(most, kBackOffMax);
  }
}

TEST(BackOffTest, NumbersThatCannotBeAreBounded) {
  std::mt19937 random(1);
  EXPECT_LE(BackOff(0, random), absl::Seconds(1.5));
  EXPECT_LE(BackOff(std::numeric_limits<int>::max(), random), kBackOffMax);
}

TEST(BackOffTest, WhatTheReceiverAsksForIsGrantedWithinReason) {
  std::mt19937 random(1);
  EXPECT_EQ(WaitAfter(1, 503, absl::Minutes(2), random), absl::Minutes(2));
  EXPECT_EQ(WaitAfter(1, 503, absl::Hours(200), random), kBackOffMax);
  EXPECT_GE(WaitAfter(11, 429, absl::Seconds(1), random), absl::Minutes(10));
  EXPECT_LE(WaitAfter(1, 500, absl::ZeroDuration(), random), absl::Seconds(1.5));
  EXPECT_EQ(WaitAfter(1, 410, absl::ZeroDuration(), random), kBackOffMax);
}

}  // namespace
}  // namespace sightline
