#include "tests/bench/load/rounds.h"

#include <gtest/gtest.h>

#include <set>

#include "collector/verify.h"
#include "common/plan.h"
#include "common/wire.h"

namespace sightline::load {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'712'361'600);

// A batch as prepare makes it, signed by nobody.
v1::Batch MakeBatch(const v1::Plan& plan, uint32_t agent, uint64_t batch_seq) {
  v1::Batch batch;
  batch.set_agent_id(std::string(32, 'a'));
  batch.set_batch_seq(batch_seq);
  batch.set_prev_hash(GenesisHash());
  batch.set_boot_id(std::string(16, 'b'));
  batch.set_plan_version(plan.version());
  batch.set_round_time_ms(1);
  batch.set_seal_time_ms(2);
  batch.mutable_vantage()->set_region(PlaceOf(agent).region);
  FillRound(plan, PlaceOf(agent), uint64_t{agent} << 32 | batch_seq, batch);
  return batch;
}

class RoundsTest : public ::testing::TestWithParam<int> {
 protected:
  const v1::Plan plan_ = MakePlan(GetParam(), kNow);
};

TEST_P(RoundsTest, ThePlanKeepsTheRules) {
  EXPECT_TRUE(ValidatePlan(plan_).ok()) << ValidatePlan(plan_);
}

TEST_P(RoundsTest, ACollectorTakesEveryRound) {
  const PlanVersion version(v1::SignedPlan(), plan_);
  for (uint32_t agent = 0; agent < 130; ++agent) {
    AgentRecord record;
    record.region = PlaceOf(agent).region;
    record.role = PlaceOf(agent).control ? v1::AGENT_ROLE_CONTROL : v1::AGENT_ROLE_VOLUNTEER;
    for (const uint64_t seq : {1, 2, 3, 38, 500}) {
      const v1::Batch batch = MakeBatch(plan_, agent, seq);
      EXPECT_EQ(batch.observations_size(), GetParam());
      EXPECT_TRUE(CheckBatchShape(batch).ok()) << CheckBatchShape(batch);
      const auto refused = VerifyAgainstPlan(batch, record, version);
      EXPECT_FALSE(refused.has_value()) << refused->ShortDebugString();
    }
  }
}

TEST_P(RoundsTest, MostIsOpenAndSomeIsBlockedAtHome) {
  int blocked = 0;
  int all = 0;
  for (uint32_t agent = 1; agent < 63; ++agent) {
    const v1::Batch batch = MakeBatch(plan_, agent, 2);
    for (const v1::Observation& observation : batch.observations()) {
      ++all;
      if (!observation.failure().empty()) ++blocked;
    }
  }
  EXPECT_GT(blocked, all / 8);
  EXPECT_LT(blocked, all / 2);
}

INSTANTIATE_TEST_SUITE_P(Sizes, RoundsTest, ::testing::Values(16, 32, 256));

TEST(PlaceTest, AgentsComeFromDifferentBlocks) {
  std::set<std::string> blocks;
  constexpr uint32_t kAgents = 10'400;
  for (uint32_t agent = 0; agent < kAgents; ++agent) {
    const std::string address = PlaceOf(agent).address;
    blocks.insert(address.substr(0, address.rfind('.')));
  }
  EXPECT_EQ(blocks.size(), kAgents);
}

}  // namespace
}  // namespace sightline::load
