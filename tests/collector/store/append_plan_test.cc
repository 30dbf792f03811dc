#include "collector/store/append_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/store/chain.h"

namespace sightline {
namespace {

using testing::ElementsAre;

TEST(AppendPlanTest, RecordsOfOneAgentBecomeOneMoveWhereverTheyStand) {
  const TestAgent a(1);
  const TestAgent b(2);
  const std::vector<LogRecord> records = {b.Record(4), a.Record(1), b.Tombstone(5, 8), a.Record(2)};
  std::vector<ChainMove> moves = PlanMoves(records);
  ASSERT_EQ(moves.size(), 2u);
  EXPECT_LT(moves[0].agent_id, moves[1].agent_id);
  if (moves[0].agent_id != a.id()) std::swap(moves[0], moves[1]);
  EXPECT_EQ(moves[0].from_seq, 0u);
  EXPECT_EQ(moves[0].from_head, GenesisHash());
  EXPECT_EQ(moves[0].to_seq, 2u);
  EXPECT_EQ(moves[0].to_head, a.HashOf(2));
  EXPECT_THAT(moves[0].records, ElementsAre(1, 3));
  EXPECT_EQ(moves[1].from_seq, 3u);
  EXPECT_EQ(moves[1].to_seq, 8u);
  EXPECT_THAT(moves[1].records, ElementsAre(0, 2));
}

TEST(AppendPlanTest, MoveEndsBeforeTheFirstBreak) {
  const TestAgent a(1);
  LogRecord forked = a.Record(2);
  forked.prev_hash = Sha256("another first batch");
  // The third record would fit again, but it stands behind the break.
  const std::vector<LogRecord> records = {a.Record(1), forked, a.Record(2)};
  const std::vector<ChainMove> moves = PlanMoves(records);
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_EQ(moves[0].to_seq, 1u);
  EXPECT_THAT(moves[0].records, ElementsAre(0));
}

TEST(AppendPlanTest, DaysCountFrom1970AndRoundDown) {
  constexpr int64_t kDayMs = 86'400'000;
  EXPECT_EQ(DayOf(0), 0);
  EXPECT_EQ(DayOf(kDayMs - 1), 0);
  EXPECT_EQ(DayOf(kDayMs), 1);
  EXPECT_EQ(DayOf(-1), -1);
  EXPECT_EQ(DayOf(-kDayMs), -1);
  EXPECT_EQ(DayOf(-kDayMs - 1), -2);
}

}  // namespace
}  // namespace sightline
