#include "collector/verdict/published.h"

#include <gtest/gtest.h>

#include <tuple>

#include "tests/collector/verdict/world.h"

namespace sightline {
namespace {

Evidence Votes(uint32_t open, uint32_t blocked) {
  Evidence evidence;
  const uint32_t n = open + blocked;
  evidence.votes = {n, 1.0 * n, 1.0 * open};
  evidence.buckets_open = open;
  evidence.buckets_blocked = blocked;
  return evidence;
}

struct Published {
  v1::TargetVerdict verdict;
  ScopeInput input;
};

Published PublishOf(const TargetTally& tally) {
  Published result;
  result.input = Publish(tally, {"CN-BJ", "CN-GD", "CN-SH"}, {"CN-BJ", "CN-GD", "CN-SH"},
                         TestNames(), result.verdict);
  return result;
}

// Region, asn and buckets of each cell that the scope is told from.
std::vector<std::tuple<size_t, uint32_t, uint32_t>> CellsOf(const ScopeInput& input) {
  std::vector<std::tuple<size_t, uint32_t, uint32_t>> cells;
  for (const ScopeCell& cell : input.cells) {
    cells.emplace_back(cell.region, cell.asn, cell.votes.buckets);
  }
  return cells;
}

TEST(PublishedTest, ScopeRestsOnWhatReadersSeeAndNoMore) {
  TargetTally tally;
  tally.outside = Contrast::kReached;
  tally.cells[{"CN-BJ", 1}] = Votes(0, 5);
  tally.cells[{"CN-BJ", 2}] = Votes(0, 3);
  tally.cells[{"CN-BJ", 3}] = Votes(1, 2);
  tally.cells[{"CN-GD", 1}] = Votes(0, 3);  // not published at all
  tally.cells[{"CN-SH", 1}] = Votes(0, 4);
  tally.cells[{"CN-SH", 2}] = Votes(0, 1);  // would follow by subtraction, so neither is listed
  const Published published = PublishOf(tally);
  using Cells = std::vector<std::tuple<size_t, uint32_t, uint32_t>>;
  EXPECT_EQ(CellsOf(published.input), Cells({{0, 1, 5}, {0, 0, 6}, {2, 0, 5}}));
  EXPECT_EQ(published.input.regions, 3U);
  EXPECT_EQ(RegionOf(published.verdict, "CN-BJ").networks_size(), 1);
  EXPECT_EQ(RegionOf(published.verdict, "CN-SH").networks_size(), 0);
}

TEST(PublishedTest, DisputedRegionsAndUnreachedTargetsTellNoScope) {
  TargetTally tally;
  tally.outside = Contrast::kReached;
  tally.cells[{"CN-BJ", 1}] = Votes(0, 8);
  tally.cells[{"CN-SH", 1}] = Votes(4, 4);
  tally.cells[{"CN-SH", 1}].buckets_suspected = 4;
  const Published published = PublishOf(tally);
  EXPECT_EQ(RegionOf(published.verdict, "CN-SH").access().state(), v1::ACCESS_STATE_DISPUTED);
  ASSERT_EQ(published.input.cells.size(), 1U);
  EXPECT_EQ(published.input.cells[0].region, 0U);
  tally.outside = Contrast::kUnknown;
  EXPECT_TRUE(PublishOf(tally).input.cells.empty());
}

TEST(PublishedTest, BypassingAndSuspectedAreCountedByRegionOnly) {
  TargetTally tally;
  tally.outside = Contrast::kReached;
  tally.cells[{"CN-BJ", 1}] = Votes(0, 30);
  tally.cells[{"CN-BJ", 1}].buckets_bypassing = 5;
  tally.cells[{"CN-BJ", 1}].buckets_suspected = 4;
  tally.cells[{"CN-BJ", 2}] = Votes(0, 30);
  tally.cells[{"CN-BJ", 2}].buckets_bypassing = 1;
  tally.cells[{"CN-BJ", 2}].buckets_suspected = 1;
  const v1::TargetVerdict verdict = PublishOf(tally).verdict;
  const v1::RegionAccess& beijing = RegionOf(verdict, "CN-BJ");
  EXPECT_EQ(beijing.access().buckets_bypassing(), 6U);
  EXPECT_EQ(beijing.access().buckets_suspected(), 5U);
  ASSERT_EQ(beijing.networks_size(), 2);
  for (const v1::NetworkAccess& network : beijing.networks()) {
    EXPECT_EQ(network.access().buckets_bypassing(), 0U) << "the other's would follow";
    EXPECT_EQ(network.access().buckets_suspected(), 0U);
  }
  for (const v1::NetworkAccess& network : verdict.networks()) {
    EXPECT_EQ(network.access().buckets_bypassing(), 0U);
  }
}

}  // namespace
}  // namespace sightline
