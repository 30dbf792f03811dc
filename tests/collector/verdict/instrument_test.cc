#include "collector/verdict/instrument.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

// `count` buckets of a version in a cell, of which `failed` fail.
struct Group {
  const char* region;
  uint32_t asn;
  const char* version;
  int count;
  int failed;
  double weight = 1;
};

std::vector<VersionVote> VotesOf(const std::vector<Group>& groups) {
  std::vector<VersionVote> votes;
  for (const Group& group : groups) {
    for (int i = 0; i < group.count; ++i) {
      votes.push_back({group.region, group.asn, group.version, group.weight, i < group.failed});
    }
  }
  return votes;
}

// "0.2.0 fails 6", "0.2.0 fails 6, disputed", or nothing.
std::string BugsOf(const std::vector<Group>& groups,
                   const std::vector<VersionControl>& controls = {}) {
  std::string text;
  for (const InstrumentBug& bug : FindInstrumentBugs(VotesOf(groups), controls)) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", bug.agent_version, " fails ", bug.buckets,
                    bug.disputed ? ", disputed" : "");
  }
  return text;
}

TEST(InstrumentTest, AFailureThatFollowsAMinorityVersionIsABug) {
  EXPECT_EQ(BugsOf({{"CN-BJ", 4134, "0.1.0", 8, 0},
                    {"CN-BJ", 4134, "0.2.0", 3, 3},
                    {"CN-SH", 4837, "0.1.0", 8, 1},
                    {"CN-SH", 4837, "0.2.0", 3, 3},
                    {"CN-GD", 4837, "0.2.0", 2, 2}}),
            "0.2.0 fails 8");
}

TEST(InstrumentTest, AFailureThatFollowsTheNetworkIsNone) {
  EXPECT_EQ(BugsOf({{"CN-BJ", 4134, "0.1.0", 8, 8},
                    {"CN-BJ", 4134, "0.2.0", 4, 4},
                    {"CN-SH", 4837, "0.1.0", 8, 0},
                    {"CN-SH", 4837, "0.2.0", 4, 0}}),
            "");
  EXPECT_EQ(BugsOf({{"CN-BJ", 4134, "0.1.0", 9, 0}, {"CN-SH", 4837, "0.2.0", 9, 9}}), "")
      << "one version to a network: nothing to compare";
}

TEST(InstrumentTest, EachThresholdCounts) {
  const auto with = [](int cells, int own, int own_failed, int others, int others_failed) {
    std::vector<Group> groups = {{"CN-BJ", 4134, "0.1.0", others, others_failed},
                                 {"CN-BJ", 4134, "0.2.0", own, own_failed}};
    if (cells > 1) {
      groups.push_back({"CN-SH", 4134, "0.1.0", others, others_failed});
      groups.push_back({"CN-SH", 4134, "0.2.0", own, own_failed});
    }
    return BugsOf(groups);
  };
  EXPECT_EQ(with(2, 5, 5, 10, 1), "0.2.0 fails 10");
  EXPECT_EQ(with(1, 10, 10, 20, 2), "") << "a single cell may have a censor of its own";
  EXPECT_EQ(with(2, 1, 1, 40, 0), "") << "two buckets";
  EXPECT_EQ(with(2, 5, 3, 10, 0), "") << "60% fail";
  EXPECT_EQ(with(2, 5, 5, 10, 3), "") << "30% of the others fail";
  EXPECT_EQ(with(2, 2, 2, 3, 0), "") << "could be chance";
}

TEST(InstrumentTest, AnInventedVersionCannotSilenceTheMajority) {
  // Honest agents find it blocked; liars say that it is open, under a version of their own.
  const Group bj{"CN-BJ", 4134, "0.1.0", 10, 10};
  const Group sh{"CN-SH", 4134, "0.1.0", 10, 10};
  const Group elsewhere{"CN-GD", 4134, "0.1.0", 40, 40};
  EXPECT_EQ(BugsOf({bj, sh, elsewhere, {"CN-BJ", 4134, "9", 3, 0}, {"CN-SH", 4134, "9", 3, 0}}), "")
      << "a tenth is outvoted";
  EXPECT_EQ(BugsOf({bj, sh, elsewhere, {"CN-BJ", 4134, "9", 15, 0}, {"CN-SH", 4134, "9", 15, 0}}),
            "0.1.0 fails 60, disputed")
      << "a majority in two cells is not one in the country: nothing is left out";
  EXPECT_EQ(BugsOf({bj,
                    sh,
                    elsewhere,
                    {"CN-BJ", 4134, "9", 90, 0, 0.01},
                    {"CN-SH", 4134, "9", 90, 0, 0.01}}),
            "")
      << "new agents weigh little, however many";
  std::vector<Group> many = {bj, sh, elsewhere};
  std::vector<std::string> names;
  for (int i = 0; i < 6; ++i) names.push_back(absl::StrCat("invented ", i));
  for (const std::string& name : names) {
    many.push_back({many.size() % 2 == 0 ? "CN-BJ" : "CN-SH", 4134, name.c_str(), 1, 0});
  }
  EXPECT_EQ(BugsOf(many), "") << "one version to a liar";
}

TEST(InstrumentTest, WhatHalfOrMoreHaveIsDisputed) {
  const std::vector<Group> groups = {{"CN-BJ", 4134, "0.1.0", 4, 0},
                                     {"CN-BJ", 4134, "0.2.0", 8, 8},
                                     {"CN-SH", 4837, "0.1.0", 4, 0},
                                     {"CN-SH", 4837, "0.2.0", 8, 8}};
  EXPECT_EQ(BugsOf(groups), "0.2.0 fails 16, disputed");
  EXPECT_EQ(BugsOf(groups, {{"0.2.0", true}, {"0.1.0", false}}), "0.2.0 fails 16")
      << "controls settle it";
  EXPECT_EQ(BugsOf(groups, {{"0.2.0", true}}), "0.2.0 fails 16, disputed") << "no other control";
  EXPECT_EQ(BugsOf(groups, {{"0.2.0", true}, {"0.1.0", true}}), "0.2.0 fails 16, disputed")
      << "the service is down";
  EXPECT_EQ(BugsOf(groups, {{"0.2.0", true}, {"0.2.0", false}, {"0.1.0", false}}),
            "0.2.0 fails 16, disputed")
      << "not all of its controls fail";
}

TEST(InstrumentTest, TheOrderOfVotesChangesNothing) {
  std::mt19937 random(1);
  std::vector<VersionVote> votes = VotesOf({{"CN-BJ", 4134, "0.1.0", 8, 0, 0.7},
                                            {"CN-BJ", 4134, "0.2.0", 4, 4, 0.3},
                                            {"CN-SH", 4837, "0.1.0", 8, 1, 0.9},
                                            {"CN-SH", 4837, "0.2.0", 4, 4, 0.1}});
  for (int i = 0; i < 20; ++i) {
    std::shuffle(votes.begin(), votes.end(), random);
    const std::vector<InstrumentBug> bugs = FindInstrumentBugs(votes, {});
    ASSERT_EQ(bugs.size(), 1U);
    EXPECT_EQ(bugs[0].buckets, 8U);
    EXPECT_FALSE(bugs[0].disputed);
  }
}

}  // namespace
}  // namespace sightline
