#include <atomic>
#include <thread>

#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

class StoreConcurrencyTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(All, StoreConcurrencyTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreConcurrencyTest, ThreadsOfOneNodeShareItsOrderAndAReaderMissesNothing) {
  constexpr int kThreads = 4;
  constexpr uint64_t kBatches = 25;
  const auto store = Open();
  std::vector<TestAgent> agents;
  for (int i = 0; i < kThreads; ++i) {
    agents.emplace_back(i);
    Enroll(*store, agents.back());
  }
  std::vector<std::thread> threads;
  for (const TestAgent& agent : agents) {
    threads.emplace_back([&store, &agent] {
      for (uint64_t seq = 1; seq <= kBatches; ++seq) {
        EXPECT_EQ(AppendOne(*store, "n1", agent.Record(seq)), AppendOutcome::kAppended);
      }
    });
  }
  // Follows the log while it is written.
  uint64_t after = 0;
  while (after < kThreads * kBatches) {
    const auto records = store->ReadLog("n1", after, 7);
    ASSERT_TRUE(records.ok()) << records.status();
    for (const LogRecord& record : *records) EXPECT_EQ(record.node_seq, ++after);
  }
  for (std::thread& thread : threads) thread.join();
  CheckInvariants(*store, agents);
}

TEST_P(StoreConcurrencyTest, CollectorsThatRaceForAnAgentKeepOneChain) {
  constexpr int kCollectors = 3;
  constexpr uint64_t kBatches = 30;
  const std::vector<TestAgent> agents = {TestAgent(1), TestAgent(2)};
  std::vector<std::unique_ptr<Store>> stores;
  for (int i = 0; i < kCollectors; ++i) stores.push_back(Open());
  for (const TestAgent& agent : agents) Enroll(*stores[0], agent);
  std::atomic<uint64_t> appended = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kCollectors; ++i) {
    threads.emplace_back([&, i] {
      Store& store = *stores[static_cast<size_t>(i)];
      while (true) {
        const auto one = store.FindAgent(agents[0].id());
        const auto two = store.FindAgent(agents[1].id());
        ASSERT_TRUE(one.ok() && two.ok());
        if (one->last_seq >= kBatches && two->last_seq >= kBatches) return;
        // Each collector names the agents in another order.
        std::vector<LogRecord> records = {agents[0].Record(one->last_seq + 1),
                                          agents[1].Record(two->last_seq + 1)};
        if (i % 2 == 1) std::swap(records[0], records[1]);
        const auto outcomes = store.Append(absl::StrCat("n", i), records);
        ASSERT_TRUE(outcomes.ok()) << outcomes.status();
        for (const AppendOutcome outcome : outcomes->outcomes) {
          if (outcome == AppendOutcome::kAppended) ++appended;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  uint64_t stored = 0;
  for (const TestAgent& agent : agents) stored += stores[0]->FindAgent(agent.id())->last_seq;
  EXPECT_EQ(appended, stored);
  EXPECT_GE(stored, 2 * kBatches);
  CheckInvariants(*stores[0], agents);
}

// Two processes with one node name are an operator's mistake. It may cost errors, never the order.
TEST_P(StoreConcurrencyTest, TwoHandlesWithOneNodeNameNeverRepeatANodeSeq) {
  const TestAgent agent(1);
  const auto one = Open();
  const auto two = Open();
  Enroll(*one, agent);
  int refused = 0;
  for (uint64_t seq = 1; seq <= 12; ++seq) {
    Store& store = seq % 2 == 0 ? *one : *two;
    auto outcomes = store.Append("n1", {agent.Record(seq)});
    if (!outcomes.ok()) {
      ++refused;
      EXPECT_TRUE(absl::IsUnavailable(outcomes.status()) || absl::IsAborted(outcomes.status()))
          << outcomes.status();
      outcomes = store.Append("n1", {agent.Record(seq)});
    }
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    EXPECT_EQ(outcomes->outcomes[0], AppendOutcome::kAppended);
  }
  EXPECT_EQ(refused, GetParam() == Backend::kSqlite ? 0 : 10);
  CheckInvariants(*one, {agent});
}

}  // namespace
}  // namespace sightline
