#include "agent/backoff.h"

#include <gtest/gtest.h>

namespace sightline::agent {
namespace {

TEST(BackoffTest, DelaysStayUnderADoublingCeiling) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Backoff backoff(absl::Seconds(1), absl::Minutes(5), seed);
    absl::Duration ceiling = absl::Seconds(1);
    for (int i = 0; i < 15; ++i) {
      const absl::Duration delay = backoff.Next();
      EXPECT_GE(delay, absl::ZeroDuration());
      EXPECT_LE(delay, ceiling);
      ceiling = std::min(ceiling * 2, absl::Minutes(5));
    }
  }
}

TEST(BackoffTest, LaterDelaysReachTheMaximumOnAverage) {
  Backoff backoff(absl::Seconds(1), absl::Minutes(5), 1);
  for (int i = 0; i < 10; ++i) backoff.Next();
  absl::Duration sum;
  for (int i = 0; i < 1000; ++i) sum += backoff.Next();
  EXPECT_GT(sum / 1000, absl::Seconds(130));
  EXPECT_LT(sum / 1000, absl::Seconds(170));
}

TEST(BackoffTest, ResetMakesTheNextDelayShort) {
  Backoff backoff(absl::Seconds(1), absl::Minutes(5), 3);
  for (int i = 0; i < 10; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_LE(backoff.Next(), absl::Seconds(1));
}

}  // namespace
}  // namespace sightline::agent
