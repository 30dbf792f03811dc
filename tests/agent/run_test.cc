#include "agent/run.h"

#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "agent/commands.h"
#include "agent/round.h"
#include "tests/agent/agent_fixture.h"
#include "tests/agent/faulty_files.h"
#include "tests/common/temp_folder.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;

class FakeProber : public probe::Prober {
 public:
  explicit FakeProber(std::function<void(int round)> on_round = [](int) {})
      : on_round_(std::move(on_round)) {}

  probe::RoundReport RunRound(const v1::Plan&, const std::vector<const v1::Check*>& checks,
                              const probe::RoundOptions& options) override {
    round_time_ms = options.round_time_ms;
    probe::RoundReport report;
    for (const v1::Check* check : checks) {
      v1::Observation observation;
      observation.set_check_id(check->check_id());
      observation.mutable_layers()->set_dns(v1::LAYER_STATE_OK);
      observation.add_attempts()->set_address(std::string(detail_bytes, 'a') + detail);
      report.observations.push_back(std::move(observation));
    }
    report.vantage.set_egress(v1::EGRESS_TUN);
    report.vantage.set_region("XX");
    on_round_(++rounds);
    return report;
  }
  void Stop() override {}

  size_t detail_bytes = 20;
  std::string detail;
  int rounds = 0;
  int64_t round_time_ms = 0;

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
    return RunRound({prober, chain_.sealer(), *spool_, detail_, clock_, stop_, random_},
                    *plans_->Current());
  }
  // The batches in the spool, oldest first.
  std::vector<v1::Batch> Batches() {
    std::vector<v1::Batch> batches;
    const auto sealed = spool_->ReadAfter(0, 1000);
    EXPECT_TRUE(sealed.ok()) << sealed.status();
    for (const v1::SignedBatch& batch : *sealed) {
      EXPECT_TRUE(batches.emplace_back().ParseFromString(batch.batch()));
    }
    return batches;
  }
  void UseSmallSpool() {
    SpoolOptions options = chain_.Options("small");
    options.segment_bytes = 2048;
    options.bytes_max = 16 * 2048;
    SpoolRecovery recovery;
    spool_ = *Spool::Open(files_, std::move(options), &recovery);
  }

  DetailFilter detail_;
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
  EXPECT_EQ(prober.round_time_ms, batch.round_time_ms()) << "else no clock offset can be told";
  EXPECT_EQ(batch.seal_time_ms() - batch.round_time_ms(), 9000);
}

TEST_F(RoundTest, RoundCutShortIsNotSealed) {
  FakeProber prober([this](int) { stop_.Request(); });
  EXPECT_TRUE(absl::IsCancelled(Round(prober).status()));
  EXPECT_EQ(spool_->totals().batches, 0u);
}

TEST_F(RoundTest, EvidenceGoesFirstWhenTheSpoolFillsUp) {
  UseSmallSpool();
  FakeProber prober([&](int round) { prober.detail = std::to_string(round); });
  prober.detail_bytes = 100;
  while (spool_->totals().bytes < 16 * 2048 * 0.7) ASSERT_TRUE(Round(prober).ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Round(prober).ok());
  const std::vector<v1::Batch> batches = Batches();
  const v1::Observation& last = batches.back().observations(0);
  EXPECT_EQ(batches.front().observations(0).attempts_size(), 1);
  EXPECT_EQ(last.attempts_size(), 0);
  EXPECT_FALSE(last.detail_unchanged());
  EXPECT_EQ(last.layers().dns(), v1::LAYER_STATE_OK);
}

TEST_F(RoundTest, VantageOfTheRoundIsSealedWithTheRegionThatWasDeclared) {
  FakeProber prober;
  ASSERT_TRUE(Round(prober).ok());
  const v1::Vantage vantage = Batches().front().vantage();
  EXPECT_EQ(vantage.egress(), v1::EGRESS_TUN);
  EXPECT_EQ(vantage.region(), "CN-BJ");
  EXPECT_EQ(vantage.agent_version(), "0.1.0");
}

TEST_F(RoundTest, DetailThatABatchHoldsIsNotSentAgain) {
  FakeProber prober;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Round(prober).ok());
  const std::vector<v1::Batch> batches = Batches();
  ASSERT_EQ(batches.size(), 3u);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(batches[0].observations(i).attempts_size(), 1);
    for (int later : {1, 2}) {
      EXPECT_TRUE(batches[later].observations(i).detail_unchanged());
      EXPECT_EQ(batches[later].observations(i).detail_batch_seq(), batches[0].batch_seq());
      EXPECT_TRUE(CheckBatchShape(batches[later]).ok());
    }
  }
}

TEST_F(RoundTest, DetailInSeveralBatchesIsFoundInTheRightOne) {
  FakeProber prober;
  prober.detail_bytes = 56'000;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Round(prober).ok());
  std::map<std::string, uint64_t> seq_of;
  const std::vector<v1::Batch> batches = Batches();
  ASSERT_GT(batches.size(), 2u);
  for (const v1::Batch& batch : batches) {
    for (const v1::Observation& seen : batch.observations()) {
      if (seen.detail_unchanged()) {
        EXPECT_EQ(seen.detail_batch_seq(), seq_of[seen.check_id()]);
      } else if (HasDetail(seen)) {
        seq_of[seen.check_id()] = batch.batch_seq();
      }
    }
  }
  EXPECT_TRUE(batches.back().observations(0).detail_unchanged());
}

// A reference may dangle only in the batch whose own append caused the loss.
TEST_F(RoundTest, DetailThatATombstoneTookIsSentAgain) {
  UseSmallSpool();
  FakeProber prober;
  uint64_t lost = 0;
  for (int i = 0; i < 2000 && lost == 0; ++i) {
    clock_.Advance(absl::Seconds(1));
    ASSERT_TRUE(Round(prober).ok());
    lost = spool_->totals().lost.batches;
  }
  ASSERT_GT(lost, 0u);
  std::vector<v1::Observation> next = {Batches().back().observations(0)};
  ASSERT_TRUE(next[0].detail_unchanged());
  next[0].clear_detail_unchanged();
  next[0].clear_detail_batch_seq();
  next[0].add_attempts()->set_address(std::string(20, 'a'));
  detail_.Thin(clock_.Now(), next);
  EXPECT_TRUE(HasDetail(next[0]));
}

TEST_F(RoundTest, RoundThatTheDiskRefusedIsNotReferredTo) {
  FaultyFiles faulty(files_);
  SpoolRecovery recovery;
  spool_ = *Spool::Open(faulty, chain_.Options("faulty"), &recovery);
  FakeProber prober;
  faulty.FailAt(0, 1000, FaultyFiles::Fault::kNothingDone);
  EXPECT_FALSE(Round(prober).ok());
  faulty.Heal();
  ASSERT_TRUE(Round(prober).ok());
  EXPECT_EQ(Batches().back().observations(0).attempts_size(), 1);
  spool_.reset();  // Before the files that it writes to.
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
