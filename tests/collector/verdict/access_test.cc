#include "collector/verdict/access.h"

#include <gtest/gtest.h>

#include "common/message.h"

namespace sightline {
namespace {

Evidence Votes(uint32_t open, uint32_t blocked) {
  Evidence evidence;
  const uint32_t n = open + blocked;
  evidence.votes = {n, 1.0 * n, 1.0 * n, 1.0 * open};
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
    const v1::Access access = AccessOf(Votes(c.open, c.blocked), c.outside);
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
  const v1::Access access = AccessOf(evidence, Contrast::kReached);
  EXPECT_EQ(access.blocked_layer(), "dns");
  EXPECT_EQ(access.blocked_failure(), "dns_bogon_error");
}

}  // namespace
}  // namespace sightline
