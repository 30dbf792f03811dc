#include "collector/fold_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "tests/collector/memory_store.h"
#include "tests/collector/test_agent.h"
#include "tests/common/fake_clock.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;

class FoldLoopTest : public ::testing::Test {
 protected:
  FoldLoopTest() {
    store_.AddAgent(agent_.Record());
    EXPECT_TRUE(plans_.Publish(SignPlan(TestPlan(1), operator_key_)).ok());
  }

  void Append(const v1::Batch& batch) {
    const v1::SignedBatch sealed = agent_.Seal(batch);
    LogRecord record;
    record.agent_id = batch.agent_id();
    record.first_seq = record.batch_seq = batch.batch_seq();
    record.prev_hash = batch.prev_hash();
    record.chain_hash = ChainHash(sealed, batch);
    record.round_time = absl::FromUnixMillis(batch.round_time_ms());
    record.receive_time = record.round_time;
    record.country = "CN";
    record.asn = 4134;
    record.bucket = std::string(16, 'b');
    record.batch = sealed.batch();
    record.signature = sealed.signature();
    ASSERT_EQ(store_.Append("n1", {record})->outcomes[0], AppendOutcome::kAppended);
    loop_->Wake();
  }

  // Waits until the board's word on China is what the condition wants.
  template <typename Condition>
  void WaitFor(const Board& board, Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    Board::Summary summary = board.Get("CN");
    while (!condition(summary) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
      summary = board.Get("CN");
    }
    ASSERT_TRUE(condition(summary)) << summary.status();
  }
  template <typename Condition>
  void WaitFor(Condition condition) {
    WaitFor(board_, condition);
  }

  static FoldLoopOptions Options(const std::string& node) {
    FoldLoopOptions options;
    options.leader.node = node;
    return options;
  }

  TestAgent agent_;
  const SigningKey operator_key_ = SigningKey::Generate();
  FakeClock clock_{kTestNow + absl::Minutes(30)};
  MemoryStore store_;
  PlanBook plans_{store_, operator_key_.public_key(), clock_};
  const RegionNames regions_ = *RegionNames::Load();
  Board board_;
  const SystemSteadyClock steady_clock_;
  Metrics metrics_;
  std::unique_ptr<FoldLoop> loop_ = std::make_unique<FoldLoop>(
      FoldLoopParts{store_, plans_, regions_, clock_, steady_clock_, board_, metrics_},
      Options("n1"));
};

TEST_F(FoldLoopTest, PublishesAWindowOnceItIsComplete) {
  Append(agent_.NextBatch());
  WaitFor([](const Board::Summary& summary) {
    return absl::IsUnavailable(summary.status()) &&
           summary.status().message().find("no window") != absl::string_view::npos;
  });
  clock_.Advance(absl::Hours(1));
  WaitFor([](const Board::Summary& each) { return each.ok(); });
  const Board::Summary summary = board_.Get("CN");
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(FromProto((*summary)->window_start_time()), kTestNow);
  EXPECT_EQ((*summary)->verdicts_size(), 5);
}

TEST_F(FoldLoopTest, GoesOnWhenTheStoreIsBack) {
  store_.FailWith(absl::UnavailableError("gone"));
  clock_.Advance(absl::Hours(1));
  store_.FailWith(absl::OkStatus());
  Append(agent_.NextBatch());
  WaitFor([](const Board::Summary& summary) { return summary.ok(); });
}

TEST_F(FoldLoopTest, ABackupThatHoldsTheLogsLockDoesNotStopTheFold) {
  loop_.reset();
  store_.FailDaysWith(absl::AbortedError("a lock was not given in time"));
  loop_ = std::make_unique<FoldLoop>(
      FoldLoopParts{store_, plans_, regions_, clock_, steady_clock_, board_, metrics_},
      Options("n1"));
  Append(agent_.NextBatch());
  clock_.Advance(absl::Hours(1));
  WaitFor([](const Board::Summary& summary) { return summary.ok(); });
  EXPECT_TRUE(loop_->State().error.ok()) << loop_->State().error;
}

TEST_F(FoldLoopTest, ADamagedLogIsSaidInsteadOfAVerdict) {
  clock_.Advance(absl::Hours(1));
  Append(agent_.NextBatch());
  WaitFor([](const Board::Summary& summary) { return summary.ok(); });
  LogRecord damaged;
  damaged.agent_id = agent_.Record().agent_id;
  damaged.first_seq = damaged.batch_seq = 2;
  damaged.prev_hash = store_.FindAgent(damaged.agent_id)->head;
  damaged.round_time = damaged.receive_time = kTestNow;
  damaged.batch = "\xff\xff";
  ASSERT_EQ(store_.Append("n1", {damaged})->outcomes[0], AppendOutcome::kAppended);
  WaitFor([](const Board::Summary& each) { return absl::IsDataLoss(each.status()); });
  EXPECT_THAT(std::string(board_.Get("CN").status().message()), HasSubstr("damaged"));
}

TEST_F(FoldLoopTest, AStandbySaysTheSameBytesAndTakesOver) {
  Append(agent_.NextBatch());
  clock_.Advance(absl::Hours(1));
  WaitFor(board_, [](const Board::Summary& summary) { return summary.ok(); });
  EXPECT_TRUE(loop_->State().leads);
  Board board;
  Metrics metrics;
  FoldLoop standby({store_, plans_, regions_, clock_, steady_clock_, board, metrics},
                   Options("n2"));
  ASSERT_TRUE(board.Get("CN").ok()) << "what is stored is there before it has done anything";
  EXPECT_EQ((*board.Get("CN"))->SerializeAsString(), (*board_.Get("CN"))->SerializeAsString());
  // A round of the next hour, and that hour's end.
  Append(agent_.NextBatch(kTestNow + absl::Hours(1)));
  clock_.Advance(absl::Hours(1));
  const auto is_next = [](const Board::Summary& summary) {
    return summary.ok() && FromProto((*summary)->window_start_time()) == kTestNow + absl::Hours(1);
  };
  WaitFor(board, is_next);
  WaitFor(board_, is_next);
  EXPECT_EQ((*board.Get("CN"))->SerializeAsString(), (*board_.Get("CN"))->SerializeAsString());
  EXPECT_FALSE(standby.State().leads);
  EXPECT_EQ(standby.State().leader, "n1");
  loop_ = nullptr;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!standby.State().caught_up && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(standby.State().leads);
  EXPECT_EQ(store_.ReadCheckpoint()->positions.at("n1"), 2U) << "written when the leader ended";
  EXPECT_EQ(metrics.Folded("folded").Value(), 0) << "nothing is folded twice";
}

TEST_F(FoldLoopTest, AnotherCountryIsNotFoundByName) {
  WaitFor([](const Board::Summary& summary) {
    return summary.status().message().find("no window") != absl::string_view::npos;
  });
  const absl::Status status = board_.Get("XX").status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("known: CN"));
}

}  // namespace
}  // namespace sightline
