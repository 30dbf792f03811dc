#include "agent/split_round.h"

#include <gtest/gtest.h>

#include "common/wire.h"
#include "tests/agent/test_chain.h"

namespace sightline::agent {
namespace {

v1::Observation Sized(size_t bytes) {
  v1::Observation observation;
  observation.set_check_id("whatsapp-web");
  observation.set_failure("connection_reset");
  observation.add_attempts()->set_address(std::string(bytes, 'a'));
  return observation;
}

TEST(SplitRoundTest, RoundIsSplitByCount) {
  const auto parts = SplitRound(std::vector<v1::Observation>(1030, Sized(10)));
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].size(), 512u);
  EXPECT_EQ(parts[2].size(), 6u);
}

TEST(SplitRoundTest, RoundIsSplitByBytesAndEveryPartFits) {
  const TestChain chain;
  const auto parts = SplitRound(std::vector<v1::Observation>(100, Sized(9000)));
  EXPECT_GT(parts.size(), 3u);
  size_t observations = 0;
  for (const auto& part : parts) {
    observations += part.size();
    const SealedBatch sealed =
        chain.sealer().Seal({0, GenesisHash()}, {1, kTestNow, kTestNow, {}}, part);
    EXPECT_LE(sealed.signed_batch.ByteSizeLong(), kBatchBytesMax);
  }
  EXPECT_EQ(observations, 100u);
}

TEST(SplitRoundTest, ObservationTooLargeForABatchKeepsItsStateAndLosesItsEvidence) {
  const auto parts = SplitRound({Sized(kBatchBytesMax)});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0][0].attempts().empty());
  EXPECT_EQ(parts[0][0].failure(), "connection_reset");
}

TEST(SplitRoundTest, EmptyRoundIsOneEmptyPart) { EXPECT_EQ(SplitRound({}).size(), 1u); }

}  // namespace
}  // namespace sightline::agent
