// The score command with replays that are made by hand.
#include "collector/cli/score_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/files.h"
#include "common/message.h"
#include "tests/collector/cli/run_app.h"
#include "tests/common/temp_folder.h"

namespace sightline::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kScenario[] = R"(
name = "quiet"
start = 2024-04-01
days = 1
[country]
code = "CN"
regions = ["CN-BJ", "CN-SH"]
[[network]]
asn = 4134
share = 1.0
[[target]]
id = "chat"
kind = "service"
[agents]
per_cell = 4
)";

// Everybody is blocked, and that is said, but for one window of seed 2.
absl::StatusOr<Replay> Quiet(const Scenario& scenario, uint64_t seed) {
  Replay replay;
  for (int i = 0; i < scenario.windows; ++i) {
    ReplayWindow& window = replay.windows.emplace_back();
    window.start = scenario.start + i * scenario.window_length;
    *window.summary.mutable_window_length() = ToProto(scenario.window_length);
    v1::TargetVerdict* verdict = window.summary.add_verdicts();
    verdict->set_target_id("chat");
    verdict->set_scope(seed == 2 && i == 7 ? v1::SCOPE_LOCAL : v1::SCOPE_NOWHERE);
    for (const std::string& region : scenario.regions) {
      window.raw[{"chat", region, 4134}] = {0, 4};
    }
  }
  return replay;
}

class ScoreCommandTest : public ::testing::Test {
 protected:
  ScoreCommandTest() {
    options_.paths = {folder_.path() + "/quiet.toml"};
    options_.seeds = "1..3";
    EXPECT_TRUE(SystemFiles().WriteAtomically(options_.paths[0], kScenario, 0600).ok());
    terminal_.out = &out_;
    terminal_.err = &err_;
  }

  TempFolder folder_;
  ScoreOptions options_;
  std::ostringstream out_;
  std::ostringstream err_;
  Terminal terminal_;
};

TEST(ParseSeedsTest, RangesAndLists) {
  EXPECT_THAT(*ParseSeeds("101..103"), ElementsAre(101, 102, 103));
  EXPECT_THAT(*ParseSeeds("5,1..2"), ElementsAre(5, 1, 2));
  EXPECT_THAT(*ParseSeeds("18446744073709551615"), ElementsAre(18446744073709551615u));
  for (const char* wrong : {"", "a", "3..1", "1..", "..2", "1,,2", "-1", "1...3"}) {
    EXPECT_EQ(ParseSeeds(wrong).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
  EXPECT_TRUE(ParseSeeds("1..1000").ok());
  EXPECT_FALSE(ParseSeeds("1..1001").ok());
  EXPECT_FALSE(ParseSeeds("0..18446744073709551615").ok());
}

TEST_F(ScoreCommandTest, PoolsTheSeedsAndShowsProgress) {
  ASSERT_TRUE(ShowScore(options_, Quiet, terminal_).ok());
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("quiet     Sightline"), HasSubstr("majority"), HasSubstr("total")));
  // One window of three days is wrong.
  EXPECT_THAT(out_.str(), HasSubstr("0.986"));
  EXPECT_THAT(err_.str(), HasSubstr("(3 of 3)"));
}

TEST_F(ScoreCommandTest, NumberOfThreadsDoesNotChangeABit) {
  options_.format = Format::kJson;
  std::vector<std::string> results;
  for (const int jobs : {1, 2, 8}) {
    options_.jobs = jobs;
    out_.str("");
    ASSERT_TRUE(ShowScore(options_, Quiet, terminal_).ok());
    results.push_back(out_.str());
  }
  EXPECT_THAT(results[0], HasSubstr("\"replays\":3"));
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST_F(ScoreCommandTest, WritesTableJsonAndPlot) {
  options_.out_folder = folder_.path() + "/new/scores";
  ASSERT_TRUE(ShowScore(options_, Quiet, terminal_).ok());
  const absl::StatusOr<std::string> table = SystemFiles().Read(options_.out_folder + "/scores.txt");
  const absl::StatusOr<std::string> json = SystemFiles().Read(options_.out_folder + "/scores.json");
  const absl::StatusOr<std::string> plot =
      SystemFiles().Read(options_.out_folder + "/reliability.svg");
  ASSERT_TRUE(table.ok() && json.ok() && plot.ok());
  EXPECT_EQ(*table, out_.str());
  EXPECT_THAT(*json, HasSubstr("\"scenario\":\"quiet\""));
  EXPECT_THAT(*plot, HasSubstr("3 replays of 1 scenario<"));
}

TEST_F(ScoreCommandTest, FirstErrorNamesTheReplayAndEndsIt) {
  std::atomic<int> runs = 0;
  options_.jobs = 1;
  options_.seeds = "1..9";
  const absl::Status status = ShowScore(
      options_,
      [&](const Scenario& scenario, uint64_t seed) -> absl::StatusOr<Replay> {
        ++runs;
        if (seed == 2) return absl::UnavailableError("the disk is full");
        return Quiet(scenario, seed);
      },
      terminal_);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "quiet, seed 2: the disk is full");
  EXPECT_EQ(runs, 2);
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(ScoreCommandTest, ScenarioThatIsNotThereIsNamed) {
  options_.paths.push_back(folder_.path() + "/missing.toml");
  const absl::Status status = ShowScore(options_, Quiet, terminal_);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("missing.toml"));
}

TEST_F(ScoreCommandTest, FlagsReachIt) {
  const Ran ran = AppUnderTest(absl::UnixEpoch())
                      .Run({"score", options_.paths[0], "--seeds", "3..1", "--jobs", "1"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("\"3..1\" is no list of seeds"));
  EXPECT_EQ(AppUnderTest(absl::UnixEpoch()).Run({"score"}).exit_code, kExitUsage);
}

}  // namespace
}  // namespace sightline::cli
