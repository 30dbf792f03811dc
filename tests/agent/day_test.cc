// What a day of reports comes to.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "agent/detail.h"
#include "agent/split_round.h"
#include "common/seal.h"
#include "common/wire.h"
#include "tests/agent/test_chain.h"
#include "tests/agent/typical_round.h"

namespace sightline::agent {
namespace {

constexpr int kRoundsPerDay = 144;
constexpr uint64_t kDayBytesMax = 1'000'000;

class DayTest : public testing::Test {
 protected:
  // Seals the round and returns the bytes that travel.
  uint64_t SealRound(std::vector<v1::Observation> observations) {
    filter_.Thin(now_, observations);
    uint64_t bytes = 0;
    for (std::vector<v1::Observation>& part : SplitRound(std::move(observations))) {
      const SealedBatch sealed =
          chain_.sealer().Seal(tail_, {1, now_, now_, TypicalVantage()}, std::move(part));
      EXPECT_TRUE(CheckBatchShape(sealed.batch).ok()) << CheckBatchShape(sealed.batch);
      tail_ = {sealed.batch.batch_seq(), ChainHash(sealed.signed_batch, sealed.batch)};
      filter_.Remember(tail_.seq, now_, sealed.batch.observations());
      bytes += sealed.signed_batch.ByteSizeLong();
    }
    now_ += absl::Minutes(10);
    return bytes;
  }

  TestChain chain_;
  DetailFilter filter_;
  // After two years, so that numbers are as long as they get.
  ChainPoint tail_{100'000, GenesisHash()};
  absl::Time now_ = kTestNow;
};

TEST_F(DayTest, FirstAndLaterDaysStayWithinOneMegabyte) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  for (int day = 1; day <= 3; ++day) {
    uint64_t bytes = 0;
    for (int i = 0; i < kRoundsPerDay; ++i) {
      std::vector<v1::Observation> observations = TypicalRound(random);
      std::shuffle(observations.begin(), observations.end(), random);
      bytes += SealRound(std::move(observations));
    }
    std::cout << "day " << day << ": " << bytes << " bytes\n";
    EXPECT_LT(bytes, kDayBytesMax);
  }
}

TEST_F(DayTest, UnchangedObservationTakesLessThanSixtyBytes) {
  std::mt19937_64 random(1);
  const auto of_size = [](const v1::Observation& observation) {
    v1::Batch batch;
    *batch.add_observations() = observation;
    return batch.ByteSizeLong();
  };
  std::vector<v1::Observation> observations = TypicalRound(random);
  SealRound(observations);
  std::vector<v1::Observation> again = observations;
  filter_.Thin(now_, again);
  for (const size_t at : {size_t{1}, size_t{29}}) {
    ASSERT_TRUE(again[at].detail_unchanged());
    std::cout << again[at].check_id() << (at == 1 ? ", open: " : ", blocked twice: ")
              << of_size(observations[at]) << " bytes, unchanged " << of_size(again[at]) << "\n";
  }
  EXPECT_LT(of_size(again[1]), 60u);
  EXPECT_LT(of_size(again[29]), 160u) << "what fails and why stays";
}

}  // namespace
}  // namespace sightline::agent
