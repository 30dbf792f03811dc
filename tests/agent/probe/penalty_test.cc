#include "agent/probe/penalty.h"

#include <gtest/gtest.h>

namespace sightline::probe {
namespace {

using std::chrono::seconds;

class PenaltyBookTest : public testing::Test {
 protected:
  const IpAddress a_ = *ParseIpAddress("45.60.1.1");
  const IpAddress b_ = *ParseIpAddress("2606:4700::1111");
  const PenaltyBook::TimePoint t0_{seconds(1000)};
  PenaltyBook book_;
};

TEST_F(PenaltyBookTest, HoldsForTheAddressAndPortAndNoOther) {
  book_.Note(a_, 443, t0_, seconds(200));
  EXPECT_TRUE(book_.Inside(a_, 443, t0_));
  EXPECT_TRUE(book_.Inside(a_, 443, t0_ + seconds(199)));
  EXPECT_FALSE(book_.Inside(a_, 443, t0_ + seconds(200)));
  EXPECT_FALSE(book_.Inside(a_, 5222, t0_));
  EXPECT_FALSE(book_.Inside(b_, 443, t0_));
}

TEST_F(PenaltyBookTest, AnotherCutWithinItRenewsIt) {
  book_.Note(a_, 443, t0_, seconds(200));
  book_.Note(a_, 443, t0_ + seconds(100), seconds(200));
  EXPECT_TRUE(book_.Inside(a_, 443, t0_ + seconds(299)));
  EXPECT_FALSE(book_.Inside(a_, 443, t0_ + seconds(300)));
}

TEST_F(PenaltyBookTest, NoCoolDownMeansNoPenalty) {
  book_.Note(a_, 443, t0_, seconds(0));
  EXPECT_FALSE(book_.Inside(a_, 443, t0_));
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(PenaltyBookTest, TrimForgetsOnlyWhatIsOver) {
  book_.Note(a_, 443, t0_, seconds(10));
  book_.Note(b_, 443, t0_, seconds(20));
  book_.Trim(t0_ + seconds(10));
  EXPECT_EQ(book_.size(), 1U);
  EXPECT_TRUE(book_.Inside(b_, 443, t0_ + seconds(10)));
}

}  // namespace
}  // namespace sightline::probe
