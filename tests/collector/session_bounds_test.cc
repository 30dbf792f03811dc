// What keeps one agent from harming the others, and what happens where streams meet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/collector/session_fixture.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A store whose appends can be held back.
class HeldStore : public MemoryStore {
 public:
  absl::StatusOr<AppendResult> Append(absl::string_view node,
                                      absl::Span<const LogRecord> records) override {
    {
      std::unique_lock lock(mutex_);
      holding_ = held_;
      changed_.notify_all();
      EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !held_; }));
    }
    return MemoryStore::Append(node, records);
  }
  void Hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  void WaitUntilHolding() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [this] { return holding_; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool holding_ = false;
};

class SessionBoundsTest : public ::testing::Test {
 protected:
  SessionBoundsTest() {
    store_.AddAgent(agent_.Record());
    EXPECT_TRUE(plans_.Publish(SignPlan(TestPlan(1), operator_key_)).ok());
  }

  // One side of a stream; detached when it goes.
  struct Peer {
    explicit Peer(const SessionContext& context)
        : session(std::make_shared<Session>(context, Origin{"CN", 4134, "\x1e\x0b\x01"}, &stream)) {
      session->Start();
    }
    ~Peer() { session->Detach(); }
    void Greet(const TestAgent& agent) {
      v1::SubmitRequest request;
      *request.mutable_hello() = agent.HelloTo(stream.written().at(0).challenge().nonce(), 1);
      session->OnMessage(std::move(request));
    }
    void Send(const v1::SignedBatch& batch) {
      v1::SubmitRequest request;
      *request.mutable_batch() = batch;
      session->OnMessage(std::move(request));
    }
    FakeStream stream;
    std::shared_ptr<Session> session;
  };
  std::unique_ptr<Peer> Connect() {
    auto peer = std::make_unique<Peer>(context_);
    peer->Greet(agent_);
    return peer;
  }
  v1::SignedBatch Forged() {
    v1::SignedBatch batch = SealBatch(agent_.NextBatch(), agent_.key());
    batch.mutable_signature()->front() ^= 1;
    return batch;
  }
  double Refusals(v1::RefusalReason reason) { return metrics_.Refused(reason).Value(); }

  TestAgent agent_;
  const SigningKey operator_key_ = SigningKey::Generate();
  FakeClock clock_{kTestNow};
  HeldStore store_;
  PlanBook plans_{store_, operator_key_.public_key(), clock_};
  BucketKeys bucket_keys_{store_};
  Metrics metrics_;
  RecentLog recent_{100};
  IntakeBudget budget_;
  Streams streams_{100, metrics_};
  HelloGuard guard_;
  Writer writer_{store_, "n1", recent_, metrics_, nullptr};
  const SessionContext::Post inline_ = [](const std::function<void()>& work) { work(); };
  // Work for the store may be kept back, as a stuck store would.
  bool keep_store_work_ = false;
  std::vector<std::function<void()>> store_work_;
  const SessionContext context_{store_,
                                plans_,
                                bucket_keys_,
                                writer_,
                                budget_,
                                streams_,
                                guard_,
                                TestCertificates(),
                                metrics_,
                                clock_,
                                inline_,
                                [this](std::function<void()> work) {
                                  if (keep_store_work_) {
                                    store_work_.push_back(std::move(work));
                                  } else {
                                    work();
                                  }
                                }};
};

TEST_F(SessionBoundsTest, ManyBatchesOfOneCommitAreOneAcknowledgement) {
  const auto peer = Connect();
  store_.Hold(true);
  peer->Send(agent_.Seal(agent_.NextBatch()));
  store_.WaitUntilHolding();
  for (size_t i = 1; i < Session::kInFlightMax; ++i) peer->Send(agent_.Seal(agent_.NextBatch()));
  // Challenge, welcome; and sixteen reads for seventeen messages at most.
  EXPECT_THAT(peer->stream.written(), SizeIs(2));
  EXPECT_EQ(peer->stream.reads(), static_cast<int>(Session::kInFlightMax) + 1);
  store_.Hold(false);
  peer->stream.WaitForAck(Session::kInFlightMax);
  EXPECT_THAT(peer->stream.written(), SizeIs(4));
  peer->stream.WaitForReads(static_cast<int>(Session::kInFlightMax) + 2);
  // Two groups: what waited was taken up for the next commit.
  EXPECT_THAT(recent_.ReadAfter(0, 100), SizeIs(Session::kInFlightMax));
  EXPECT_EQ(metrics_.batches_accepted.Value(), static_cast<double>(Session::kInFlightMax));
}

TEST_F(SessionBoundsTest, ANewerStreamOfTheAgentEndsTheOlderOne) {
  const auto older = Connect();
  const auto newer = Connect();
  ASSERT_TRUE(older->stream.closed().has_value());
  EXPECT_TRUE(absl::IsAborted(*older->stream.closed()));
  EXPECT_THAT(std::string(older->stream.closed()->message()), HasSubstr("newer stream"));
  older->Send(agent_.Seal(agent_.NextBatch()));
  EXPECT_EQ(metrics_.bytes_received.Value(), 0);
  EXPECT_TRUE(newer->stream.written().back().has_welcome());
  EXPECT_EQ(metrics_.hellos.Value(), 2);
}

TEST_F(SessionBoundsTest, ANewerStreamIsWelcomedOnlyWhenTheOlderOnesBatchesAreStored) {
  auto older = Connect();
  store_.Hold(true);
  older->Send(agent_.Seal(agent_.NextBatch()));
  store_.WaitUntilHolding();
  older->Send(agent_.Seal(agent_.NextBatch()));
  // The connection breaks, and the agent is back before the collector has noticed.
  const auto newer = Connect();
  EXPECT_THAT(newer->stream.written(), SizeIs(1));
  const auto newest = Connect();
  EXPECT_THAT(newest->stream.written(), SizeIs(1));
  older.reset();
  store_.Hold(false);
  newest->stream.WaitForReads(2);
  ASSERT_TRUE(newest->stream.written().back().has_welcome());
  EXPECT_EQ(newest->stream.written().back().welcome().last_seq(), 2u);
  newest->Send(agent_.Seal(agent_.NextBatch()));
  newest->stream.WaitForAck(3);
  EXPECT_FALSE(newer->stream.written().back().has_welcome());
}

TEST_F(SessionBoundsTest, WrongSignaturesShutTheAgentOutForAGrowingTime) {
  for (int i = 0; i <= HelloGuard::kFreeStrikes; ++i) {
    const auto peer = Connect();
    peer->Send(Forged());
    EXPECT_EQ(peer->stream.WaitForRefusal().reason(), v1::REFUSAL_REASON_BAD_SIGNATURE);
  }
  store_.FailWith(absl::UnavailableError("must not be asked"));
  EXPECT_THAT(Connect()->stream.WaitForRefusal().detail(), HasSubstr("try again in 2s"));
  store_.FailWith(absl::OkStatus());
  EXPECT_EQ(Refusals(v1::REFUSAL_REASON_TOO_OFTEN), 1);
  EXPECT_EQ(Refusals(v1::REFUSAL_REASON_BAD_SIGNATURE), 4);
  clock_.Advance(absl::Seconds(2));
  const auto peer = Connect();
  peer->Send(agent_.Seal(agent_.NextBatch()));
  peer->stream.WaitForAck(1);
}

TEST_F(SessionBoundsTest, AFloodOfStrangersIsRefusedUnreadAndAKnownAgentIsNot) {
  Connect();
  const TestAgent stranger;
  for (int i = 0; i < 2 * static_cast<int>(HelloGuard::kBurst); ++i) {
    Peer peer(context_);
    peer.Greet(stranger);
    peer.stream.WaitForRefusal();
  }
  EXPECT_EQ(Refusals(v1::REFUSAL_REASON_UNKNOWN_AGENT), HelloGuard::kBurst);
  EXPECT_EQ(Refusals(v1::REFUSAL_REASON_TOO_OFTEN), HelloGuard::kBurst);
  EXPECT_TRUE(Connect()->stream.written().back().has_welcome());
}

TEST_F(SessionBoundsTest, ARepeatOfADroppedDayIsTakenForARepeat) {
  const auto peer = Connect();
  const v1::SignedBatch old = agent_.Seal(agent_.NextBatch(kTestNow - absl::Hours(48)));
  peer->Send(old);
  peer->stream.WaitForAck(1);
  ASSERT_TRUE(store_.DropDaysBefore(DayOf(kTestNow)).ok());
  ASSERT_THAT(store_.log(), SizeIs(0));
  const auto again = Connect();
  again->Send(old);
  again->stream.WaitForAck(1);
  EXPECT_FALSE(store_.FindAgent(agent_.Record().agent_id)->equivocated);
  EXPECT_EQ(metrics_.batches_repeated.Value(), 1);
}

TEST_F(SessionBoundsTest, WhoSendsWhatIsStoredOverAndOverIsEnded) {
  const auto peer = Connect();
  const v1::SignedBatch batch = agent_.Seal(agent_.NextBatch());
  peer->Send(batch);
  peer->stream.WaitForAck(1);
  for (size_t i = 0; i < Session::kRepeatsMax; ++i) peer->Send(batch);
  EXPECT_FALSE(peer->stream.closed().has_value());
  peer->Send(batch);
  EXPECT_EQ(peer->stream.WaitForRefusal().reason(), v1::REFUSAL_REASON_PROTOCOL);
  EXPECT_THAT(store_.log(), SizeIs(1));
}

TEST_F(SessionBoundsTest, AStuckStoreStopsRepeatsAndUnknownPlansButNothingElse) {
  const auto peer = Connect();
  peer->Send(agent_.Seal(agent_.NextBatch()));
  peer->stream.WaitForAck(1);
  keep_store_work_ = true;
  const TestAgent other("CN-SH");
  store_.AddAgent(other.Record());
  Peer waiting(context_);
  waiting.Greet(other);
  peer->Send(agent_.Seal(agent_.NextBatch()));
  peer->stream.WaitForAck(2);
  // The key of another day has to be asked for.
  peer->Send(agent_.Seal(agent_.NextBatch(kTestNow - absl::Hours(24))));
  EXPECT_THAT(store_work_, SizeIs(2));
  keep_store_work_ = false;
  for (const auto& work : store_work_) work();
  peer->stream.WaitForAck(3);
  EXPECT_TRUE(waiting.stream.written().back().has_welcome());
}

TEST_F(SessionBoundsTest, APlanIsRefusedOnceAStream) {
  const auto peer = Connect();
  v1::SubmitRequest request;
  request.mutable_plan_refusal()->set_reason(v1::PLAN_REFUSAL_REASON_NOT_NEWER);
  peer->session->OnMessage(request);
  EXPECT_FALSE(peer->stream.closed().has_value());
  peer->session->OnMessage(request);
  EXPECT_EQ(peer->stream.WaitForRefusal().reason(), v1::REFUSAL_REASON_PROTOCOL);
}

TEST_F(SessionBoundsTest, TheBudgetGetsBackAllThatItGave) {
  {
    Writer writer(store_, "n2", recent_, metrics_, nullptr);
    const SessionContext context{store_,   plans_,   bucket_keys_, writer,
                                 budget_,  streams_, guard_,       TestCertificates(),
                                 metrics_, clock_,   inline_,      inline_};
    for (int i = 0; i < 3; ++i) {
      Peer peer(context);
      peer.Greet(agent_);
      peer.Send(agent_.Seal(agent_.NextBatch()));
      peer.stream.WaitForAck(agent_.seq());
      peer.Send(Forged());
      peer.stream.WaitForRefusal();
    }
  }
  // All of it is there again: it is full after exactly as many as it holds.
  class Nobody : public ReadWaiter {
    void OnRoom() override {}
  };
  for (size_t i = 1; i < IntakeBudget::kBatchesMax; ++i) budget_.Take(1);
  EXPECT_TRUE(budget_.MayRead(std::make_shared<Nobody>()));
  budget_.Take(1);
  EXPECT_FALSE(budget_.MayRead(std::make_shared<Nobody>()));
}

TEST_F(SessionBoundsTest, TooManyStreamsAreTurnedAwayWithoutAChallenge) {
  Streams one(1, metrics_);
  const SessionContext crowded{store_,   plans_, bucket_keys_, writer_,
                               budget_,  one,    guard_,       TestCertificates(),
                               metrics_, clock_, inline_,      inline_};
  Peer first(crowded);
  Peer second(crowded);
  ASSERT_TRUE(second.stream.closed().has_value());
  EXPECT_TRUE(absl::IsResourceExhausted(*second.stream.closed()));
  EXPECT_THAT(second.stream.written(), SizeIs(0));
  EXPECT_FALSE(first.stream.closed().has_value());
}

}  // namespace
}  // namespace sightline
