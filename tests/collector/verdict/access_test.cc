#include "collector/verdict/access.h"

#include <gtest/gtest.h>

#include "common/message.h"

namespace sightline {
namespace {

constexpr Contrasts kReached{Contrast::kReached, false};

Evidence Votes(uint32_t open, uint32_t blocked) {
  Evidence evidence;
  const uint32_t n = open + blocked;
  evidence.votes = {n, 1.0 * n, 1.0 * open};
  evidence.buckets_open = open;
  evidence.buckets_blocked = blocked;
  return evidence;
}

TEST(AccessTest, WithoutControlsFailuresProveNothingAndTheRestDoesNotLookOpen) {
  const struct {
    uint32_t open;
    uint32_t blocked;
    Contrast outside;
    v1::AccessState state;
    const char* why;
  } cases[] = {
      {8, 0, Contrast::kReached, v1::ACCESS_STATE_OPEN, "all reach it"},
      {0, 8, Contrast::kReached, v1::ACCESS_STATE_BLOCKED, "none reaches it, controls do"},
      {4, 4, Contrast::kReached, v1::ACCESS_STATE_PARTIAL, "half reach it"},
      {8, 0, Contrast::kUnknown, v1::ACCESS_STATE_OPEN, "success needs no control"},
      {0, 8, Contrast::kUnknown, v1::ACCESS_STATE_UNKNOWN, "no control"},
      {4, 4, Contrast::kUnknown, v1::ACCESS_STATE_UNKNOWN, "half of the votes would be missing"},
      {8, 0, Contrast::kNotReached, v1::ACCESS_STATE_OPEN, "success needs no control"},
      {0, 8, Contrast::kNotReached, v1::ACCESS_STATE_DOWN, "service down"},
      {4, 4, Contrast::kNotReached, v1::ACCESS_STATE_DOWN, "it went down in this window"},
      {3, 0, Contrast::kReached, v1::ACCESS_STATE_UNKNOWN, "too few"},
  };
  for (const auto& c : cases) {
    const v1::Access access = AccessOf(Votes(c.open, c.blocked), {c.outside, false});
    EXPECT_EQ(access.state(), c.state) << ShortName(access.state()) << "; " << c.why;
    const bool numbers = access.buckets_open() + access.buckets_blocked() > 0;
    const bool statement = c.state != v1::ACCESS_STATE_UNKNOWN && c.state != v1::ACCESS_STATE_DOWN;
    EXPECT_EQ(numbers, statement) << c.why;
  }
}

TEST(AccessTest, CauseIsTheMostFrequentFailureOfTheMostFrequentLayer) {
  Evidence evidence = Votes(0, 9);
  evidence.causes = {{{"dns", "dns_bogon_error"}, 3},
                     {{"dns", "dns_nxdomain_error"}, 2},
                     {{"tls", "connection_reset"}, 4}};
  const v1::Access access = AccessOf(evidence, kReached);
  EXPECT_EQ(access.blocked_layer(), "dns");
  EXPECT_EQ(access.blocked_failure(), "dns_bogon_error");
}

TEST(AccessTest, TooManySuspectsAreADispute) {
  Evidence evidence = Votes(4, 16);
  evidence.buckets_suspected = 2;
  EXPECT_EQ(AccessOf(evidence, kReached).state(), v1::ACCESS_STATE_BLOCKED);
  EXPECT_EQ(AccessOf(evidence, kReached).buckets_suspected(), 0) << "two could be found out";
  evidence.buckets_suspected = 6;
  const v1::Access access = AccessOf(evidence, kReached);
  EXPECT_EQ(access.state(), v1::ACCESS_STATE_DISPUTED);
  EXPECT_EQ(access.buckets_open() + access.buckets_blocked(), 0);
  EXPECT_EQ(access.buckets_suspected(), 6);
  EXPECT_EQ(AccessOf(Votes(0, 8), {Contrast::kReached, true}).state(), v1::ACCESS_STATE_DISPUTED);
  EXPECT_EQ(AccessOf(Votes(0, 3), {Contrast::kReached, true}).state(), v1::ACCESS_STATE_UNKNOWN);
}

TEST(AccessTest, SaysHowProbableTheStateIs) {
  EXPECT_GT(AccessOf(Votes(0, 12), kReached).state_probability(), 0.97);
  const v1::Access some = AccessOf(Votes(6, 6), kReached);
  EXPECT_EQ(some.state(), v1::ACCESS_STATE_PARTIAL);
  EXPECT_GT(some.state_probability(), 0.6);
  EXPECT_EQ(AccessOf(Votes(6, 2), kReached).state_probability(), 0) << "not known";
}

}  // namespace
}  // namespace sightline
