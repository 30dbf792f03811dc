#include "collector/verdict/lasting.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sightline {
namespace {

constexpr absl::Duration kThreeDays = absl::Hours(72);
constexpr absl::Duration kFourteenDays = absl::Hours(14 * 24);

// Gamma(1, 1) over the rate of u, by hand.
TEST(LastingTest, WithoutHistoryItIsThePrior) {
  EXPECT_NEAR(LastsProbability({}, absl::ZeroDuration(), kThreeDays), 1 / (1 + std::log(73.0)),
              1e-12);
  const double b = 1 + std::log(73.0);
  EXPECT_NEAR(LastsProbability({}, kThreeDays, kFourteenDays), b / (b + std::log(337.0 / 73)),
              1e-12);
}

TEST(LastingTest, WhatHasLastedTendsToGoOn) {
  double last = 0;
  for (int hours = 0; hours <= 72; hours += 6) {
    const double p = LastsProbability({}, absl::Hours(hours), kThreeDays);
    EXPECT_GT(p, last) << hours;
    EXPECT_LE(p, 1) << hours;
    last = p;
  }
  EXPECT_EQ(LastsProbability({}, kThreeDays, kThreeDays), 1);
  EXPECT_EQ(LastsProbability({}, absl::Hours(100), kThreeDays), 1);
}

TEST(LastingTest, GlitchesMakeItLessProbableAndLongOnesMore) {
  const double prior = LastsProbability({}, absl::Hours(2), kThreeDays);
  const LastingRecord glitches{5, 5 * Exposure(absl::Hours(2))};
  EXPECT_LT(LastsProbability(glitches, absl::Hours(2), kThreeDays), prior / 2);
  const LastingRecord months{5, 5 * Exposure(absl::Hours(60 * 24))};
  EXPECT_GT(LastsProbability(months, absl::Hours(2), kThreeDays), prior);
  const LastingRecord lost{0, Exposure(absl::Hours(24))};
  EXPECT_GT(LastsProbability(lost, absl::Hours(2), kThreeDays), prior)
      << "what was lost from sight lasted at least as long as it was seen";
}

// Of durations drawn from the model with a known rate, the learnt probability comes to the share
// that lasts.
TEST(LastingTest, LearnsTheRate) {
  LastingRecord record;
  int lasted = 0;
  const double rate = 0.4;
  for (int i = 0; i < 1000; ++i) {
    const double u = -std::log((i + 0.5) / 1000) / rate;  // quantiles of the exponential
    ++record.ended;
    record.exposure += u;
    lasted += std::expm1(u) >= 72 ? 1 : 0;
  }
  EXPECT_NEAR(LastsProbability(record, absl::ZeroDuration(), kThreeDays), lasted / 1000.0, 0.01);
}

TEST(LastingTest, NoTimeHasNoExposure) {
  EXPECT_EQ(Exposure(absl::ZeroDuration()), 0);
  EXPECT_EQ(Exposure(absl::Hours(-1)), 0);
  EXPECT_NEAR(Exposure(absl::Seconds(8)), std::log1p(8.0 / 3600), 1e-15);
}

}  // namespace
}  // namespace sightline
