#include "collector/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/collector/said_world.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WatchTest : public testing::Test {
 protected:
  WatchTest() {
    world_.Say(0, false);
    Refresh();
  }

  void Refresh() {
    ASSERT_TRUE(chronicle_.Refresh(world_.plan).ok());
    world_.Show(board_);
  }
  void Say(int hour, bool open) {
    world_.Say(hour, open);
    Refresh();
  }

  absl::StatusOr<WatchSession> Begin(const std::string& token = "",
                                     const std::vector<std::string>& targets = {}) {
    v1::WatchSummariesRequest request;
    request.set_country("CN");
    request.set_resume_token(token);
    for (const std::string& target : targets) request.add_target_ids(target);
    return WatchSession::Begin(world_.store, chronicle_, board_, world_.plan, request);
  }

  // Everything that comes now: "S" a summary, "H" a heartbeat, numbers are changes.
  std::vector<std::string> All(WatchSession& session) {
    std::vector<std::string> all;
    for (;;) {
      const std::optional<v1::WatchSummariesResponse> next = session.Next(now_);
      if (!next.has_value()) {
        if (!session.NeedsStore()) return all;
        EXPECT_TRUE(session.ReadStore(world_.store).ok());
        continue;
      }
      token_ = next->resume_token();
      EXPECT_FALSE(token_.empty());
      if (next->has_summary()) all.push_back("S");
      if (next->has_heartbeat()) all.push_back("H");
      if (next->has_change()) all.push_back(absl::StrCat(next->change().change_seq()));
    }
  }

  SaidWorld world_;
  Board board_;
  Chronicle chronicle_{world_.store, {.changes_kept = 4}};
  absl::Time now_ = CellTime(100);
  std::string token_;
};

TEST_F(WatchTest, FirstHowThingsAreThenEveryChangeOnce) {
  auto session = Begin();
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_THAT(All(*session), ElementsAre("S"));
  EXPECT_THAT(All(*session), IsEmpty());
  Say(1, true);
  EXPECT_THAT(All(*session), ElementsAre("3"));
  Say(2, true);
  EXPECT_THAT(All(*session), IsEmpty()) << "nothing changed";
  Say(3, false);
  Say(4, true);
  EXPECT_THAT(All(*session), ElementsAre("4", "5"));
}

TEST_F(WatchTest, ATokenGoesOnBehindItsMessage) {
  auto first = Begin();
  EXPECT_THAT(All(*first), ElementsAre("S"));
  const std::string after_summary = token_;
  Say(1, true);
  EXPECT_THAT(All(*first), ElementsAre("3"));
  const std::string after_change = token_;
  Say(2, false);
  auto again = Begin(after_summary);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(All(*again), ElementsAre("H", "3", "4"));
  auto later = Begin(after_change);
  EXPECT_THAT(All(*later), ElementsAre("H", "4"));
  EXPECT_NE(token_, after_change);
}

TEST_F(WatchTest, OldChangesComeFromTheStore) {
  auto session = Begin();
  EXPECT_THAT(All(*session), ElementsAre("S"));
  const std::string token = token_;
  for (int hour = 1; hour <= 20; ++hour) Say(hour, hour % 2 == 1);
  std::vector<std::string> expected;
  for (int seq = 3; seq <= 22; ++seq) expected.push_back(absl::StrCat(seq));
  EXPECT_EQ(All(*session), expected) << "a slow reader";
  auto resumed = Begin(token);
  expected.insert(expected.begin(), "H");
  EXPECT_EQ(All(*resumed), expected);
}

TEST_F(WatchTest, AnotherCollectorOnTheStoreGoesOn) {
  auto session = Begin();
  EXPECT_THAT(All(*session), ElementsAre("S"));
  Say(1, true);
  EXPECT_THAT(All(*session), ElementsAre("3"));
  world_.Say(2, false);  // this collector has not looked yet
  Chronicle other(world_.store);
  ASSERT_TRUE(other.Refresh(world_.plan).ok());
  v1::WatchSummariesRequest request;
  request.set_country("CN");
  request.set_resume_token(token_);
  auto there = WatchSession::Begin(world_.store, other, board_, world_.plan, request);
  ASSERT_TRUE(there.ok());
  EXPECT_THAT(All(*there), ElementsAre("H", "4"));
  // And back to the one that lags behind: nothing is told twice.
  auto back = Begin(token_);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_THAT(All(*back), ElementsAre("H"));
  Refresh();
  EXPECT_THAT(All(*back), IsEmpty());
  Say(3, true);
  EXPECT_THAT(All(*back), ElementsAre("5"));
}

TEST_F(WatchTest, OtherTargetsAreSkippedAndTheTokenMovesOn) {
  auto session = Begin("", {"signal"});
  EXPECT_THAT(All(*session), ElementsAre("S"));
  const std::string before = token_;
  Say(1, true);
  EXPECT_THAT(All(*session), IsEmpty());
  now_ += WatchSession::kHeartbeat;
  EXPECT_THAT(All(*session), ElementsAre("H"));
  EXPECT_NE(token_, before) << "whoever resumes need not look through them again";
}

TEST_F(WatchTest, AHeartbeatComesWhenNothingElseDoes) {
  auto session = Begin();
  EXPECT_THAT(All(*session), ElementsAre("S"));
  now_ += WatchSession::kHeartbeat - absl::Seconds(1);
  EXPECT_THAT(All(*session), IsEmpty());
  now_ += absl::Seconds(1);
  EXPECT_THAT(All(*session), ElementsAre("H"));
  now_ += WatchSession::kHeartbeat - absl::Seconds(1);
  Say(1, true);
  EXPECT_THAT(All(*session), ElementsAre("3"));
  now_ += absl::Seconds(1);
  EXPECT_THAT(All(*session), IsEmpty()) << "the change was a sign of life";
}

TEST_F(WatchTest, BadTokensAndRequestsAreNamed) {
  EXPECT_THAT(Begin("x!").status().message(), HasSubstr("resume_token: must be"));
  EXPECT_THAT(Begin(absl::WebSafeBase64Escape("CN -1")).status().message(),
              HasSubstr("resume_token: must be"));
  EXPECT_THAT(Begin(absl::WebSafeBase64Escape("IR 1")).status().message(),
              HasSubstr("resume_token: is of IR, and country is CN"));
  const absl::Status ahead = Begin(absl::WebSafeBase64Escape("CN 99")).status();
  EXPECT_TRUE(absl::IsOutOfRange(ahead));
  EXPECT_THAT(ahead.message(), HasSubstr("begin without a token"));
  EXPECT_TRUE(absl::IsNotFound(Begin("", {"telegram"}).status()));
  v1::WatchSummariesRequest request;
  request.set_country("XX");
  EXPECT_TRUE(absl::IsNotFound(
      WatchSession::Begin(world_.store, chronicle_, board_, world_.plan, request).status()));
}

}  // namespace
}  // namespace sightline
