#include "collector/workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace sightline {
namespace {

using ::testing::ElementsAre;

TEST(WorkersTest, WorkIsDoneInTheOrderInWhichItCame) {
  std::vector<int> done;
  Workers workers(1);
  for (int i = 1; i <= 4; ++i) {
    workers.Post([&done, i] { done.push_back(i); });
  }
  workers.Stop();
  EXPECT_THAT(done, ElementsAre(1, 2, 3, 4));
  workers.Post([] { FAIL() << "after the end"; });
}

TEST(WorkersTest, AStuckStoreDoesNotStopWhatNeedsTheProcessor) {
  // Outlive the workers, who may still be using them when their answer is here.
  std::promise<void> answered;
  std::promise<void> verified;
  Workers store(1);
  Workers cpu(1);
  store.Post([&] { answered.get_future().wait(); });
  cpu.Post([&] { verified.set_value(); });
  EXPECT_EQ(verified.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  answered.set_value();
}

TEST(WorkersTest, CallersThatNothingBoundsAreTurnedAwayWhenTooManyWait) {
  std::promise<void> go;
  std::promise<void> last;
  std::promise<void> other;
  Workers workers(1);
  workers.Post([&] { go.get_future().wait(); });
  for (int i = 1; i < Workers::kTriedMax; ++i) EXPECT_TRUE(workers.TryPost([] {}));
  EXPECT_TRUE(workers.TryPost([&] { last.set_value(); }));
  EXPECT_FALSE(workers.TryPost([] { FAIL() << "one too many"; }));
  // Others are not concerned.
  workers.Post([&] { other.set_value(); });
  go.set_value();
  last.get_future().wait();
  other.get_future().wait();
  EXPECT_TRUE(workers.TryPost([] {}));
}

}  // namespace
}  // namespace sightline
