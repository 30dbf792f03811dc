#include "collector/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>

#include "tests/collector/memory_store.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr std::chrono::seconds kPatience(20);

// Holds back or answers Append as it is told, and notes the groups.
class StubbornStore : public MemoryStore {
 public:
  absl::StatusOr<AppendResult> Append(absl::string_view node,
                                      absl::Span<const LogRecord> records) override {
    {
      std::unique_lock lock(mutex_);
      ++waiting_;
      changed_.notify_all();
      EXPECT_TRUE(changed_.wait_for(lock, kPatience, [this] { return !held_; }));
      --waiting_;
      groups_.push_back(records.size());
      if (!answers_.empty()) {
        const auto [status, store_first] = answers_.front();
        answers_.pop_front();
        if (store_first) {
          EXPECT_TRUE(MemoryStore::Append(node, records).ok());
        }
        return status;
      }
      for (const LogRecord& record : records) {
        if (record.country == "??") return absl::InvalidArgumentError("country");
      }
    }
    return MemoryStore::Append(node, records);
  }
  void Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  void WaitUntilHolding() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [this] { return waiting_ > 0; }));
  }
  // The next Append fails; with `store_first` although it stored everything.
  void AnswerNext(absl::Status status, bool store_first = false) {
    const std::lock_guard lock(mutex_);
    answers_.push_back({std::move(status), store_first});
  }
  std::vector<size_t> groups() {
    const std::lock_guard lock(mutex_);
    return groups_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int waiting_ = 0;
  std::deque<std::pair<absl::Status, bool>> answers_;
  std::vector<size_t> groups_;
};

class Listener : public CommitListener {
 public:
  void OnCommitted(size_t appended, size_t failed, const absl::Status& status) override {
    const std::lock_guard lock(mutex_);
    ++calls_;
    appended_ += appended;
    failed_ += failed;
    if (failed > 0) {
      status_ = status;
    } else {
      EXPECT_TRUE(status.ok()) << status;
    }
    changed_.notify_all();
  }
  void WaitFor(size_t records) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return appended_ + failed_ >= records; }));
  }
  int calls() const { return calls_; }
  size_t appended() const { return appended_; }
  size_t failed() const { return failed_; }
  const absl::Status& status() const { return status_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int calls_ = 0;
  size_t appended_ = 0;
  size_t failed_ = 0;
  absl::Status status_;
};

class WriterTest : public ::testing::Test {
 protected:
  // Agent `name`'s record number `seq`.
  NewRecord Make(char name, uint64_t seq, std::shared_ptr<Listener> listener) const {
    NewRecord entry;
    entry.record.agent_id = std::string(kHashBytes, name);
    entry.record.first_seq = entry.record.batch_seq = seq;
    entry.record.prev_hash = seq == 1 ? std::string() : Hash(name, seq - 1);
    entry.record.chain_hash = Hash(name, seq);
    entry.record.round_time = kTestNow;
    entry.record.batch = "bytes";
    entry.results = 3;
    Round round;
    round.agent_id = entry.record.agent_id;
    round.round_time = kTestNow + absl::Seconds(static_cast<int64_t>(seq));
    entry.round = std::make_shared<const Round>(std::move(round));
    entry.listener = std::move(listener);
    return entry;
  }
  static std::string Hash(char name, uint64_t seq) {
    return Sha256(std::string(1, name) + std::to_string(seq));
  }
  // Keeps the writer busy with a record of agent 'z' until Release.
  void HoldWriter(Writer& writer) {
    store_.Hold();
    writer.Enqueue(Make('z', 1, busy_));
    store_.WaitUntilHolding();
  }

  StubbornStore store_;
  RecentLog recent_{1000};
  Metrics metrics_;
  const std::shared_ptr<Listener> busy_ = std::make_shared<Listener>();
  const std::shared_ptr<Listener> one_ = std::make_shared<Listener>();
  const std::shared_ptr<Listener> two_ = std::make_shared<Listener>();
};

TEST_F(WriterTest, WhatQueuedMeanwhileIsOneGroupAndEachListenerHearsOnce) {
  Writer writer(store_, "n1", recent_, metrics_, nullptr);
  HoldWriter(writer);
  for (uint64_t seq = 1; seq <= 10; ++seq) {
    writer.Enqueue(Make('a', seq, one_));
    writer.Enqueue(Make('b', seq, two_));
  }
  EXPECT_EQ(metrics_.queue_depth.Value(), 20);
  store_.Release();
  one_->WaitFor(10);
  two_->WaitFor(10);
  EXPECT_THAT(store_.groups(), ElementsAre(1, 20));
  EXPECT_EQ(one_->calls(), 1);
  EXPECT_EQ(two_->calls(), 1);
  EXPECT_EQ(one_->appended(), 10u);
  EXPECT_EQ(metrics_.queue_depth.Value(), 0);
  EXPECT_EQ(metrics_.batches_accepted.Value(), 21);
  EXPECT_EQ(metrics_.results_accepted.Value(), 63);
}

TEST_F(WriterTest, AGroupIsBoundedByCountAndByBytes) {
  Writer writer(store_, "n1", recent_, metrics_, nullptr);
  HoldWriter(writer);
  for (uint64_t seq = 1; seq <= Writer::kGroupMax + 1; ++seq) writer.Enqueue(Make('a', seq, one_));
  const size_t big = Writer::kGroupBytesMax / 4;
  for (uint64_t seq = 1; seq <= 6; ++seq) {
    NewRecord entry = Make('b', seq, two_);
    entry.record.batch = std::string(big, 'x');
    writer.Enqueue(std::move(entry));
  }
  store_.Release();
  one_->WaitFor(Writer::kGroupMax + 1);
  two_->WaitFor(6);
  // The last small one goes with three big ones; a fourth would be above the bytes.
  EXPECT_THAT(store_.groups(), ElementsAre(1, Writer::kGroupMax, 4, 3));
}

TEST_F(WriterTest, TheFoldFindsTheRoundsWithTheirPlacesBeforeTheAgentHears) {
  std::vector<RecentRound> seen;
  Writer writer(store_, "n1", recent_, metrics_, [&] {
    EXPECT_EQ(one_->calls(), 0);
    seen = recent_.ReadAfter(0, 100);
  });
  HoldWriter(writer);
  // Of two streams of one agent one comes second: its records are conflicts and have no place.
  writer.Enqueue(Make('a', 1, one_));
  writer.Enqueue(Make('a', 1, two_));
  writer.Enqueue(Make('a', 2, two_));
  writer.Enqueue(Make('b', 1, one_));
  store_.Release();
  one_->WaitFor(2);
  two_->WaitFor(2);
  EXPECT_EQ(two_->failed(), 2u);
  EXPECT_TRUE(absl::IsAborted(two_->status()));
  ASSERT_THAT(seen, SizeIs(3));
  const std::vector<LogRecord> log = store_.log();
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].node_seq, log[i].node_seq);
    EXPECT_EQ(seen[i].round->agent_id, log[i].agent_id);
  }
}

TEST_F(WriterTest, ALostRaceIsTriedAgain) {
  Writer writer(store_, "n1", recent_, metrics_, nullptr);
  store_.AnswerNext(absl::AbortedError("deadlock"));
  writer.Enqueue(Make('a', 1, one_));
  one_->WaitFor(1);
  EXPECT_EQ(one_->appended(), 1u);
  EXPECT_EQ(metrics_.CommitFailed("ABORTED").Value(), 1);
}

TEST_F(WriterTest, ACommitInDoubtIsStoredOnceAndTheAgentHasToAsk) {
  Writer writer(store_, "n1", recent_, metrics_, nullptr);
  store_.AnswerNext(absl::AbortedError("in doubt"), /*store_first=*/true);
  writer.Enqueue(Make('a', 1, one_));
  one_->WaitFor(1);
  EXPECT_EQ(one_->failed(), 1u);
  EXPECT_TRUE(absl::IsAborted(one_->status()));
  EXPECT_THAT(store_.log(), SizeIs(1));
  // The fold reads it from the store: what follows has another place.
  EXPECT_THAT(recent_.ReadAfter(0, 10), IsEmpty());
  writer.Enqueue(Make('b', 1, two_));
  two_->WaitFor(1);
  EXPECT_THAT(recent_.ReadAfter(0, 10), IsEmpty());
  ASSERT_THAT(recent_.ReadAfter(1, 10), SizeIs(1));
  EXPECT_EQ(recent_.ReadAfter(1, 10)[0].node_seq, 2u);
}

TEST_F(WriterTest, ARecordThatTheStoreNeverTakesDoesNotTakeOthersWithIt) {
  Writer writer(store_, "n1", recent_, metrics_, nullptr);
  HoldWriter(writer);
  for (uint64_t seq = 1; seq <= 9; ++seq) {
    writer.Enqueue(Make('a', seq, one_));
    NewRecord entry = Make('b', seq, two_);
    if (seq == 5) entry.record.country = "??";
    writer.Enqueue(std::move(entry));
  }
  store_.Release();
  one_->WaitFor(9);
  two_->WaitFor(9);
  EXPECT_EQ(one_->appended(), 9u);
  EXPECT_EQ(two_->appended(), 4u);
  EXPECT_TRUE(absl::IsInvalidArgument(two_->status()));
  EXPECT_EQ(two_->calls(), 1);
  EXPECT_THAT(store_.log(), SizeIs(1 + 9 + 4));
}

TEST_F(WriterTest, AStoreThatFailsFailsTheGroupAndTheNextOneGoesOn) {
  Writer writer(store_, "n1", recent_, metrics_, nullptr);
  store_.AnswerNext(absl::ResourceExhaustedError("disk full"));
  writer.Enqueue(Make('a', 1, one_));
  one_->WaitFor(1);
  EXPECT_EQ(one_->failed(), 1u);
  EXPECT_TRUE(absl::IsResourceExhausted(one_->status()));
  writer.Enqueue(Make('a', 1, two_));
  two_->WaitFor(1);
  EXPECT_EQ(two_->appended(), 1u);
}

TEST_F(WriterTest, WhatIsQueuedIsStoredAndToldBeforeTheEnd) {
  {
    Writer writer(store_, "n1", recent_, metrics_, nullptr);
    HoldWriter(writer);
    for (uint64_t seq = 1; seq <= 1000; ++seq) writer.Enqueue(Make('a', seq, one_));
    store_.Release();
  }
  EXPECT_EQ(one_->appended(), 1000u);
  EXPECT_THAT(store_.log(), SizeIs(1001));
  EXPECT_THAT(store_.groups(), Each(Le(Writer::kGroupMax)));
  EXPECT_THAT(store_.groups(), Each(Ge(1u)));
}

}  // namespace
}  // namespace sightline
