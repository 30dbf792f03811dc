#include "collector/intake_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class IntakeBudgetTest : public ::testing::Test {
 protected:
  // Notes its number when its turn comes.
  class Stream : public ReadWaiter {
   public:
    Stream(int number, std::vector<int>* turns) : number_(number), turns_(turns) {}
    void OnRoom() override { turns_->push_back(number_); }

   private:
    const int number_;
    std::vector<int>* const turns_;
  };
  bool MayRead(int number) { return budget_.MayRead(std::make_shared<Stream>(number, &turns_)); }
  void Fill() {
    for (size_t i = 0; i < IntakeBudget::kBatchesMax; ++i) budget_.Take(10);
  }

  IntakeBudget budget_;
  std::vector<int> turns_;
};

TEST_F(IntakeBudgetTest, NobodyWaitsWhileThereIsRoom) {
  for (size_t i = 1; i < IntakeBudget::kBatchesMax; ++i) budget_.Take(10);
  EXPECT_TRUE(MayRead(1));
  budget_.Take(10);
  EXPECT_FALSE(MayRead(1));
  budget_.Release(1, 10);
  EXPECT_THAT(turns_, ElementsAre(1));
}

TEST_F(IntakeBudgetTest, EachStreamGetsOneTurnInTheOrderInWhichTheyCame) {
  Fill();
  // The first one wants much, the others little: it comes again behind them.
  EXPECT_FALSE(MayRead(1));
  EXPECT_FALSE(MayRead(2));
  EXPECT_FALSE(MayRead(3));
  budget_.Release(1, 10);
  EXPECT_THAT(turns_, ElementsAre(1));
  budget_.Take(10);
  EXPECT_FALSE(MayRead(1));
  budget_.Release(3, 30);
  EXPECT_THAT(turns_, ElementsAre(1, 2, 3, 1));
}

TEST_F(IntakeBudgetTest, NobodyOvertakesThoseWhoWait) {
  Fill();
  EXPECT_FALSE(MayRead(1));
  EXPECT_FALSE(MayRead(2));
  budget_.Release(1, 10);
  EXPECT_FALSE(MayRead(3));
  budget_.Release(1, 10);
  budget_.Release(1, 10);
  EXPECT_THAT(turns_, ElementsAre(1, 2, 3));
}

TEST_F(IntakeBudgetTest, BytesAreBoundedToo) {
  budget_.Take(IntakeBudget::kBytesMax);
  EXPECT_FALSE(MayRead(1));
  budget_.Take(1);
  budget_.Release(1, 1);
  EXPECT_THAT(turns_, IsEmpty());
  budget_.Release(1, IntakeBudget::kBytesMax);
  EXPECT_THAT(turns_, ElementsAre(1));
  EXPECT_TRUE(MayRead(1));
}

TEST_F(IntakeBudgetTest, AllGoOnWhenNothingIsOnItsWay) {
  Fill();
  for (int i = 0; i < 5000; ++i) EXPECT_FALSE(MayRead(i));
  // Those who are let in have nothing to send.
  for (size_t i = 0; i < IntakeBudget::kBatchesMax; ++i) budget_.Release(1, 10);
  EXPECT_THAT(turns_, SizeIs(5000));
  EXPECT_TRUE(std::is_sorted(turns_.begin(), turns_.end()));
}

}  // namespace
}  // namespace sightline
