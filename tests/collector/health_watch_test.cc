#include "collector/health_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "common/plan.h"
#include "tests/collector/fake_steady_clock.h"
#include "tests/collector/memory_store.h"
#include "tests/common/fake_clock.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;

// Does not answer while it is held.
class SlowStore : public MemoryStore {
 public:
  absl::StatusOr<LeaseRecord> ReadLease(absl::string_view name) override {
    const std::lock_guard lock(held);
    return MemoryStore::ReadLease(name);
  }
  std::mutex held;
};

class HealthWatchTest : public ::testing::Test {
 protected:
  static HealthWatchOptions Quick() {
    HealthWatchOptions options;
    options.node = "n1";
    options.look_interval = options.probe_interval = absl::Milliseconds(2);
    options.patience = absl::Seconds(60);
    options.full_max = absl::ZeroDuration();
    return options;
  }

  void Start(const HealthWatchOptions& options) {
    watch_.emplace(HealthWatchParts{store_, plans_, board_, clock_, metrics_, health_, &pulse_},
                   options);
  }

  // Waits until the part is in this state for a reason with these words.
  void WaitFor(HealthPart part, HealthState state, absl::string_view words) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto there = [&] {
      const PartHealth health = health_.Get(part);
      return health.state == state && absl::StrContains(health.reason, words);
    };
    // Looked at once: the next look of the watch may find another state.
    bool seen = there();
    while (!seen && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
      seen = there();
    }
    EXPECT_TRUE(seen) << words << "; it is: " << health_.Json();
  }

  void Publish(uint64_t version) {
    ASSERT_TRUE(plans_.Publish(SignPlan(TestPlan(version), operator_key_)).ok());
  }

  // Until the pulse is there after a long silence, or for so long as it may take.
  bool BeatsAgain() {
    steady_clock_.Advance(Pulse::kSilenceMax * 2);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!pulse_.IsAlive() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return pulse_.IsAlive();
  }

  FakeSteadyClock steady_clock_;
  Pulse pulse_{steady_clock_};
  FakeClock clock_{kTestNow};
  SlowStore store_;
  const SigningKey operator_key_ = SigningKey::Generate();
  PlanBook plans_{store_, operator_key_.public_key(), clock_};
  Board board_;
  Metrics metrics_;
  Health health_{clock_};
  std::optional<HealthWatch> watch_;
};

TEST_F(HealthWatchTest, FreshCollectorServesAndSaysThatItHasNoPlan) {
  Start(Quick());
  WaitFor(HealthPart::kPlan, HealthState::kDegraded, "none is published");
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
  WaitFor(HealthPart::kIntake, HealthState::kServing, "");
  WaitFor(HealthPart::kFold, HealthState::kServing, "");
  EXPECT_EQ(health_.Services(), ServiceHealth());
  Publish(1);
  WaitFor(HealthPart::kPlan, HealthState::kServing, "version 1");
  clock_.Advance(absl::Hours(24 * 365 * 20));
  WaitFor(HealthPart::kPlan, HealthState::kDegraded, "expired");
}

TEST_F(HealthWatchTest, StoreThatFailsIsNamedUntilItWorksAgain) {
  Start(Quick());
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
  store_.FailWith(absl::UnavailableError("PostgreSQL is not reachable"));
  WaitFor(HealthPart::kStore, HealthState::kFailing, "UNAVAILABLE: PostgreSQL is not reachable");
  EXPECT_FALSE(health_.Services().ingest);
  EXPECT_TRUE(health_.Services().summaries);
  store_.FailWith(absl::OkStatus());
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
  EXPECT_TRUE(health_.Services().ingest);
}

TEST_F(HealthWatchTest, PulseStopsWhenALookHangs) {
  Start(Quick());
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
  std::promise<void> hangs;
  std::promise<void> go_on;
  health_.Follow([&, first = true](const ServiceHealth&) mutable {
    if (std::exchange(first, false)) return;
    hangs.set_value();
    go_on.get_future().wait();
  });
  store_.FailWith(absl::UnavailableError("gone"));
  hangs.get_future().wait();
  steady_clock_.Advance(Pulse::kSilenceMax * 2);
  EXPECT_FALSE(pulse_.IsAlive());
  go_on.set_value();
  EXPECT_TRUE(BeatsAgain());
  health_.Follow(nullptr);
  store_.FailWith(absl::OkStatus());
}

TEST_F(HealthWatchTest, StoreThatHangsIsNoticed) {
  HealthWatchOptions options = Quick();
  options.patience = absl::Milliseconds(50);
  std::unique_lock held(store_.held);
  Start(options);
  WaitFor(HealthPart::kStore, HealthState::kFailing, "has not answered for");
  // No reason to start the collector anew.
  EXPECT_TRUE(BeatsAgain());
  held.unlock();
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
}

TEST_F(HealthWatchTest, CommitsThatFailCountAlthoughTheStoreAnswers) {
  Start(Quick());
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
  metrics_.CommitFailed("RESOURCE_EXHAUSTED").Increment();
  WaitFor(HealthPart::kStore, HealthState::kFailing, "could not be stored: RESOURCE_EXHAUSTED");
  watch_->Committed();
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
}

TEST_F(HealthWatchTest, BatchThatNoStoreTakesIsNotTheStoresFault) {
  Start(Quick());
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
  for (const char* code : {"INVALID_ARGUMENT", "ABORTED", "ALREADY_EXISTS"}) {
    metrics_.CommitFailed(code).Increment();
  }
  // Two looks, so that the second began after all of the above.
  metrics_.queue_depth.Set(1e9);
  // With its reason: every part is DEGRADED before the first look.
  WaitFor(HealthPart::kIntake, HealthState::kDegraded, "wait for a commit");
  metrics_.queue_depth.Set(0);
  WaitFor(HealthPart::kIntake, HealthState::kServing, "");
  EXPECT_EQ(health_.Get(HealthPart::kStore).state, HealthState::kServing);
}

TEST_F(HealthWatchTest, CommitThatFailedIsForgottenInTime) {
  HealthWatchOptions options = Quick();
  options.commit_memory = absl::Milliseconds(50);
  Start(options);
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
  metrics_.CommitFailed("UNAVAILABLE").Increment();
  WaitFor(HealthPart::kStore, HealthState::kFailing, "could not be stored");
  // Agents that look at the health would never come back to make one work.
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
}

TEST_F(HealthWatchTest, DamagedLogStopsSummariesOnly) {
  Publish(1);
  board_.Put("CN", absl::DataLossError("the collector's log is damaged"));
  Start(Quick());
  WaitFor(HealthPart::kFold, HealthState::kFailing, "the collector's log is damaged");
  WaitFor(HealthPart::kStore, HealthState::kServing, "");
  EXPECT_TRUE(health_.Services().ingest);
  EXPECT_FALSE(health_.Services().summaries);
  EXPECT_THAT(metrics_.Text(), HasSubstr("sightline_health_part_up{part=\"fold\"} 0\n"));
  // No window is complete yet: nothing is wrong.
  board_.Put("CN", absl::UnavailableError("no window"));
  WaitFor(HealthPart::kFold, HealthState::kServing, "");
}

TEST_F(HealthWatchTest, StandbySaysWhoLeads) {
  ASSERT_TRUE(*store_.MoveLease("fold", {}, {"n2", 1, 1}));
  Start(Quick());
  WaitFor(HealthPart::kFold, HealthState::kServing, "standing by, node n2 leads");
  ASSERT_TRUE(*store_.MoveLease("fold", {"n2", 1, 1}, {"n1", 2, 1}));
  WaitFor(HealthPart::kFold, HealthState::kServing, "it leads");
  metrics_.fold_lag_seconds.Set(90);
  WaitFor(HealthPart::kFold, HealthState::kDegraded, "90 s behind");
}

TEST_F(HealthWatchTest, IntakeThatIsFullIsDegraded) {
  HealthWatchOptions options = Quick();
  Start(options);
  WaitFor(HealthPart::kIntake, HealthState::kServing, "");
  metrics_.queue_depth.Set(static_cast<double>(options.queue_max));
  WaitFor(HealthPart::kIntake, HealthState::kDegraded, "wait for a commit");
  metrics_.streams.Set(options.streams_max);
  WaitFor(HealthPart::kIntake, HealthState::kDegraded, "streams");
  EXPECT_TRUE(health_.Services().ingest);
}

TEST_F(HealthWatchTest, QueueThatIsFullForAMomentIsNoNews) {
  HealthWatchOptions options = Quick();
  options.full_max = absl::Hours(1);
  Start(options);
  WaitFor(HealthPart::kIntake, HealthState::kServing, "");
  metrics_.queue_depth.Set(1e9);
  // Two looks at it.
  metrics_.fold_lag_seconds.Set(90);
  WaitFor(HealthPart::kFold, HealthState::kDegraded, "90 s behind");
  metrics_.fold_lag_seconds.Set(0);
  WaitFor(HealthPart::kFold, HealthState::kServing, "");
  EXPECT_EQ(health_.Get(HealthPart::kIntake).state, HealthState::kServing);
}

}  // namespace
}  // namespace sightline
