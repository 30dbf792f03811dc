#include "collector/verify.h"

#include <gtest/gtest.h>

#include "tests/collector/test_agent.h"
#include "tests/common/bit_flips.h"

namespace sightline {
namespace {

const std::string kNonce(32, 'n');

class VerifyTest : public ::testing::Test {
 protected:
  bool Takes(const v1::Hello& hello, absl::Span<const std::string> hashes) const {
    return !VerifyHello(hello, agent_.key().public_key(), kNonce, hashes);
  }

  TestAgent agent_;
  const AgentKeys keys_ =
      *AgentKeys::Follow(agent_.Record().agent_id, agent_.key().public_key().raw(), {});
};

TEST_F(VerifyTest, EveryBitOfASignedBatchCounts) {
  v1::Batch batch = agent_.NextBatch();
  const std::string bytes = agent_.Seal(batch).SerializeAsString();
  const auto takes = [&](const std::string& text) {
    v1::SignedBatch signed_batch;
    return signed_batch.ParseFromString(text) &&
           !VerifyBatch(signed_batch, agent_.Record(), keys_, kTestNow, &batch);
  };
  ASSERT_TRUE(takes(bytes));
  ForEachBitFlip(bytes, [&](const std::string& flipped, size_t bit) {
    EXPECT_FALSE(takes(flipped)) << "bit " << bit;
  });
}

TEST_F(VerifyTest, EveryBitOfAHelloCounts) {
  const std::string hashes[] = {TestCertificateHash()};
  const std::string bytes = agent_.HelloTo(kNonce, 1).SerializeAsString();
  const auto takes = [&](const std::string& text) {
    v1::Hello hello;
    // The registry's record is found by agent_id.
    return hello.ParseFromString(text) && hello.agent_id() == agent_.Record().agent_id &&
           Takes(hello, hashes);
  };
  ASSERT_TRUE(takes(bytes));
  ForEachBitFlip(bytes, [&](const std::string& flipped, size_t bit) {
    EXPECT_FALSE(takes(flipped)) << "bit " << bit;
  });
}

TEST_F(VerifyTest, HelloHoldsForTheCertificatesOfThisCollectorOnly) {
  const v1::Hello hello = agent_.HelloTo(kNonce, 1, Sha256("second"));
  EXPECT_TRUE(Takes(hello, {Sha256("second")}));
  EXPECT_TRUE(Takes(hello, {Sha256("third"), Sha256("second"), Sha256("first")}));
  EXPECT_FALSE(Takes(hello, {Sha256("third"), Sha256("first")}));
  EXPECT_FALSE(Takes(hello, {}));
}

}  // namespace
}  // namespace sightline
