#include "agent/round.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/agent/agent_fixture.h"
#include "tests/agent/fake_prober.h"
#include "tests/agent/faulty_files.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;

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

TEST_F(RoundTest, RoundThatIsNoLongerWantedIsNotSealed) {
  FakeProber prober;
  const auto result = RunRound({prober, chain_.sealer(), *spool_, detail_, clock_, stop_, random_,
                                v1::AGENT_ROLE_VOLUNTEER, [] { return false; }},
                               *plans_->Current());
  EXPECT_TRUE(absl::IsCancelled(result.status()));
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

}  // namespace
}  // namespace sightline::agent
