#include "collector/streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/common/test_plan.h"

namespace sightline {
namespace {

class FakeLiveStream : public LiveStream {
 public:
  void End(absl::Status status) override { ended = std::move(status); }
  void AwaitDrained(std::function<void()> then) override { then(); }
  void OnAgentChanged(const AgentRecord& agent) override { told.push_back(agent.end); }
  void OnTick(absl::Time /*now*/) override { ++ticks; }

  std::optional<absl::Status> ended;
  std::vector<v1::AgentEnd> told;
  int ticks = 0;
};

class StreamsTest : public ::testing::Test {
 protected:
  std::shared_ptr<FakeLiveStream> Enter(absl::Time now = kTestNow) {
    auto stream = std::make_shared<FakeLiveStream>();
    EXPECT_TRUE(streams_.Enter(stream, now));
    return stream;
  }

  Metrics metrics_;
  Streams streams_{2000, metrics_};
};

TEST_F(StreamsTest, WhoNeverSaysHelloIsEndedWhenItsTimeIsUp) {
  const auto silent = Enter();
  const auto proven = Enter();
  EXPECT_EQ(streams_.Prove(proven.get(), "a"), nullptr);
  const auto later = Enter(kTestNow + absl::Seconds(1));
  streams_.EndLate(kTestNow + Streams::kHelloTimeMax - absl::Milliseconds(1));
  EXPECT_FALSE(silent->ended.has_value());
  streams_.EndLate(kTestNow + Streams::kHelloTimeMax);
  ASSERT_TRUE(silent->ended.has_value());
  EXPECT_TRUE(absl::IsDeadlineExceeded(*silent->ended));
  EXPECT_FALSE(proven->ended.has_value());
  EXPECT_FALSE(later->ended.has_value());
  EXPECT_EQ(metrics_.streams_rejected.Value(), 1);
}

TEST_F(StreamsTest, AFullLobbyLosesWhoHasWaitedLongest) {
  const auto first = Enter();
  const auto second = Enter();
  for (size_t i = 2; i < Streams::kLobbyMax; ++i) Enter();
  EXPECT_FALSE(first->ended.has_value());
  Enter();
  ASSERT_TRUE(first->ended.has_value());
  EXPECT_TRUE(absl::IsResourceExhausted(*first->ended));
  EXPECT_FALSE(second->ended.has_value());
  // Those who have proven themselves are no part of it.
  streams_.Prove(second.get(), "a");
  Enter();
  EXPECT_FALSE(second->ended.has_value());
}

TEST_F(StreamsTest, NoMoreThanTheMostAreTaken) {
  Streams two(2, metrics_);
  const auto one = std::make_shared<FakeLiveStream>();
  const auto other = std::make_shared<FakeLiveStream>();
  const auto third = std::make_shared<FakeLiveStream>();
  EXPECT_TRUE(two.Enter(one, kTestNow));
  EXPECT_TRUE(two.Enter(other, kTestNow));
  EXPECT_FALSE(two.Enter(third, kTestNow));
  two.Leave(third.get());
  EXPECT_FALSE(two.Enter(third, kTestNow));
  two.Leave(one.get());
  EXPECT_TRUE(two.Enter(third, kTestNow));
}

TEST_F(StreamsTest, TheNewestStreamOfAnAgentReplacesTheOneBefore) {
  const auto first = Enter();
  const auto second = Enter();
  const auto third = Enter();
  EXPECT_EQ(streams_.Prove(first.get(), "a"), nullptr);
  EXPECT_EQ(streams_.Prove(second.get(), "a"), first);
  // The older one goes after the newer one has come.
  streams_.Leave(first.get());
  EXPECT_EQ(streams_.Prove(third.get(), "a"), second);
  streams_.Leave(third.get());
  streams_.Leave(second.get());
  EXPECT_EQ(metrics_.streams.Value(), 0);
  EXPECT_EQ(streams_.Prove(Enter().get(), "a"), nullptr);
}

TEST_F(StreamsTest, EveryStreamHearsTheClock) {
  const auto first = Enter();
  const auto second = Enter();
  streams_.Tick(kTestNow);
  streams_.Leave(first.get());
  streams_.Tick(kTestNow);
  EXPECT_EQ(first->ticks, 1);
  EXPECT_EQ(second->ticks, 2);
}

}  // namespace
}  // namespace sightline
