#include "collector/verdict/checkpoint.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "collector/verdict/verdict.h"
#include "common/crypto.h"
#include "sightline/internal/v1/fold.pb.h"
#include "tests/collector/verdict/world.h"

namespace sightline {
namespace {

using Random = std::mt19937;

uint32_t Below(Random& random, uint32_t end) { return static_cast<uint32_t>(random() % end); }

TargetCounts RandomCounts(Random& random) {
  TargetCounts counts;
  counts.open = Below(random, 5);
  counts.down = Below(random, 3) == 0 ? random() : 0;
  counts.undecided = Below(random, 2);
  counts.own_outage = Below(random, 2);
  counts.no_anchor = Below(random, 2);
  for (uint32_t i = Below(random, 4); i > 0; --i) {
    const uint32_t count = 1 + Below(random, 300);
    counts.causes[{i == 1 ? "dns" : "tcp", absl::StrCat("failure ", Below(random, 3))}] += count;
    counts.blocked += count;
  }
  return counts;
}

VantageFacts RandomFacts(Random& random) {
  VantageFacts facts;
  facts.agent_version = Below(random, 4) == 0 ? "" : absl::StrCat("0.", Below(random, 30), ".0");
  for (uint32_t* number : {&facts.tunnel, &facts.fake_ip, &facts.proxy, &facts.echoes_differ,
                           &facts.domestic_connect_us, &facts.foreign_connect_us}) {
    *number = Below(random, 2) == 0 ? 0 : random();
  }
  return facts;
}

Window RandomWindow(Random& random) {
  Window window;
  window.start = kTestNow + Below(random, 100) * kHour;
  window.length = kHour;
  for (uint32_t i = Below(random, 20); i > 0; --i) {
    AgentWindow& agent = window.agents[Sha256(absl::StrCat("agent ", i))];
    agent.role = static_cast<v1::AgentRole>(1 + Below(random, 2));
    agent.region = absl::StrCat("CN-", Below(random, 30));
    agent.enroll_time = kTestNow - absl::Milliseconds(random());
    for (uint32_t o = 1 + Below(random, 3); o > 0; --o) {
      const SeenFrom seen{Below(random, 3) == 0 ? "" : "CN", Below(random, 5000),
                          Sha256(absl::StrCat("bucket ", o)).substr(0, 16)};
      OriginCounts& rounds = agent.origins[seen];
      rounds.rounds = Below(random, 100);
      rounds.vantage = RandomFacts(random);
      for (uint32_t t = Below(random, 8); t > 0; --t) {
        rounds.targets[absl::StrCat("target ", Below(random, 9))] = RandomCounts(random);
      }
    }
  }
  return window;
}

// Everything that a window holds, in words.
std::string Describe(const Window& window) {
  std::string out = absl::StrCat(absl::ToUnixMillis(window.start), "+",
                                 absl::ToInt64Milliseconds(window.length), "\n");
  for (const auto& [id, agent] : window.agents) {
    absl::StrAppend(&out, id, " ", static_cast<int>(agent.role), " ", agent.region, " ",
                    absl::ToUnixMillis(agent.enroll_time), "\n");
    for (const auto& [seen, rounds] : agent.origins) {
      absl::StrAppend(&out, " ", seen.country, " ", seen.asn, " ", seen.bucket, " ", rounds.rounds,
                      "\n");
      const VantageFacts& facts = rounds.vantage;
      absl::StrAppend(&out, "  ", facts.agent_version, " ", facts.tunnel, " ", facts.fake_ip, " ",
                      facts.proxy, " ", facts.echoes_differ);
      absl::StrAppend(&out, " ", facts.domestic_connect_us, " ", facts.foreign_connect_us, "\n");
      for (const auto& [target, counts] : rounds.targets) {
        absl::StrAppend(&out, "  ", target, " ", counts.open, " ", counts.blocked, " ", counts.down,
                        " ");
        absl::StrAppend(&out, counts.undecided, " ", counts.own_outage, " ", counts.no_anchor);
        for (const auto& [cause, count] : counts.causes) {
          absl::StrAppend(&out, " ", cause.layer, "/", cause.failure, "=", count);
        }
        absl::StrAppend(&out, "\n");
      }
    }
  }
  return out;
}

TEST(CheckpointTest, AnyWindowComesBackAsItWas) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int i = 0; i < 300; ++i) {
    const Window window = RandomWindow(random);
    const std::string bytes = SerializeWindow(window);
    const absl::StatusOr<Window> back = ParseWindow(bytes, window.start, kHour);
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(Describe(*back), Describe(window));
    ASSERT_EQ(SerializeWindow(*back), bytes);
  }
}

TEST(CheckpointTest, WhatIsNoWindowOrAnotherIsRefused) {
  Random random(7);
  Window window = RandomWindow(random);
  while (window.agents.empty()) window = RandomWindow(random);
  const std::string bytes = SerializeWindow(window);
  EXPECT_TRUE(absl::IsDataLoss(ParseWindow("\xff\xff", window.start, kHour).status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseWindow(bytes, window.start + kHour, kHour).status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseWindow(bytes, window.start, 2 * kHour).status()));
  internal::v1::FoldWindow other;
  ASSERT_TRUE(other.ParseFromString(bytes));
  other.set_ruleset_version(std::string(kRulesetVersion) + "+");
  EXPECT_TRUE(
      absl::IsDataLoss(ParseWindow(other.SerializeAsString(), window.start, kHour).status()))
      << "rounds counted by other rules";
}

TEST(CheckpointTest, DamagedBytesAreRefusedOrReadButNeverWorse) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    const Window window = RandomWindow(random);
    std::string bytes = SerializeWindow(window);
    bytes[Below(random, static_cast<uint32_t>(bytes.size()))] ^=
        static_cast<char>(1U << Below(random, 8));
    const absl::StatusOr<Window> back = ParseWindow(bytes, window.start, kHour);
    if (back.ok()) {
      (void)SerializeWindow(*back);
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10);
}

}  // namespace
}  // namespace sightline
