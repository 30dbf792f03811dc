#include "tests/bench/load/pace.h"

#include <gtest/gtest.h>

namespace sightline::load {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

TEST(PaceTest, TheFirstIsDueAtTheStart) {
  const Pace pace(kStart, 10);
  EXPECT_EQ(pace.CountDue(kStart - absl::Nanoseconds(1)), 0);
  EXPECT_EQ(pace.CountDue(kStart), 1);
  EXPECT_EQ(pace.CountDue(kStart + absl::Milliseconds(99)), 1);
  EXPECT_EQ(pace.CountDue(kStart + absl::Milliseconds(100)), 2);
}

TEST(PaceTest, AStallDoesNotMoveWhatIsDue) {
  const Pace pace(kStart, 170);
  // Whoever looks again after a minute finds all of its 10,200, each due at its own time.
  EXPECT_EQ(pace.CountDue(kStart + absl::Minutes(1) - absl::Milliseconds(1)), 10'200);
  EXPECT_EQ(pace.DueAt(17), kStart + absl::Milliseconds(100));
}

TEST(PaceTest, CountAgreesWithDueTimesAtEveryBoundary) {
  for (const double rate : {0.3, 3.0, 170.0, 7777.7}) {
    const Pace pace(kStart, rate);
    for (int64_t i = 0; i < 3000; ++i) {
      ASSERT_EQ(pace.CountDue(pace.DueAt(i)), i + 1) << rate << " " << i;
      ASSERT_EQ(pace.CountDue(pace.DueAt(i) - absl::Nanoseconds(1)), i) << rate << " " << i;
    }
  }
}

}  // namespace
}  // namespace sightline::load
