// A session without gRPC: its stream notes what it sent, its work is done in the caller's thread.
#ifndef SIGHTLINE_TESTS_COLLECTOR_SESSION_FIXTURE_H_
#define SIGHTLINE_TESTS_COLLECTOR_SESSION_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "collector/session.h"
#include "tests/collector/memory_store.h"
#include "tests/collector/test_agent.h"
#include "tests/collector/test_certificates.h"
#include "tests/common/fake_clock.h"

namespace sightline {

// What the session sent, to be waited for.
class FakeStream : public SubmitStream {
 public:
  void Read() override {
    const std::lock_guard lock(mutex_);
    ++reads_;
    changed_.notify_all();
  }
  void Write(v1::SubmitResponse response) override {
    const std::lock_guard lock(mutex_);
    written_.push_back(std::move(response));
    changed_.notify_all();
  }
  void Close(absl::Status status) override {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(closed_.has_value()) << "closed twice";
    closed_ = std::move(status);
    changed_.notify_all();
  }

  void BreakIfStuck(absl::Time /*now*/) override {}

  // Waits until the condition holds of this stream, and fails the test after a while.
  template <typename Condition>
  void WaitFor(const char* what, Condition condition) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), condition)) << what;
  }
  void WaitForReads(int count) {
    WaitFor("reads", [&] { return reads_ >= count; });
  }
  v1::Refusal WaitForRefusal() {
    WaitFor("a refusal and the end", [&] { return closed_.has_value(); });
    EXPECT_FALSE(written_.empty());
    EXPECT_TRUE(written_.back().has_refusal()) << written_.back().ShortDebugString();
    return written_.back().refusal();
  }
  void WaitForAck(uint64_t seq) {
    WaitFor("an acknowledgement", [&] {
      return !written_.empty() && written_.back().has_ack() &&
             written_.back().ack().last_seq() == seq;
    });
  }
  const std::vector<v1::SubmitResponse>& written() const { return written_; }
  const std::optional<absl::Status>& closed() const { return closed_; }
  int reads() {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<v1::SubmitResponse> written_;
  std::optional<absl::Status> closed_;
  int reads_ = 0;
};

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    store_.AddAgent(agent_.Record());
    EXPECT_TRUE(plans_.Publish(SignPlan(TestPlan(1), operator_key_)).ok());
  }
  ~SessionTest() override { Disconnect(); }

  void Disconnect() {
    if (session_ == nullptr) return;
    session_->Detach();
    session_.reset();
  }

  // Opens a stream and says hello.
  void Connect(uint64_t plan_version = 1) {
    Open();
    const std::string nonce = stream_->written().at(0).challenge().nonce();
    EXPECT_EQ(nonce.size(), 32u);
    v1::SubmitRequest request;
    *request.mutable_hello() = agent_.HelloTo(nonce, plan_version);
    session_->OnMessage(request);
  }
  void Open() {
    Disconnect();
    stream_ = std::make_unique<FakeStream>();
    session_ =
        std::make_shared<Session>(context_, Origin{"CN", 4134, "\x1e\x0b\x01"}, stream_.get());
    session_->Start();
  }
  void Send(const v1::SignedBatch& batch) {
    v1::SubmitRequest request;
    *request.mutable_batch() = batch;
    session_->OnMessage(request);
  }
  // Waits until the log holds `count` batches.
  void WaitForStored(size_t count) {
    std::unique_lock lock(commit_mutex_);
    EXPECT_TRUE(committed_.wait_for(lock, std::chrono::seconds(20),
                                    [&] { return store_.log().size() >= count; }));
  }
  // Sends one message that must be refused, with nothing stored.
  v1::Refusal SendRefused(const v1::SignedBatch& batch) {
    const size_t before = store_.log().size();
    Send(batch);
    v1::Refusal refusal = stream_->WaitForRefusal();
    EXPECT_EQ(store_.log().size(), before);
    EXPECT_FALSE(refusal.detail().empty());
    return refusal;
  }

  TestAgent agent_;
  const SigningKey operator_key_ = SigningKey::Generate();
  FakeClock clock_{kTestNow};
  MemoryStore store_;
  PlanBook plans_{store_, operator_key_.public_key(), clock_};
  BucketKeys bucket_keys_{store_};
  std::unique_ptr<FakeStream> stream_;
  std::mutex commit_mutex_;
  std::condition_variable committed_;
  Metrics metrics_;
  RecentLog recent_{100};
  IntakeBudget budget_;
  Streams streams_{100, metrics_};
  HelloGuard guard_;
  Writer writer_{store_, "n1", recent_, metrics_, [this] {
                   const std::lock_guard lock(commit_mutex_);
                   committed_.notify_all();
                 }};
  // In the caller's thread.
  const SessionContext::Post inline_ = [](const std::function<void()>& work) { work(); };
  const SessionContext context_{store_,   plans_,   bucket_keys_, writer_,
                                budget_,  streams_, guard_,       TestCertificates(),
                                metrics_, clock_,   inline_,      inline_};
  std::shared_ptr<Session> session_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_SESSION_FIXTURE_H_
