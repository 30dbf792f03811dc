#include "common/seal.h"

#include <gtest/gtest.h>

#include "common/wire.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

std::vector<v1::Observation> Two() {
  std::vector<v1::Observation> made(2);
  for (v1::Observation& observation : made) observation.set_check_id("whatsapp-web");
  return made;
}

TEST(SealTest, BatchFitsTheSignatureTheChainAndTheRulesOfTheWire) {
  const SigningKey key = SigningKey::Generate();
  const Sealer sealer(key, {"CN-BJ", "0.1.0", RandomBytes(16)});
  const SealedBatch first = sealer.Seal({0, GenesisHash()}, {1, kTestNow, kTestNow, {}}, Two());
  const SealedBatch second = sealer.Seal({1, ChainHash(first.signed_batch, first.batch)},
                                         {1, kTestNow, kTestNow, {}}, Two());
  EXPECT_EQ(second.batch.batch_seq(), 2u);
  EXPECT_EQ(second.batch.prev_hash(), Sha256(first.signed_batch.batch()));
  for (const SealedBatch& sealed : {first, second}) {
    EXPECT_TRUE(CheckBatchShape(sealed.batch).ok()) << CheckBatchShape(sealed.batch);
    EXPECT_EQ(sealed.batch.agent_id(), key.public_key().Id());
    EXPECT_EQ(sealed.batch.vantage().region(), "CN-BJ");
    EXPECT_TRUE(key.public_key().Verify(kBatchDomain, sealed.signed_batch.batch(),
                                        sealed.signed_batch.signature()));
  }
}

TEST(SealTest, TombstoneStandsForItsRange) {
  const SigningKey key = SigningKey::Generate();
  const Sealer sealer(key, {"CN-BJ", "0.1.0", RandomBytes(16)});
  const LostRange lost = {3, 9, 42, Sha256("before"), Sha256("last")};
  const SealedBatch sealed = sealer.SealTombstone(lost, 1, kTestNow);
  EXPECT_TRUE(CheckBatchShape(sealed.batch).ok()) << CheckBatchShape(sealed.batch);
  EXPECT_EQ(FirstSeq(sealed.batch), 3u);
  EXPECT_EQ(sealed.batch.batch_seq(), 9u);
  EXPECT_EQ(sealed.batch.prev_hash(), Sha256("before"));
  EXPECT_EQ(ChainHash(sealed.signed_batch, sealed.batch), Sha256("last"));
  EXPECT_EQ(sealed.batch.tombstone().observations_lost(), 42u);
}

TEST(SealTest, AgentKeepsItsNameWhenItsKeyWasChanged) {
  const SigningKey second = SigningKey::Generate();
  const std::string agent_id = SigningKey::Generate().public_key().Id();
  const Sealer sealer(second, {"CN-BJ", "0.1.0", RandomBytes(16), agent_id});
  const SealedBatch sealed = sealer.Seal({0, GenesisHash()}, {1, kTestNow, kTestNow, {}}, Two());
  EXPECT_EQ(sealed.batch.agent_id(), agent_id);
  EXPECT_TRUE(second.public_key().Verify(kBatchDomain, sealed.signed_batch.batch(),
                                         sealed.signed_batch.signature()));
}

TEST(SealTest, ClockSetBackDuringTheRoundDoesNotSealBeforeIt) {
  const SigningKey key = SigningKey::Generate();
  const Sealer sealer(key, {"CN-BJ", "0.1.0", RandomBytes(16)});
  const SealedBatch sealed =
      sealer.Seal({0, GenesisHash()}, {1, kTestNow, kTestNow - absl::Hours(1), {}}, {});
  EXPECT_GE(sealed.batch.seal_time_ms(), sealed.batch.round_time_ms());
}

}  // namespace
}  // namespace sightline
