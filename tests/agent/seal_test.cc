#include "agent/seal.h"

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

TEST(SealTest, BatchFitsTheSignatureTheChainAndTheRulesOfTheWire) {
  const TestChain chain;
  const SealedBatch first = chain.Batch({0, GenesisHash()});
  const SealedBatch second = chain.Batch({1, ChainHash(first.signed_batch, first.batch)});
  EXPECT_EQ(second.batch.batch_seq(), 2u);
  EXPECT_EQ(second.batch.prev_hash(), Sha256(first.signed_batch.batch()));
  for (const SealedBatch& sealed : {first, second}) {
    EXPECT_TRUE(CheckBatchShape(sealed.batch).ok()) << CheckBatchShape(sealed.batch);
    EXPECT_EQ(sealed.batch.agent_id(), chain.key().public_key().Id());
    EXPECT_EQ(sealed.batch.vantage().region(), "CN-BJ");
    EXPECT_TRUE(chain.key().public_key().Verify(kBatchDomain, sealed.signed_batch.batch(),
                                                sealed.signed_batch.signature()));
  }
}

TEST(SealTest, TombstoneStandsForItsRange) {
  const TestChain chain;
  const LostRange lost = {3, 9, 42, Sha256("before"), Sha256("last")};
  const SealedBatch sealed = chain.sealer().SealTombstone(lost, 1, kTestNow);
  EXPECT_TRUE(CheckBatchShape(sealed.batch).ok()) << CheckBatchShape(sealed.batch);
  EXPECT_EQ(FirstSeq(sealed.batch), 3u);
  EXPECT_EQ(sealed.batch.batch_seq(), 9u);
  EXPECT_EQ(sealed.batch.prev_hash(), Sha256("before"));
  EXPECT_EQ(ChainHash(sealed.signed_batch, sealed.batch), Sha256("last"));
  EXPECT_EQ(sealed.batch.tombstone().observations_lost(), 42u);
}

TEST(SealTest, ClockSetBackDuringTheRoundDoesNotSealBeforeIt) {
  const TestChain chain;
  const SealedBatch sealed =
      chain.sealer().Seal({0, GenesisHash()}, {1, kTestNow, kTestNow - absl::Hours(1), {}}, {});
  EXPECT_GE(sealed.batch.seal_time_ms(), sealed.batch.round_time_ms());
}

TEST(SealTest, RoundIsSplitByCount) {
  const auto parts = SplitRound(std::vector<v1::Observation>(1030, Sized(10)));
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].size(), 512u);
  EXPECT_EQ(parts[2].size(), 6u);
}

TEST(SealTest, RoundIsSplitByBytesAndEveryPartFits) {
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

TEST(SealTest, ObservationTooLargeForABatchKeepsItsStateAndLosesItsEvidence) {
  const auto parts = SplitRound({Sized(kBatchBytesMax)});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0][0].attempts().empty());
  EXPECT_EQ(parts[0][0].failure(), "connection_reset");
}

TEST(SealTest, EmptyRoundIsOneEmptyPart) { EXPECT_EQ(SplitRound({}).size(), 1u); }

}  // namespace
}  // namespace sightline::agent
