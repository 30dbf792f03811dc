#include "collector/verdict/trust.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "tests/collector/verdict/crowd.h"

namespace sightline {
namespace {

size_t Bypassing(const std::vector<Trust>& trust) {
  return static_cast<size_t>(
      std::count_if(trust.begin(), trust.end(), [](const Trust& t) { return t.bypassing; }));
}

size_t Suspected(const std::vector<Trust>& trust) {
  return static_cast<size_t>(
      std::count_if(trust.begin(), trust.end(), [](const Trust& t) { return t.suspected; }));
}

double LeastReliable(const std::vector<Trust>& trust) {
  double least = 1;
  for (const Trust& each : trust) least = std::min(least, each.reliability);
  return least;
}

TEST(TrustTest, WhoeverAgreesWithTheContrastsIsReliable) {
  Crowd crowd;
  for (int i = 0; i < 5; ++i) crowd.Join("CN-BJ", 4134, AtHome);
  const std::vector<Trust> trust = crowd.Judge();
  EXPECT_GT(LeastReliable(trust), 0.99);
  EXPECT_EQ(Bypassing(trust) + Suspected(trust), 0U);
}

TEST(TrustTest, WhoeverReachesEveryCanaryIsBypassing) {
  for (const uint32_t rounds : {1U, 6U}) {
    for (const int neighbours : {0, 1, 9}) {
      Crowd crowd;
      crowd.Join("CN-BJ", 4134, BehindVpn, rounds);
      for (int i = 0; i < neighbours; ++i) crowd.Join("CN-BJ", 4134, AtHome, rounds);
      const std::vector<Trust> trust = crowd.Judge();
      EXPECT_TRUE(trust[0].bypassing) << rounds << " " << neighbours;
      EXPECT_FALSE(trust[0].suspected);
      EXPECT_EQ(Bypassing(trust), 1U);
    }
  }
}

// However many agents see it, in however many rounds, with however many other canaries, from the
// beginning of the window or from its middle.
TEST(TrustTest, OneGenuineOpeningConvictsNobody) {
  for (const int canaries : {1, 2, 4}) {
    for (const int agents : {1, 2, 3, 8, 40}) {
      for (const int see_it : {1, agents / 2, agents}) {
        for (const uint32_t rounds : {1U, 2U, 6U}) {
          for (const uint32_t open_rounds : {rounds, rounds / 2}) {
            Crowd crowd(SomeContrasts(canaries, 3, 2));
            for (int i = 0; i < agents; ++i) {
              OriginCounts& counts = crowd.Join("CN-BJ", 4134, AtHome, rounds);
              if (i >= see_it) continue;
              counts.targets["canary 1"].open = open_rounds;
              counts.targets["canary 1"].blocked = rounds - open_rounds;
            }
            const std::vector<Trust> trust = crowd.Judge();
            ASSERT_EQ(Bypassing(trust) + Suspected(trust), 0U)
                << canaries << " canaries, " << see_it << " of " << agents << " see it in "
                << open_rounds << " of " << rounds << " rounds";
            if (canaries == 4) {
              ASSERT_GT(LeastReliable(trust), 0.8);
            }
          }
        }
      }
    }
  }
}

TEST(TrustTest, AContrastThatIsAloneConvictsNobody) {
  for (const uint32_t open : {0U, 1U, 3U, 5U, 6U}) {
    for (const int neighbours : {0, 5}) {
      Crowd crowd(SomeContrasts(1, 0, 0));
      OriginCounts& counts = crowd.Join("CN-BJ", 4134, AtHome, 6);
      counts.targets["canary 1"].open = open;
      counts.targets["canary 1"].blocked = 6 - open;
      for (int i = 0; i < neighbours; ++i) crowd.Join("CN-BJ", 4134, AtHome, 6);
      const std::vector<Trust> trust = crowd.Judge();
      EXPECT_EQ(Bypassing(trust) + Suspected(trust), 0U) << open << " " << neighbours;
    }
  }
}

TEST(TrustTest, EverybodyInACellReachingAllCanariesIsAnOpening) {
  for (const int agents : {4, 5, 20}) {
    Crowd crowd;
    for (int i = 0; i < agents; ++i) crowd.Join("CN-BJ", 4134, BehindVpn);
    for (int i = 0; i < 8; ++i) crowd.Join("CN-SH", 4134, AtHome);
    const std::vector<Trust> trust = crowd.Judge();
    EXPECT_EQ(Bypassing(trust) + Suspected(trust), 0U) << agents;
    EXPECT_GT(LeastReliable(trust), 0.7);
  }
}

TEST(TrustTest, FewInEachCellSufficeWhenTheWholeRegionOrCountryAgrees) {
  Crowd region;
  for (const uint32_t asn : {4134U, 4837U, 9808U}) {
    for (int i = 0; i < 2; ++i) region.Join("CN-BJ", asn, BehindVpn);
    for (int i = 0; i < 2; ++i) region.Join("CN-SH", asn, AtHome);
  }
  EXPECT_EQ(Bypassing(region.Judge()) + Suspected(region.Judge()), 0U);
  Crowd country;
  for (int i = 0; i < 12; ++i) country.Join(absl::StrCat("region ", i), 4134, BehindVpn);
  EXPECT_EQ(Bypassing(country.Judge()) + Suspected(country.Judge()), 0U);
  Crowd two;
  for (int i = 0; i < 2; ++i) two.Join("CN-BJ", 4134, BehindVpn);
  for (int i = 0; i < 12; ++i) two.Join(absl::StrCat("region ", i), 4134, AtHome);
  EXPECT_EQ(Bypassing(two.Judge()), 2U) << "two are no opening";
}

TEST(TrustTest, FortyPercentVpnUsersOfACityAreFound) {
  size_t found = 0;
  size_t users = 0;
  size_t wronged = 0;
  size_t others = 0;
  for (unsigned seed = 101; seed <= 120; ++seed) {
    std::mt19937 random(seed);
    for (const uint32_t rounds : {1U, 6U}) {
      Crowd crowd;
      for (const uint32_t asn : {4134U, 4837U}) {
        for (int i = 0; i < 20; ++i) {
          crowd.Join("CN-BJ", asn, i < 8 ? Reaches(BehindVpn) : WithMistakes(random, 50), rounds);
        }
      }
      const std::vector<Trust> trust = crowd.Judge();
      for (size_t i = 0; i < trust.size(); ++i) {
        const bool user = i % 20 < 8;
        ++(user ? users : others);
        if (trust[i].bypassing) ++(user ? found : wronged);
      }
    }
  }
  EXPECT_EQ(found, users);
  EXPECT_EQ(wronged, 0U) << "of " << others;
}

TEST(TrustTest, ANetworkOfVpnUsersInACityOfThemIsNoOpening) {
  // All of one network, and of the two others as many as `elsewhere` of eight.
  for (const int elsewhere : {0, 1, 4, 5}) {
    Crowd crowd;
    for (int i = 0; i < 6; ++i) crowd.Join("CN-BJ", 9808, BehindVpn);
    for (const uint32_t asn : {4134U, 4837U}) {
      for (int i = 0; i < 8; ++i) {
        crowd.Join("CN-BJ", asn, i < elsewhere ? Reaches(BehindVpn) : Reaches(AtHome));
        crowd.Join("CN-SH", asn, AtHome);
      }
    }
    const size_t found = Bypassing(crowd.Judge());
    EXPECT_EQ(found, elsewhere < 4 ? 2U * elsewhere : 6U + 2U * elsewhere) << elsewhere;
  }
}

TEST(TrustTest, AJudgedContrastIsNotItsOwnContrast) {
  Crowd crowd(SomeContrasts(2, 2, 1));
  crowd.Join("CN-BJ", 4134, BehindVpn);
  for (int i = 0; i < 6; ++i) crowd.Join("CN-BJ", 4134, AtHome);
  EXPECT_TRUE(crowd.JudgeOne(0).bypassing);
  EXPECT_FALSE(crowd.JudgeOne(0, "canary 1").bypassing) << "one canary is left";
  for (const KnownTarget& target : crowd.contrasts) {
    std::mt19937 random(1);
    Crowd before(SomeContrasts(4, 3, 2));
    Crowd after(SomeContrasts(4, 3, 2));
    for (int i = 0; i < 10; ++i) {
      const Reaches reaches = i < 3 ? CoinTosser(random) : WithMistakes(random, 10);
      const OriginCounts& told = before.Join("CN-BJ", 4134, reaches, 2);
      OriginCounts& changed = after.Join("CN-BJ", 4134, AtHome, 2);
      changed = told;
      std::swap(changed.targets[target.target_id].open, changed.targets[target.target_id].blocked);
    }
    for (size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(before.JudgeOne(i, target.target_id).reliability,
                after.JudgeOne(i, target.target_id).reliability);
    }
  }
}

TEST(TrustTest, WhatACutLineOrAnchorsThatAreDownDoIsNobodysLie) {
  for (const char* down : {"abroad", "home"}) {
    for (const int agents : {2, 6}) {
      Crowd crowd(SomeContrasts(2, 4, 4));
      for (int i = 0; i < agents; ++i) {
        OriginCounts& counts = crowd.Join("CN-BJ", 4134, AtHome, 6);
        for (const char* number : {" 1", " 2", " 3", " 4"}) {
          if (down == std::string("home") && number == std::string(" 4"))
            continue;  // the line is up
          TargetCounts& target = counts.targets[absl::StrCat(down, number)];
          target.open = 0;
          target.blocked = 6;
        }
      }
      const std::vector<Trust> trust = crowd.Judge();
      EXPECT_EQ(Bypassing(trust) + Suspected(trust), 0U) << down << " " << agents;
      EXPECT_GT(LeastReliable(trust), 0.9) << down << " " << agents;
    }
  }
}

struct Rates {
  size_t liars = 0;
  size_t found = 0;  // suspected or bypassing
  size_t honest = 0;
  size_t suspected = 0;
  double weight = 0;  // of the liars' votes
};

// Six regions x two networks x 10 agents, `percent` of them careless liars; honest ones err once
// in fifty answers. Seeds 101 to 120.
Rates RatesOf(uint32_t percent, uint32_t rounds) {
  Rates rates;
  for (unsigned seed = 101; seed <= 120; ++seed) {
    std::mt19937 random(seed);
    Crowd crowd;
    std::vector<bool> lies;
    for (int region = 0; region < 6; ++region) {
      for (const uint32_t asn : {4134U, 4837U}) {
        for (int i = 0; i < 10; ++i) {
          lies.push_back(random() % 100 < percent);
          crowd.Join(absl::StrCat("region ", region), asn,
                     lies.back() ? CoinTosser(random) : WithMistakes(random, 50), rounds);
        }
      }
    }
    const std::vector<Trust> trust = crowd.Judge();
    for (size_t i = 0; i < trust.size(); ++i) {
      ++(lies[i] ? rates.liars : rates.honest);
      if (!lies[i] && trust[i].suspected) ++rates.suspected;
      if (!lies[i]) continue;
      if (trust[i].suspected || trust[i].bypassing) ++rates.found;
      if (!trust[i].bypassing) rates.weight += trust[i].reliability;
    }
  }
  return rates;
}

TEST(TrustTest, CarelessLiarsAreSuspectedAndHonestAgentsHardlyEver) {
  // With a single round an answer is right or wrong; the more liars there are, the likelier one is.
  const std::pair<uint32_t, double> least_found[] = {{5, 0.55}, {10, 0.62}, {20, 0.72}, {30, 0.77}};
  for (const uint32_t rounds : {1U, 6U}) {
    for (const auto& [percent, least] : least_found) {
      const Rates rates = RatesOf(percent, rounds);
      const double hits = static_cast<double>(rates.found) / static_cast<double>(rates.liars);
      const double wrong = static_cast<double>(rates.suspected) / static_cast<double>(rates.honest);
      const double weight = rates.weight / static_cast<double>(rates.liars);
      std::printf(
          "%2u%% liars, %u rounds: %5.1f%% of %zu found, their votes weigh %.3f; %.2f%% of "
          "%zu honest suspected\n",
          percent, rounds, 100 * hits, rates.liars, weight, 100 * wrong, rates.honest);
      EXPECT_GE(hits, rounds == 1 ? least : 0.99) << percent << "% liars, rounds " << rounds;
      EXPECT_LE(weight, rounds == 1 ? 0.35 : 0.01) << percent << "% liars, rounds " << rounds;
      EXPECT_LE(wrong, 0.005) << percent << "% liars, rounds " << rounds;
    }
  }
}

TEST(TrustTest, ManyAgentsInOneBucketDoNotDecideWhatIsOpenWhereTheyAre) {
  Crowd crowd;
  for (int i = 0; i < 10; ++i) crowd.Join("CN-BJ", 4134, AtHome);
  for (int i = 0; i < 1000; ++i) {
    crowd.Join("CN-BJ", 4134, BehindVpn);
    crowd.witnesses.back().pull = 0.001;
  }
  const std::vector<Trust> trust = crowd.Judge();
  EXPECT_GT(LeastReliable({trust.begin(), trust.begin() + 10}), 0.95);
  EXPECT_EQ(Bypassing(trust), 1000U);
}

TEST(TrustTest, TheOrderOfAgentsChangesNothing) {
  std::mt19937 random(5);
  Crowd crowd;
  for (int i = 0; i < 60; ++i) {
    const Reaches reaches = i % 5 == 0   ? CoinTosser(random)
                            : i % 7 == 0 ? Reaches(BehindVpn)
                                         : WithMistakes(random, 30);
    crowd.Join(i % 2 == 0 ? "CN-BJ" : "CN-SH", 4134 + static_cast<uint32_t>(i % 3), reaches, 2);
  }
  const std::vector<Trust> reference = crowd.Judge();
  std::vector<size_t> order(reference.size());
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), random);
  std::vector<Witness> shuffled;
  for (const size_t i : order) shuffled.push_back(crowd.witnesses[i]);
  const std::vector<Trust> trust = TrustJudge(shuffled, crowd.contrasts).Judge("whatsapp");
  for (size_t i = 0; i < order.size(); ++i) {
    EXPECT_NEAR(trust[i].reliability, reference[order[i]].reliability, 1e-9);
    EXPECT_EQ(trust[i].bypassing, reference[order[i]].bypassing);
    EXPECT_EQ(trust[i].suspected, reference[order[i]].suspected);
  }
}

TEST(TrustTest, AStrikingVantageSpeaksForBypassing) {
  EXPECT_DOUBLE_EQ(BypassEvidence({}, 4), 0);
  const auto evidence = [](uint32_t VantageFacts::*fact, uint32_t count) {
    VantageFacts facts;
    facts.*fact = count;
    return BypassEvidence(facts, 4);
  };
  EXPECT_DOUBLE_EQ(evidence(&VantageFacts::tunnel, 3), 3);
  EXPECT_DOUBLE_EQ(evidence(&VantageFacts::tunnel, 2), 0) << "half is not most";
  EXPECT_DOUBLE_EQ(evidence(&VantageFacts::fake_ip, 4), 3);
  EXPECT_DOUBLE_EQ(evidence(&VantageFacts::echoes_differ, 4), 3);
  EXPECT_DOUBLE_EQ(evidence(&VantageFacts::proxy, 4), 1);
  const auto latency = [](uint32_t home_ms, uint32_t abroad_ms) {
    VantageFacts facts;
    facts.domestic_connect_us = home_ms * 1000;
    facts.foreign_connect_us = abroad_ms * 1000;
    return BypassEvidence(facts, 4);
  };
  EXPECT_DOUBLE_EQ(latency(90, 20), 2);
  EXPECT_DOUBLE_EQ(latency(61, 20), 2);
  EXPECT_DOUBLE_EQ(latency(59, 10), 0) << "near enough for home";
  EXPECT_DOUBLE_EQ(latency(80, 29), 0) << "not three times as long";
  EXPECT_DOUBLE_EQ(latency(200, 31), 0) << "not so near abroad";
  EXPECT_DOUBLE_EQ(latency(0, 20), 0) << "no connection at home";
  EXPECT_DOUBLE_EQ(latency(200, 0), 0) << "no connection abroad";
}

TEST(TrustTest, OneCanaryDoesNotConvictAndATunnelAlongDoes) {
  for (const int neighbours : {0, 1, 10}) {
    const auto bypassing = [&](const Reaches& reaches, uint32_t VantageFacts::*fact) {
      Crowd crowd(SomeContrasts(1, 3, 2));
      VantageFacts& vantage = crowd.Join("CN-BJ", 4134, reaches).vantage;
      if (fact != nullptr) vantage.*fact = 1;
      for (int i = 0; i < neighbours; ++i) crowd.Join("CN-BJ", 4134, AtHome);
      return crowd.JudgeOne(0).bypassing;
    };
    EXPECT_FALSE(bypassing(BehindVpn, nullptr)) << neighbours;
    EXPECT_TRUE(bypassing(BehindVpn, &VantageFacts::tunnel)) << neighbours;
    EXPECT_FALSE(bypassing(BehindVpn, &VantageFacts::proxy)) << "probes do not use it";
    EXPECT_FALSE(bypassing(AtHome, &VantageFacts::tunnel)) << "probes do not go through it";
  }
}

TEST(TrustTest, WithoutCanariesOnlyTheVantageSpeaks) {
  std::mt19937 random(3);
  Crowd crowd(SomeContrasts(0, 3, 2));
  crowd.Join("CN-BJ", 4134, AtHome);
  crowd.Join("CN-BJ", 4134, CoinTosser(random), 6);
  crowd.Join("CN-BJ", 4134, AtHome).vantage.tunnel = 1;
  VantageFacts& split = crowd.Join("CN-BJ", 4134, AtHome).vantage;
  split.tunnel = split.echoes_differ = 1;
  const std::vector<Trust> trust = crowd.Judge();
  EXPECT_DOUBLE_EQ(trust[0].reliability, 1);
  EXPECT_DOUBLE_EQ(trust[1].reliability, 1);
  EXPECT_FALSE(trust[2].bypassing);
  EXPECT_NEAR(trust[2].reliability, 0.47, 0.01);
  EXPECT_TRUE(trust[3].bypassing);
  Crowd one(SomeContrasts(1, 2, 2));
  one.Join("CN-BJ", 4134, BehindVpn);
  EXPECT_DOUBLE_EQ(one.JudgeOne(0, "canary 1").reliability, 1) << "it is judged itself";
}

}  // namespace
}  // namespace sightline
