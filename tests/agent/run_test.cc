#include "agent/run.h"

#include <gmock/gmock.h>

#include <functional>

#include "agent/commands.h"
#include "agent/round.h"
#include "tests/agent/agent_fixture.h"
#include "tests/common/temp_folder.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;

class FakeProber : public probe::Prober {
 public:
  explicit FakeProber(std::function<void(int round)> on_round = [](int) {})
      : on_round_(std::move(on_round)) {}

  probe::RoundReport RunRound(const v1::Plan&, const std::vector<const v1::Check*>& checks,
                              const probe::RoundOptions&) override {
    probe::RoundReport report;
    for (const v1::Check* check : checks) {
      v1::Observation observation;
      observation.set_check_id(check->check_id());
      observation.mutable_layers()->set_dns(v1::LAYER_STATE_OK);
      observation.add_attempts()->set_address(std::string(detail_bytes, 'a'));
      report.observations.push_back(std::move(observation));
    }
    on_round_(++rounds);
    return report;
  }
  void Stop() override {}

  size_t detail_bytes = 20;
  int rounds = 0;

 private:
  std::function<void(int round)> on_round_;
};

// No collector answers.
class DeadTransport : public Transport {
 public:
  absl::Status Run(const std::string&, UplinkSession&) override {
    return absl::UnavailableError("connection refused");
  }
  void Cancel() override {}
};

class RoundTest : public AgentFixture {
 protected:
  absl::StatusOr<RoundResult> Round(FakeProber& prober) {
    return RunRound({prober, chain_.sealer(), *spool_, clock_, stop_, random_}, *plans_->Current());
  }

  StopFlag stop_;
  std::mt19937_64 random_{1};
};

TEST_F(RoundTest, SealsOneObservationPerCheck) {
  FakeProber prober([this](int) { clock_.Advance(absl::Seconds(9)); });
  const auto result = Round(prober);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->checks, 5u);
  v1::Batch batch;
  ASSERT_TRUE(batch.ParseFromString(spool_->ReadAfter(0, 1)->front().batch()));
  EXPECT_EQ(batch.observations_size(), 5);
  EXPECT_EQ(batch.plan_version(), 1u);
  EXPECT_EQ(batch.round_time_ms(), absl::ToUnixMillis(kTestNow));
  EXPECT_EQ(batch.seal_time_ms() - batch.round_time_ms(), 9000);
}

TEST_F(RoundTest, RoundCutShortIsNotSealed) {
  FakeProber prober([this](int) { stop_.Request(); });
  EXPECT_TRUE(absl::IsCancelled(Round(prober).status()));
  EXPECT_EQ(spool_->totals().batches, 0u);
}

TEST_F(RoundTest, EvidenceGoesFirstWhenTheSpoolFillsUp) {
  SpoolOptions options = chain_.Options("small");
  options.segment_bytes = 2048;
  options.bytes_max = 16 * 2048;
  SpoolRecovery recovery;
  spool_ = *Spool::Open(files_, std::move(options), &recovery);
  FakeProber prober;
  prober.detail_bytes = 100;
  while (spool_->totals().bytes < 16 * 2048 * 0.7) ASSERT_TRUE(Round(prober).ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Round(prober).ok());
  const auto batches = spool_->ReadAfter(0, 1000);
  v1::Batch first;
  v1::Batch last;
  ASSERT_TRUE(first.ParseFromString(batches->front().batch()));
  ASSERT_TRUE(last.ParseFromString(batches->back().batch()));
  EXPECT_EQ(first.observations(0).attempts_size(), 1);
  EXPECT_EQ(last.observations(0).attempts_size(), 0);
  EXPECT_EQ(last.observations(0).layers().dns(), v1::LAYER_STATE_OK);
}

class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    EXPECT_TRUE(folder_.Make().ok());
    v1::Plan plan = TestPlan();
    *plan.mutable_round_interval() = ToProto(absl::Seconds(1));
    EXPECT_TRUE(folder_.SavePlan(SignPlan(plan, operator_)).ok());
    Identity identity;
    identity.agent_id = folder_.LoadOrMakeKey()->public_key().Id();
    identity.region = "CN-BJ";
    identity.role = v1::AGENT_ROLE_VOLUNTEER;
    identity.collectors = {"a:1"};
    identity.operator_public_key = operator_.public_key().raw();
    EXPECT_TRUE(folder_.SaveIdentity(identity).ok());
  }

  absl::Status RunAgent(FakeProber& prober) {
    return agent::Run(
        temp_ / "s", SystemFiles(), clock_, prober,
        [](const Identity&) { return std::make_unique<DeadTransport>(); }, stop_);
  }
  std::string Status(bool json) {
    const auto text = DescribeStatus(temp_ / "s", SystemFiles(), clock_.Now(), json);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.value_or("");
  }

  TempFolder temp_;
  StateFolder folder_{SystemFiles(), temp_ / "s"};
  SigningKey operator_ = SigningKey::Generate();
  FakeClock clock_{kTestNow};
  StopFlag stop_;
};

TEST_F(RunTest, RunsRoundsUntilToldToStopAndKeepsWhatNobodyTook) {
  EXPECT_THAT(Status(false), HasSubstr("it has not run yet"));
  FakeProber prober([this](int round) {
    clock_.Advance(absl::Milliseconds(1500));
    if (round == 3) {
      EXPECT_THAT(Status(true), HasSubstr("\"running\" : true"));
    }
    if (round == 4) stop_.Request();
  });
  const absl::Status status = RunAgent(prober);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(prober.rounds, 4);
  const std::string text = Status(false);
  EXPECT_THAT(text, HasSubstr("not running"));
  EXPECT_THAT(text, HasSubstr("3 rounds since the start"));
  EXPECT_THAT(text, HasSubstr("3 sealed, 0 acknowledged"));
  EXPECT_THAT(text, HasSubstr("unreachable: a:1: connection refused"));
  EXPECT_THAT(Status(true), HasSubstr("\"sealed_seq\" : 3"));
}

TEST_F(RunTest, ExpiredPlanIsNotFollowed) {
  clock_.Advance(absl::Hours(24 * 31));
  std::thread watcher([this] {
    std::string text;
    while (text.find("expired at") == std::string::npos) text = Status(false);
    stop_.Request();
  });
  FakeProber prober;
  EXPECT_TRUE(RunAgent(prober).ok());
  watcher.join();
  EXPECT_EQ(prober.rounds, 0);
}

TEST_F(RunTest, SecondRunInTheFolderIsRefused) {
  const auto lock = FolderLock::Take(folder_);
  FakeProber prober;
  EXPECT_EQ(RunAgent(prober).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RunTest, KeyOfAnotherAgentIsNoticed) {
  ASSERT_TRUE(SystemFiles()
                  .WriteAtomically(temp_ / "s/agent.key", SigningKey::Generate().ToPem(), 0600)
                  .ok());
  FakeProber prober;
  EXPECT_THAT(std::string(RunAgent(prober).message()), HasSubstr("do not belong together"));
}

TEST(StatusBoardTest, StatusComesBackAsItWasWritten) {
  AgentStatus status;
  status.start_time = kTestNow;
  status.plan_expire_time = kTestNow;
  status.rounds = 7;
  status.last_refusal = "CLOCK_SKEW: \"set\"\nthe clock";
  status.clock_offset_ms = -12;
  const auto parsed = StatusFromToml(StatusToToml(status));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(StatusToToml(*parsed), StatusToToml(status));
  EXPECT_EQ(parsed->clock_offset_ms, -12);
  EXPECT_FALSE(parsed->last_round_time.has_value());
  EXPECT_THAT(std::string(StatusFromToml("rounds = 'x'").status().message()),
              HasSubstr("start_time"));
}

}  // namespace
}  // namespace sightline::agent
