#include "agent/uplink.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/agent/agent_fixture.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;

// Plays collectors by address, each by a function; remembers the addresses tried.
class FakeTransport : public Transport {
 public:
  using Collector = std::function<absl::Status(UplinkSession&)>;

  absl::Status Run(const std::string& address, UplinkSession& session) override {
    std::unique_lock lock(mutex_);
    if (cancelled_) return absl::CancelledError("stopping");
    tried_.push_back(address);
    session.BindTo(Sha256("certificate"));
    const absl::Status status = collectors_.at(address)(session);
    changed_.notify_all();
    return status;
  }
  void Cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  void Play(const std::string& address, Collector collector) {
    const std::lock_guard lock(mutex_);
    collectors_[address] = std::move(collector);
  }
  // The first `count` addresses tried; waits until there are so many.
  std::vector<std::string> Tried(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return tried_.size() >= count; }));
    return {tried_.begin(), tried_.begin() + static_cast<std::ptrdiff_t>(count)};
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Collector> collectors_;
  std::vector<std::string> tried_;
  bool cancelled_ = false;
};

absl::Status Dead(UplinkSession&) { return absl::UnavailableError("connection refused"); }

v1::SubmitResponse Challenge() {
  v1::SubmitResponse message;
  message.mutable_challenge()->set_nonce(std::string(32, 'n'));
  return message;
}

// Acknowledges all that comes.
absl::Status Good(UplinkSession& session, ChainPoint held) {
  session.OnMessage(Challenge());
  v1::SubmitResponse message;
  message.mutable_welcome()->set_last_seq(held.seq);
  message.mutable_welcome()->set_head(held.head);
  auto out = session.OnMessage(message);
  while (session.state() == SessionState::kWaiting) {
    v1::Batch batch;
    EXPECT_TRUE(batch.ParseFromString(out.back().batch().batch()));
    message.mutable_ack()->set_last_seq(batch.batch_seq());
    out = session.OnMessage(message);
  }
  return absl::OkStatus();
}

absl::Status Refusing(UplinkSession& session, v1::RefusalReason reason) {
  session.OnMessage(Challenge());
  v1::SubmitResponse message;
  message.mutable_refusal()->set_reason(reason);
  message.mutable_refusal()->set_detail("because");
  session.OnMessage(message);
  return absl::OkStatus();
}

class UplinkTest : public AgentFixture {
 protected:
  // The collector's point is the spool's: MemoryFiles is used by the uplink's thread alone
  // meanwhile.
  FakeTransport::Collector GoodCollector() {
    return [this](UplinkSession& session) { return Good(session, spool_->totals().acked); };
  }
  void Start(std::vector<std::string> collectors) {
    UplinkOptions options;
    options.collectors = std::move(collectors);
    options.retry_initial = absl::Milliseconds(1);
    options.retry_max = absl::Milliseconds(4);
    options.refused_retry_initial = absl::Milliseconds(1);
    options.refused_retry_max = absl::Milliseconds(4);
    uplink_ = std::make_unique<Uplink>(
        Uplink::Parts{chain_.key(), *spool_, *plans_, board_, clock_, transport_}, options);
  }

  FakeTransport transport_;
  std::unique_ptr<Uplink> uplink_;
};

TEST_F(UplinkTest, ConnectsOnceAtTheStartAndDeliversWhatWaits) {
  Append(20);
  transport_.Play("a", GoodCollector());
  Start({"a"});
  transport_.Tried(1);
  uplink_->Stop();
  EXPECT_EQ(spool_->totals().batches, 0u);
  EXPECT_EQ(board_.Get().collector_state, "delivered");
  EXPECT_EQ(board_.Get().acked_seq, 20);
  EXPECT_GT(board_.Get().bytes_sent, 0);
}

TEST_F(UplinkTest, DeadAddressIsPassedOverAndTheGoodOneIsTriedFirstNextTime) {
  Append(1);
  transport_.Play("dead", Dead);
  transport_.Play("good", GoodCollector());
  Start({"dead", "good"});
  EXPECT_THAT(transport_.Tried(2), ::testing::ElementsAre("dead", "good"));
  uplink_->Wake(true);
  EXPECT_EQ(transport_.Tried(3)[2], "good");
  uplink_->Stop();
}

TEST_F(UplinkTest, KeepsTryingAndTellsWhichAddressesFailedAndWhy) {
  Append(1);
  transport_.Play("a", Dead);
  transport_.Play("b", Dead);
  Start({"a", "b"});
  transport_.Tried(6);
  EXPECT_EQ(board_.Get().collector_state, "unreachable");
  EXPECT_EQ(board_.Get().collector_detail, "a: connection refused; b: connection refused");
  transport_.Play("b", GoodCollector());
  while (board_.Get().collector_state != "delivered") transport_.Tried(7);
  uplink_->Stop();
  EXPECT_EQ(spool_->totals().batches, 0u);
}

TEST_F(UplinkTest, PermanentRefusalIsNotTakenToTheNextAddressAndLosesNothing) {
  Append(1);
  transport_.Play("a", [](UplinkSession& session) {
    return Refusing(session, v1::REFUSAL_REASON_REVOKED_AGENT);
  });
  transport_.Play("b", GoodCollector());
  Start({"a", "b"});
  EXPECT_THAT(transport_.Tried(3), ::testing::ElementsAre("a", "a", "a"));
  uplink_->Stop();
  EXPECT_EQ(board_.Get().collector_state, "refused");
  EXPECT_THAT(board_.Get().last_refusal, HasSubstr("REVOKED_AGENT: because"));
  EXPECT_EQ(spool_->totals().batches, 1u);
}

TEST_F(UplinkTest, PassingRefusalIsTriedElsewhere) {
  Append(1);
  transport_.Play("a", [](UplinkSession& session) {
    return Refusing(session, v1::REFUSAL_REASON_STORE_UNAVAILABLE);
  });
  transport_.Play("b", GoodCollector());
  Start({"a", "b"});
  EXPECT_THAT(transport_.Tried(2), ::testing::ElementsAre("a", "b"));
  uplink_->Stop();
  EXPECT_THAT(board_.Get().last_refusal, HasSubstr("STORE_UNAVAILABLE"));
  EXPECT_EQ(spool_->totals().batches, 0u);
}

TEST_F(UplinkTest, AnotherHistoryIsShownAndNothingIsSent) {
  Append(2);
  transport_.Play("a", [](UplinkSession& session) {
    return Good(session, {2, Sha256("another")});
  });
  Start({"a"});
  transport_.Tried(2);
  uplink_->Stop();
  EXPECT_EQ(board_.Get().collector_state, "diverged");
  EXPECT_EQ(spool_->totals().batches, 2u);
}

}  // namespace
}  // namespace sightline::agent
