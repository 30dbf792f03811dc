#include "collector/replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/audit.h"
#include "collector/replay/world.h"
#include "common/regions.h"
#include "tests/common/temp_folder.h"
#include "tests/sim/small_world.h"

namespace sightline {
namespace {

// Everything that can arrive in an odd order: an opening, liars, a day's spool, a broken line.
constexpr char kBusy[] = R"(
[noise]
failure = 0.02
offline = 0.05
[[policy]]
target = "whatsapp"
from = "8h"
regions = "CN-BJ"
open = 0.9
[[liars]]
share = 0.1
says = "random"
[[vpn]]
share = 0.1
visible = 0.5
[[late]]
regions = "CN-BJ"
share = 0.6
from = "9h"
until = "15h"
[[outage]]
kind = "lines"
regions = "CN-SH"
share = 0.5
from = "3h"
until = "5h"
)";

struct Outcome {
  Replay replay;
  std::vector<std::string> rows;    // verdicts and cells as they stand in the end
  std::vector<std::string> events;  // likewise
};

Outcome RunIn(const std::string& url, const Scenario& scenario, uint64_t seed,
              ReplayOptions options = {}) {
  const std::unique_ptr<Store> store = OpenStore(url).value();
  options.store = store.get();
  absl::StatusOr<Replay> replay = RunReplay(scenario, seed, options);
  EXPECT_TRUE(replay.ok()) << replay.status();
  Outcome outcome;
  if (!replay.ok()) return outcome;
  outcome.replay = *std::move(replay);
  for (const VerdictRecord& row :
       store->ReadVerdicts("CN", scenario.start, scenario.end()).value()) {
    outcome.rows.push_back(absl::StrCat(absl::FormatTime(row.window_start), " ", row.target_id, " ",
                                        row.verdict, " ", row.cells));
  }
  for (const v1::Event& event : outcome.replay.events) {
    outcome.events.push_back(event.SerializeAsString());
  }
  return outcome;
}

Outcome RunOnce(const Scenario& scenario, uint64_t seed, ReplayOptions options = {}) {
  const TempFolder folder;
  return RunIn(absl::StrCat("sqlite:", folder.path(), "/replay.db"), scenario, seed,
               std::move(options));
}

std::string Said(const Replay& replay) {
  std::string bytes;
  for (const ReplayWindow& window : replay.windows) bytes += window.summary.SerializeAsString();
  return bytes;
}

TEST(ReplayTest, TheSameSeedGivesTheSameBytesAndAnotherDoesNot) {
  const Scenario scenario = Parsed(SmallWorld(kBusy));
  const Outcome one = RunOnce(scenario, 1);
  const Outcome again = RunOnce(scenario, 1);
  const Outcome other = RunOnce(scenario, 2);
  ASSERT_EQ(one.replay.windows.size(), 24U);
  EXPECT_EQ(Said(one.replay), Said(again.replay));
  EXPECT_EQ(one.rows, again.rows);
  EXPECT_EQ(one.events, again.events);
  EXPECT_NE(one.rows, other.rows);
}

TEST(ReplayTest, TheLogIsSignedAndChainedAndSaysWhatWasPublished) {
  const Scenario scenario = Parsed(SmallWorld(kBusy));
  const TempFolder folder;
  const std::string url = absl::StrCat("sqlite:", folder.path(), "/replay.db");
  const Outcome outcome = RunIn(url, scenario, 3);
  const std::unique_ptr<Store> store = OpenStore(url).value();
  const internal::v1::AuditReport report =
      Audit(*store, RegionNames::Load().value(), AuditOptions()).value();
  EXPECT_EQ(report.problems_total(), 0U) << report.DebugString();
  EXPECT_EQ(report.records(), outcome.replay.batches);
  EXPECT_EQ(report.agents(), 24U);
  EXPECT_GE(report.windows_compared(), 20U);
}

TEST(ReplayTest, AnotherPlanOfAStoreThatIsInUseIsRefused) {
  const Scenario scenario = Parsed(SmallWorld());
  const TempFolder folder;
  const std::string url = absl::StrCat("sqlite:", folder.path(), "/replay.db");
  RunIn(url, scenario, 1);
  const std::unique_ptr<Store> store = OpenStore(url).value();
  ReplayOptions options;
  options.store = store.get();
  EXPECT_TRUE(absl::IsFailedPrecondition(RunReplay(scenario, 2, options).status()));
}

class ReplayPropertyTest : public testing::TestWithParam<uint64_t> {};

TEST_P(ReplayPropertyTest, OrderDuplicatesAndCollectorsChangeNothing) {
  const uint64_t seed = GetParam();
  const Scenario scenario = Parsed(SmallWorld(kBusy));
  const Outcome plain = RunOnce(scenario, seed);
  ASSERT_FALSE(plain.rows.empty());
  ReplayOptions shuffled;
  shuffled.arrival_seed = seed + 1;
  ReplayOptions repeated;
  repeated.duplicates = true;
  ReplayOptions split;
  split.nodes = {"north", "south"};
  ReplayOptions all;
  all.nodes = {"north", "south", "west"};
  all.duplicates = true;
  all.arrival_seed = seed + 2;
  for (const ReplayOptions& options : {shuffled, repeated, split, all}) {
    SCOPED_TRACE(testing::Message()
                 << "seed " << seed << ", " << options.nodes.size() << " nodes, duplicates "
                 << options.duplicates << ", arrival " << options.arrival_seed);
    const Outcome outcome = RunOnce(scenario, seed, options);
    EXPECT_EQ(outcome.rows, plain.rows);
    EXPECT_EQ(outcome.events, plain.events);
    EXPECT_EQ(Said(outcome.replay), Said(plain.replay));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReplayPropertyTest, testing::Values(101, 102, 103));

TEST(ReplayTest, AnOpeningIsFoundAndToldOnce) {
  const Scenario scenario = Parsed(SmallWorld(R"(
[[policy]]
target = "whatsapp"
from = "12h"
regions = "CN-BJ"
open = 1
)"));
  const Outcome outcome = RunOnce(scenario, 4);
  ASSERT_EQ(outcome.replay.events.size(), 1U);
  const v1::Event& event = outcome.replay.events[0];
  EXPECT_EQ(event.region(), "CN-BJ");
  EXPECT_EQ(event.onset_time().seconds(), absl::ToUnixSeconds(scenario.start) + 12 * 3600);
  const auto verdict = [&](size_t window) {
    for (const v1::TargetVerdict& each : outcome.replay.windows[window].summary.verdicts()) {
      if (each.target_id() == "whatsapp") return each;
    }
    return v1::TargetVerdict();
  };
  EXPECT_EQ(verdict(11).scope(), v1::SCOPE_NOWHERE);
  EXPECT_EQ(verdict(23).scope(), v1::SCOPE_LOCAL);
  EXPECT_EQ(verdict(11).events_size(), 0);
  EXPECT_EQ(verdict(23).events_size(), 1);
}

TEST(ReplayTest, RawCountsAreOfVolunteersAndOfWhatHadArrived) {
  const Scenario scenario = Parsed(SmallWorld(R"(
[[policy]]
target = "whatsapp"
networks = 4837
open = 1
[[late]]
regions = "CN-SH"
from = "4h"
until = "6h"
)"));
  const Replay replay = RunOnce(scenario, 5).replay;
  const auto count = [&](size_t window, const char* region, uint32_t asn) {
    const auto& raw = replay.windows[window].raw;
    const auto found = raw.find({"whatsapp", region, asn});
    return found == raw.end() ? RawCount() : found->second;
  };
  EXPECT_EQ(count(0, "CN-BJ", 4134).decided, 5U);
  EXPECT_EQ(count(0, "CN-BJ", 4134).open, 0U);
  EXPECT_EQ(count(0, "CN-BJ", 4837).open, 5U);
  EXPECT_EQ(count(4, "CN-SH", 4837).decided, 0U);
  EXPECT_EQ(count(7, "CN-SH", 4837).decided, 5U);
  EXPECT_EQ(count(0, "DE", 3320).decided, 0U);
}

TEST(ReplayTest, ProgressCountsUpToTheEnd) {
  const Scenario scenario = Parsed(SmallWorld());
  std::vector<int> seen;
  ReplayOptions options;
  options.progress = [&](const ReplayProgress& progress) {
    EXPECT_EQ(progress.windows_all, 24);
    seen.push_back(progress.windows);
  };
  RunOnce(scenario, 6, options);
  ASSERT_EQ(seen.size(), 24U);
  EXPECT_EQ(seen.back(), 24);
}

}  // namespace
}  // namespace sightline
