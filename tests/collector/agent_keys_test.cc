#include "collector/agent_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/collector/key_chain.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;

class AgentKeysTest : public ::testing::Test {
 protected:
  absl::StatusOr<AgentKeys> Follow(const std::vector<v1::KeySuccession>& successions) const {
    return AgentKeys::Follow(chain_.agent_id(), chain_.key(0).public_key().raw(), successions);
  }

  KeyChain chain_;
};

TEST_F(AgentKeysTest, EachBatchHasTheKeyOfItsNumber) {
  const std::vector<v1::KeySuccession> successions = {chain_.Rotate(5), chain_.Rotate(9)};
  const auto keys = Follow(successions);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->generation(), 2u);
  EXPECT_EQ(keys->current().raw(), chain_.key(2).public_key().raw());
  for (const auto& [seq, generation] :
       std::vector<std::pair<uint64_t, size_t>>{{1, 0}, {4, 0}, {5, 1}, {8, 1}, {9, 2}, {99, 2}}) {
    EXPECT_EQ(keys->KeyOf(seq).raw(), chain_.key(generation).public_key().raw()) << seq;
  }
}

TEST_F(AgentKeysTest, AKeyThatSignedNothingMayBeReplacedAtTheSameNumber) {
  const std::vector<v1::KeySuccession> successions = {chain_.Rotate(5), chain_.Rotate(5)};
  const auto keys = Follow(successions);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->KeyOf(4).raw(), chain_.key(0).public_key().raw());
  EXPECT_EQ(keys->KeyOf(5).raw(), chain_.key(2).public_key().raw());
}

TEST_F(AgentKeysTest, AForgedStatementIsRefusedWhicheverByteItIs) {
  const v1::KeySuccession good = chain_.Rotate(5);
  ASSERT_TRUE(Follow({good}).ok());
  int refused = 0;
  for (std::string* (v1::KeySuccession::*field)() :
       {&v1::KeySuccession::mutable_agent_id, &v1::KeySuccession::mutable_public_key,
        &v1::KeySuccession::mutable_signature, &v1::KeySuccession::mutable_proof}) {
    v1::KeySuccession measured = good;
    const size_t size = (measured.*field)()->size();
    for (size_t bit = 0; bit < size * 8; ++bit) {
      v1::KeySuccession bad = good;
      (*(bad.*field)())[bit / 8] = static_cast<char>((*(bad.*field)())[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_FALSE(Follow({bad}).ok()) << bit;
      ++refused;
    }
  }
  for (int bit = 0; bit < 64; ++bit) {
    v1::KeySuccession bad = good;
    bad.set_from_seq(good.from_seq() ^ (uint64_t{1} << bit));
    EXPECT_FALSE(Follow({bad}).ok()) << bit;
    bad = good;
    bad.set_generation(good.generation() ^ (uint64_t{1} << bit));
    EXPECT_FALSE(Follow({bad}).ok()) << bit;
  }
  EXPECT_EQ(refused, (32 + 32 + 64 + 64) * 8);
}

TEST_F(AgentKeysTest, ASwappedOrderAGapAndARepeatAreRefused) {
  const v1::KeySuccession first = chain_.Rotate(5);
  const v1::KeySuccession second = chain_.Rotate(9);
  const auto error = [&](const std::vector<v1::KeySuccession>& successions) {
    const auto keys = Follow(successions);
    EXPECT_EQ(keys.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(keys.status().message());
  };
  EXPECT_THAT(error({second, first}), HasSubstr("after generation 0: generation: the next is 1"));
  EXPECT_THAT(error({second}), HasSubstr("generation: the next is 1, not 2"));
  EXPECT_THAT(error({first, first}), HasSubstr("after generation 1: generation: the next is 2"));
}

TEST_F(AgentKeysTest, AKeyCannotBeginBeforeTheOneBeforeIt) {
  const v1::KeySuccession first = chain_.Rotate(5);
  const auto keys = Follow({first, chain_.Rotate(4)});
  EXPECT_THAT(std::string(keys.status().message()), HasSubstr("from_seq"));
  KeyChain other;
  EXPECT_THAT(std::string(AgentKeys::Follow(other.agent_id(), other.key(0).public_key().raw(),
                                            std::vector<v1::KeySuccession>{other.Rotate(0)})
                              .status()
                              .message()),
              HasSubstr("from_seq: the first batch is 1"));
}

TEST_F(AgentKeysTest, AFirstKeyThatIsNotTheNameIsRefused) {
  const std::string other = SigningKey::Generate().public_key().raw();
  EXPECT_THAT(std::string(AgentKeys::Follow(chain_.agent_id(), other, {}).status().message()),
              HasSubstr("agent_id"));
}

TEST_F(AgentKeysTest, WithTellsAStrangersSignatureFromAWrongTurn) {
  const auto keys = Follow({});
  ASSERT_TRUE(keys.ok());
  v1::KeySuccession bad = chain_.Rotate(5);
  bad.mutable_proof()->front() ^= 1;
  EXPECT_EQ(keys->With(bad).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(keys->With(chain_.Rotate(9)).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace sightline
