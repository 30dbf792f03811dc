#include "agent/probe/budget.h"

#include <gtest/gtest.h>

namespace sightline::probe {
namespace {

using std::chrono::seconds;

class BudgetTest : public testing::Test {
 protected:
  BudgetTest() {
    limits_.set_connections_per_minute(10);
    limits_.set_connections_per_destination_per_minute(3);
    limits_.set_bytes_per_hour(1000);
    limits_.set_bytes_per_destination_per_hour(600);
  }

  int Taken(Budget& budget, const IpAddress& address, uint16_t port, Budget::TimePoint now) const {
    int taken = 0;
    while (taken < 10'000 && budget.TakeConnection(address, port, now)) ++taken;
    return taken;
  }

  const IpAddress a_ = *ParseIpAddress("45.60.1.1");
  const IpAddress b_ = *ParseIpAddress("45.60.1.2");
  const Budget::TimePoint t0_{seconds(1000)};
  v1::ProbeBudget limits_;
};

TEST_F(BudgetTest, APlanCannotRaiseTheCeilings) {
  limits_.set_connections_per_minute(1'000'000);
  limits_.set_bytes_per_hour(uint64_t{1} << 60);
  limits_.clear_connections_per_destination_per_minute();
  const v1::ProbeBudget effective = EffectiveBudget(limits_);
  EXPECT_EQ(effective.connections_per_minute(), kConnectionsPerMinuteMax);
  EXPECT_EQ(effective.bytes_per_hour(), kBytesPerHourMax);
  EXPECT_EQ(effective.connections_per_destination_per_minute(),
            kConnectionsPerDestinationPerMinuteMax);
  EXPECT_EQ(effective.bytes_per_destination_per_hour(), 600U) << "lower ones hold";
}

TEST_F(BudgetTest, ADayHasABoundOfItsOwn) {
  limits_.set_bytes_per_hour(1'000'000);
  limits_.set_bytes_per_destination_per_hour(1'000'000);
  limits_.set_bytes_per_day(1'500'000);
  Budget budget(limits_, t0_);
  budget.AddBytes(a_, 0, 900'000, t0_);
  ASSERT_TRUE(budget.TakeConnection(b_, 443, t0_));
  budget.AddBytes(a_, 0, 900'000, t0_ + seconds(3600));
  EXPECT_FALSE(budget.TakeConnection(b_, 443, t0_ + seconds(3601))) << "the hour allows it";
  EXPECT_TRUE(budget.TakeConnection(b_, 443, t0_ + seconds(5 * 3600)));
}

TEST_F(BudgetTest, ADestinationIsAnAddressAndPort) {
  Budget budget(limits_, t0_);
  EXPECT_EQ(Taken(budget, a_, 443, t0_), 3);
  EXPECT_EQ(Taken(budget, a_, 5222, t0_), 3);
  EXPECT_EQ(Taken(budget, b_, 443, t0_), 3);
  EXPECT_EQ(Taken(budget, b_, 5222, t0_), 1) << "the total counts too";
}

TEST_F(BudgetTest, ARefusalTakesNothing) {
  Budget budget(limits_, t0_);
  EXPECT_TRUE(budget.TakeQuestions(10, t0_));
  EXPECT_FALSE(budget.TakeConnection(a_, 443, t0_));
  // After 6 s one connection is back, and the destination has lost none by the refusals.
  EXPECT_TRUE(budget.TakeConnection(a_, 443, t0_ + seconds(6)));
  EXPECT_FALSE(budget.TakeConnection(a_, 443, t0_ + seconds(6)));
}

TEST_F(BudgetTest, ComesBackWithTime) {
  Budget budget(limits_, t0_);
  EXPECT_EQ(Taken(budget, a_, 443, t0_), 3);
  EXPECT_EQ(Taken(budget, a_, 443, t0_ + seconds(19)), 0);
  EXPECT_EQ(Taken(budget, a_, 443, t0_ + seconds(20)), 1);
  EXPECT_EQ(Taken(budget, a_, 443, t0_ + seconds(1000)), 3) << "never more than a minute's";
}

TEST_F(BudgetTest, BytesOfOneAddressOrOfAllEndConnections) {
  Budget budget(limits_, t0_);
  budget.AddBytes(a_, 0, 600, t0_);
  EXPECT_FALSE(budget.TakeConnection(a_, 443, t0_));
  EXPECT_TRUE(budget.TakeConnection(b_, 443, t0_));
  budget.AddBytes(b_, 0, 400, t0_);
  EXPECT_FALSE(budget.TakeConnection(*ParseIpAddress("45.60.1.3"), 443, t0_));
  EXPECT_TRUE(budget.TakeConnection(b_, 443, t0_ + seconds(60)));
}

TEST_F(BudgetTest, ANewPlanDoesNotGiveBackWhatWasUsed) {
  Budget budget(limits_, t0_);
  EXPECT_EQ(Taken(budget, a_, 443, t0_), 3);
  budget.Change(limits_, t0_);
  EXPECT_EQ(Taken(budget, a_, 443, t0_), 0);
  limits_.set_connections_per_destination_per_minute(4);
  budget.Change(limits_, t0_);
  EXPECT_EQ(Taken(budget, a_, 443, t0_), 1);
  EXPECT_EQ(Taken(budget, b_, 443, t0_), 4);
}

TEST_F(BudgetTest, TellsWhatWasUsedInTheHourAndTheDay) {
  Budget budget(limits_, t0_);
  ASSERT_TRUE(budget.TakeQuestions(2, t0_));
  ASSERT_TRUE(budget.TakeConnection(a_, 443, t0_));
  budget.AddBytes(a_, 100, 30, t0_ + seconds(3599));
  EXPECT_EQ(budget.UseOfHour(t0_ + seconds(3599)).requests, 3U);
  EXPECT_EQ(budget.UseOfHour(t0_ + seconds(3599)).bytes_sent, 100U);
  EXPECT_EQ(budget.UseOfHour(t0_ + seconds(3600)).requests, 0U) << "the next hour";
  ASSERT_TRUE(budget.TakeQuestions(1, t0_ + seconds(7200)));
  EXPECT_EQ(budget.UseOfDay(t0_ + seconds(7200)).requests, 4U);
  EXPECT_EQ(budget.UseOfDay(t0_ + seconds(24 * 3600 - 1)).bytes_received, 30U);
  EXPECT_EQ(budget.UseOfDay(t0_ + seconds(24 * 3600)).bytes_received, 0U);
  EXPECT_EQ(budget.UseOfDay(t0_ + seconds(24 * 3600)).requests, 1U);
  EXPECT_EQ(budget.UseOfDay(t0_ + seconds(1000 * 3600)).requests, 0U);
}

TEST_F(BudgetTest, RefusalsAreNotUse) {
  Budget budget(limits_, t0_);
  EXPECT_FALSE(budget.TakeQuestions(11, t0_));
  EXPECT_EQ(Taken(budget, a_, 443, t0_), 3);
  EXPECT_EQ(budget.UseOfDay(t0_).requests, 3U);
}

TEST_F(BudgetTest, TrimForgetsDestinationsThatAreWhole) {
  Budget budget(limits_, t0_);
  EXPECT_TRUE(budget.TakeConnection(a_, 443, t0_));
  budget.Trim(t0_);
  EXPECT_EQ(budget.destinations(), 1U) << "nothing is used of the bytes";
  budget.Trim(t0_ + seconds(20));
  EXPECT_EQ(budget.destinations(), 0U);
}

}  // namespace
}  // namespace sightline::probe
