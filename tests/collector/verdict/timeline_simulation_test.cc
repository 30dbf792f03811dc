// Bounds on what the history makes of seeded networks with liars and noise. The numbers of the
// change detector were chosen on seeds 1 to 9; these are others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/verdict/timeline.h"
#include "common/message.h"
#include "tests/collector/verdict/history.h"

namespace sightline {
namespace {

using testing::IsEmpty;

// Delays in windows, the first that is affected being 1; 99 when it was not found in 36. Two
// regions of 10 origins each open for `step` of the users of 50 networks.
std::vector<int> Delays(double step, double liars, int& others) {
  std::vector<int> delays;
  for (uint64_t seed = 101; seed <= 150; ++seed) {
    SimNetwork network(seed, 6, 2, 5, liars);
    std::map<std::string, int> found;
    for (const v1::Event& event : EventsWhen(network, 36, StepInTwoRegions(step))) {
      if (InTwoRegions(event)) {
        found.emplace(event.region(), WindowOf(event.detect_time()));
      } else {
        ++others;
      }
    }
    for (int region = 0; region < 2; ++region) {
      const auto at = found.find(SimNetwork::RegionName(region));
      delays.push_back(at == found.end() ? 99 : at->second);
    }
  }
  return delays;
}

TEST(TimelineSimulationTest, StepsAreFoundWithinHours) {
  std::vector<int> all;
  int others = 0;
  for (const double step : {0.6, 0.8, 1.0}) {
    const std::vector<int> delays = Delays(step, 0.05, others);
    all.insert(all.end(), delays.begin(), delays.end());
    EXPECT_LE(Quantile(delays, 0.5), 2) << step;
    EXPECT_LE(Quantile(delays, 0.9), 4) << step;
    RecordProperty(absl::StrCat("p50_of_", static_cast<int>(step * 100)), Quantile(delays, 0.5));
    RecordProperty(absl::StrCat("p95_of_", static_cast<int>(step * 100)), Quantile(delays, 0.95));
  }
  EXPECT_LE(Quantile(all, 0.5), 2);
  EXPECT_LE(Quantile(all, 0.95), 4);
  EXPECT_EQ(others, 0) << "events where nothing happened";
}

TEST(TimelineSimulationTest, LiarsThatWereAlwaysThereAreNoEvent) {
  int events = 0;
  for (uint64_t seed = 101; seed <= 105; ++seed) {
    for (const double liars : {0.0, 0.1, 0.2}) {
      SimNetwork network(seed, 6, 2, 5, liars);
      network.open_at_rest = seed % 2 == 0;
      events += static_cast<int>(
          EventsWhen(network, 1500, [](int, const SimAgent&) { return 0.0; }).size());
    }
  }
  EXPECT_EQ(events, 0) << "in 6 regions and 2 networks x 2.6 years";
}

TEST(TimelineSimulationTest, AWholeCountryWithLiarsStaysQuiet) {
  SimNetwork network(101, 31, 3, 6, 0.2);
  EXPECT_THAT(EventsWhen(network, 700, [](int, const SimAgent&) { return 0.0; }), IsEmpty());
}

TEST(TimelineSimulationTest, ASlowRampIsFoundOnceWhenItCrosses) {
  std::vector<int> percent;
  int events = 0;
  for (uint64_t seed = 101; seed <= 115; ++seed) {
    SimNetwork network(seed, 6, 2, 5, 0.05);
    for (const v1::Event& event :
         EventsWhen(network, 14 * 24, [](int window, const SimAgent&agent) {
           return agent.region < 2 ? std::clamp(window / 240.0, 0.0, 1.0) * 0.6 : 0.0;
         })) {
      ASSERT_TRUE(InTwoRegions(event)) << event.ShortDebugString();
      ++events;
      percent.push_back(std::min(240, WindowOf(event.detect_time())) * 60 / 240);
    }
  }
  EXPECT_GE(events, 28) << "of 30";
  EXPECT_LE(events, 31);
  EXPECT_GE(Quantile(percent, 0.5), 15);
  EXPECT_LE(Quantile(percent, 0.5), 40);
}

TEST(TimelineSimulationTest, AGlitchOfFourHoursIsOneThatEnded) {
  for (uint64_t seed = 101; seed <= 110; ++seed) {
    for (const bool mirror : {false, true}) {
      SimNetwork network(seed, 6, 2, 5, 0.05);
      network.open_at_rest = mirror;
      const auto events = EventsWhen(network, 48, [](int window, const SimAgent& agent) {
        return window >= 0 && window < 4 && agent.region < 2 ? 1.0 : 0.0;
      });
      ASSERT_EQ(events.size(), 2U) << seed;
      for (const v1::Event& event : events) {
        EXPECT_TRUE(InTwoRegions(event));
        EXPECT_EQ(event.kind(), mirror ? v1::EVENT_KIND_CLOSING : v1::EVENT_KIND_OPENING);
        EXPECT_EQ(event.end(), v1::EVENT_END_REVERSED);
        EXPECT_EQ(event.duration(), v1::EVENT_DURATION_GLITCH);
        EXPECT_NEAR(WindowOf(event.onset_time()), 0, 1);
        EXPECT_NEAR(WindowOf(event.end_time()), 4, 1);
      }
    }
  }
}

TEST(TimelineSimulationTest, OneNetworkNationwideIsOneEvent) {
  for (uint64_t seed = 101; seed <= 104; ++seed) {
    for (const double step : {0.6, 1.0}) {
      SimNetwork network(seed, 31, 3, 6, 0.1);
      const auto events = EventsWhen(network, 24, [&](int window, const SimAgent& agent) {
        return window >= 0 && agent.asn == 4001 ? step : 0.0;
      });
      ASSERT_EQ(events.size(), 1U) << "seed " << seed << ", step " << step;
      EXPECT_EQ(events[0].asn(), 4001U);
      EXPECT_EQ(events[0].region(), "");
      EXPECT_NEAR(WindowOf(events[0].onset_time()), 0, 1);
      EXPECT_LE(WindowOf(events[0].detect_time()), 2);
      EXPECT_EQ(events[0].end(), v1::EVENT_END_ONGOING);
    }
  }
}

TEST(TimelineSimulationTest, OneNetworkThatClosesAgainEnds) {
  SimNetwork network(101, 31, 3, 6, 0.1);
  const auto events = EventsWhen(network, 36, [&](int window, const SimAgent& agent) {
    return window >= 0 && window < 12 && agent.asn == 4001 ? 1.0 : 0.0;
  });
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].end(), v1::EVENT_END_REVERSED);
  EXPECT_EQ(WindowOf(events[0].end_time()), 12);
}

TEST(TimelineSimulationTest, ANationwideOpeningIsThatOfRegions) {
  for (uint64_t seed = 101; seed <= 104; ++seed) {
    for (const double step : {0.6, 1.0}) {
      SimNetwork network(seed, 31, 3, 6, 0.05);
      std::set<std::string> regions;
      for (const v1::Event& event : EventsWhen(network, 36, [&](int window, const SimAgent&) {
             return window >= 0 ? step : 0.0;
           })) {
        EXPECT_EQ(event.asn(), 0U) << event.ShortDebugString();
        EXPECT_TRUE(regions.insert(event.region()).second) << "told twice: " << event.region();
      }
      EXPECT_EQ(regions.size(), 31U) << seed;
    }
  }
}

// Windows in which things happen, with silent ones.
std::vector<internal::v1::Cells> EventfulWindows(uint64_t seed) {
  SimNetwork network(seed, 6, 2, 6, 0.05);
  std::vector<internal::v1::Cells> windows;
  for (int i = 0; i < 240; ++i) {
    windows.push_back(network.Window([&](const SimAgent& agent) {
      if (agent.region < 2 && i >= 50 && i < 56) return 1.0;
      if (agent.region == 2 && i >= 60) return 0.6;
      return agent.asn == 4001 && i >= 100 && i < 140 ? 0.9 : 0.0;
    }));
    if (i > 150 && i < 170) windows.back() = NoCells();
  }
  return windows;
}

// Steps over the windows from `from` on, without those that `skip` holds.
void StepOver(const std::vector<internal::v1::Cells>& windows, size_t from,
              const std::set<size_t>& skip, Timeline& timeline) {
  for (size_t i = from; i < windows.size(); ++i) {
    if (skip.contains(i)) continue;
    timeline.Step(kHistoryStart + absl::Hours(static_cast<int>(i)), windows[i]);
  }
}

std::string BytesOf(const Timeline& timeline) {
  std::string bytes = timeline.Serialize();
  for (const v1::Event& event : EventsOf(timeline)) {
    absl::StrAppend(&bytes, event.SerializeAsString());
  }
  return bytes;
}

TEST(TimelineSimulationTest, LateWindowsGiveTheSameBytes) {
  for (uint64_t seed = 101; seed <= 104; ++seed) {
    const std::vector<internal::v1::Cells> windows = EventfulWindows(seed);
    Timeline in_order(absl::Hours(1));
    StepOver(windows, 0, {}, in_order);
    ASSERT_GE(EventsOf(in_order).size(), 4U);
    std::vector<internal::v1::Cells> early = windows;
    for (size_t i = 60; i < 140; i += 1 + i % 3) early[i] = NoCells();
    Timeline base(absl::Hours(1));
    StepOver({early.begin(), early.begin() + 60}, 0, {}, base);
    auto restored = Timeline::Parse(base.Serialize(), absl::Hours(1));
    ASSERT_TRUE(restored.ok()) << restored.status();
    Timeline without = base;
    StepOver(early, 60, {}, without);
    EXPECT_NE(without.Serialize(), in_order.Serialize()) << "what came late mattered";
    StepOver(windows, 60, {}, base);
    EXPECT_EQ(BytesOf(base), BytesOf(in_order));
    base.TakeEnded();
    StepOver(windows, 60, {}, *restored);
    EXPECT_EQ(restored->Serialize(), in_order.Serialize());
  }
}

TEST(TimelineSimulationTest, AMissingWindowIsASilentOne) {
  std::vector<internal::v1::Cells> windows = EventfulWindows(101);
  std::set<size_t> silent;
  for (size_t i = 55; i < 239; i += i % 7 + 1) silent.insert(i);
  for (size_t i = 62; i < 62 + 80; ++i) silent.insert(i);  // long enough to lose sight
  for (const size_t i : silent) windows[i] = NoCells();
  Timeline dense(absl::Hours(1));
  StepOver(windows, 0, {}, dense);
  Timeline sparse(absl::Hours(1));
  StepOver(windows, 0, silent, sparse);
  EXPECT_EQ(BytesOf(sparse), BytesOf(dense));
}

TEST(TimelineSimulationTest, ItsSizeIsBounded) {
  SimNetwork network(101, 6, 2, 10, 0);
  Timeline timeline(absl::Hours(1));
  size_t after_20_days = 0;
  for (int i = 0; i < 60 * 24; ++i) {
    timeline.Step(kHistoryStart + absl::Hours(i),
                  network.Window([&](const SimAgent&) { return i < kRestWindows ? 0.0 : 0.8; }));
    if (i == 20 * 24) after_20_days = timeline.Serialize().size();
  }
  EXPECT_EQ(timeline.Ongoing().size(), 6U);
  EXPECT_LT(timeline.Serialize().size(), after_20_days + 6 * 20);
  EXPECT_LT(timeline.Serialize().size(), 6 * 2000U);
}

TEST(TimelineSimulationTest, WhatWasNotHeardOfForAMonthIsForgotten) {
  Timeline timeline(absl::Hours(1));
  for (int i = 0; i < 400; ++i) {
    internal::v1::Cells cells = NoCells();
    AddCell("CN-BJ", 4134, 0, 5, cells);
    AddCell("CN-SH", 4134, 0, 5, cells);
    // Networks that come and go, as whoever made up networks would have it.
    for (const char* region : {"CN-BJ", "CN-SH"}) {
      AddCell(region, 64512U + static_cast<uint32_t>(i), 0, 4, cells);
    }
    timeline.Step(kHistoryStart + absl::Hours(24 * i), cells);
  }
  internal::v1::Timeline state;
  ASSERT_TRUE(state.ParseFromString(timeline.Serialize()));
  EXPECT_LE(state.series_size(), 3 + 31);
  EXPECT_GE(state.series_size(), 3);
}

}  // namespace
}  // namespace sightline
