// What the change detector does on seeded networks: delay, events where nothing happened, and what
// is told of ramps, glitches, networks and countries. Not a test; prints a table.
//
//   timeline_report FIRST_SEED LAST_SEED
//
// The numbers of timeline_series.h were chosen on seeds 1 to 9 and are reported on 101 to 109.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/collector/verdict/history.h"

namespace sightline {
namespace {

constexpr int kNotFound = 999;

struct Seeds {
  uint64_t first = 0;
  uint64_t last = 0;
};

// Calls `run` with `each` networks of every seed.
void ForEach(const Seeds& seeds, int each, const std::function<void(uint64_t seed)>& run) {
  for (uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    for (int i = 0; i < each; ++i) run(seed * 1000 + static_cast<uint64_t>(i));
  }
}

std::string Quantiles(const std::vector<int>& values) {
  return absl::StrFormat("p50 %d, p90 %d, p95 %d", Quantile(values, 0.5), Quantile(values, 0.9),
                         Quantile(values, 0.95));
}

double Share(const std::vector<int>& delays) {
  const auto lost = std::count(delays.begin(), delays.end(), kNotFound);
  return static_cast<double>(lost) / static_cast<double>(delays.size());
}

struct Delays {
  std::vector<int> windows;  // of each region; the first that is affected is 1
  int elsewhere = 0;         // events where nothing happened
};

// Two of six regions, with five origins in each of two networks.
Delays DelaysOf(const Seeds& seeds, double step, double liars, bool even) {
  Delays delays;
  ForEach(seeds, 20, [&](uint64_t seed) {
    SimNetwork network(seed, 6, 2, 5, liars, even);
    std::map<std::string, int> found;
    for (const v1::Event& event : EventsWhen(network, 48, StepInTwoRegions(step))) {
      if (InTwoRegions(event)) {
        found.emplace(event.region(), WindowOf(event.detect_time()));
      } else {
        ++delays.elsewhere;
      }
    }
    for (int region = 0; region < 2; ++region) {
      const auto at = found.find(SimNetwork::RegionName(region));
      delays.windows.push_back(at == found.end() ? kNotFound : at->second);
    }
  });
  return delays;
}

void PrintDelays(const Seeds& seeds) {
  for (const bool even : {true, false}) {
    for (const double liars : {0.0, 0.05, 0.1, 0.2}) {
      std::vector<int> all;
      for (const double step : {0.6, 0.8, 1.0}) {
        const Delays delays = DelaysOf(seeds, step, liars, even);
        all.insert(all.end(), delays.windows.begin(), delays.windows.end());
        std::cout << absl::StrFormat(
            "step %3.0f%% of %s, liars %2.0f%%: %s windows; not found %.1f%%; elsewhere %d\n",
            step * 100, even ? "ten" : "all", liars * 100, Quantiles(delays.windows),
            Share(delays.windows) * 100, delays.elsewhere);
      }
      std::cout << absl::StrFormat("all steps of %s, liars %2.0f%%: %s windows\n",
                                   even ? "ten" : "all", liars * 100, Quantiles(all));
    }
  }
}

struct Layout {
  int regions;
  int networks;
  int origins;
};

void PrintFalseEvents(const Seeds& seeds) {
  constexpr int kYear = 365 * 24;
  for (const Layout& l : {Layout{31, 3, 6}, Layout{6, 2, 5}}) {
    for (const double liars : {0.0, 0.1, 0.2}) {
      size_t events = 0;
      double years = 0;
      ForEach(seeds, 1, [&](uint64_t seed) {
        SimNetwork network(seed, l.regions, l.networks, l.origins, liars);
        events += EventsWhen(network, kYear, [](int, const SimAgent&) { return 0.0; }).size();
        years += l.regions + l.networks;
      });
      std::cout << absl::StrFormat(
          "nothing happens, %dx%dx%d, liars %2.0f%%: %d events in %.0f series-years\n", l.regions,
          l.networks, l.origins, liars * 100, events, years);
    }
  }
}

void PrintRamps(const Seeds& seeds) {
  for (const double liars : {0.0, 0.1, 0.2}) {
    std::vector<int> percent;
    int regions = 0;
    ForEach(seeds, 4, [&](uint64_t seed) {
      SimNetwork network(seed, 6, 2, 5, liars);
      regions += 2;
      for (const v1::Event& event :
           EventsWhen(network, 14 * 24, [](int window, const SimAgent&agent) {
             return agent.region < 2 ? std::clamp(window / 240.0, 0.0, 1.0) * 0.6 : 0.0;
           })) {
        percent.push_back(std::min(240, WindowOf(event.detect_time())) * 60 / 240);
      }
    });
    std::cout << absl::StrFormat(
        "ramp 0 to 60%% in 10 days, liars %2.0f%%: %d events in %d regions, when %s %% were open\n",
        liars * 100, percent.size(), regions, Quantiles(percent));
  }
}

void PrintGlitches(const Seeds& seeds) {
  for (const bool mirror : {false, true}) {
    int right = 0;
    int events = 0;
    int regions = 0;
    ForEach(seeds, 10, [&](uint64_t seed) {
      SimNetwork network(seed, 6, 2, 5, 0.1);
      network.open_at_rest = mirror;
      regions += 2;
      for (const v1::Event& event : EventsWhen(network, 48, [](int window, const SimAgent&agent) {
             return window >= 0 && window < 4 && agent.region < 2 ? 1.0 : 0.0;
           })) {
        ++events;
        right += InTwoRegions(event) && event.end() == v1::EVENT_END_REVERSED &&
                         event.duration() == v1::EVENT_DURATION_GLITCH &&
                         std::abs(WindowOf(event.onset_time())) <= 1
                     ? 1
                     : 0;
      }
    });
    std::cout << absl::StrFormat(
        "4 h %s, liars 10%%: %d right events and %d others in %d regions\n",
        mirror ? "closing" : "opening", right, events - right, regions);
  }
}

void PrintNetworksAndCountries(const Seeds& seeds) {
  for (const Layout& l : {Layout{31, 3, 6}, Layout{6, 2, 10}, Layout{6, 2, 5}}) {
    for (const double liars : {0.0, 0.2}) {
      for (const bool country : {false, true}) {
        std::map<std::string, int> told;
        int runs = 0;
        ForEach(seeds, 2, [&](uint64_t seed) {
          SimNetwork network(seed, l.regions, l.networks, l.origins, liars);
          ++runs;
          for (const v1::Event& event :
               EventsWhen(network, 48, [&](int window, const SimAgent&agent) {
                 return window >= 0 && (country || agent.asn == 4000) ? 0.6 : 0.0;
               })) {
            ++told[event.asn() == 4000 ? "AS4000" : event.asn() != 0 ? "other network" : "region"];
          }
        });
        std::cout << absl::StrFormat(
            "%s opens for 60%%, %dx%dx%d, liars %2.0f%%: AS4000 %d, other networks %d, regions %d "
            "in %d runs\n",
            country ? "the country" : "AS4000", l.regions, l.networks, l.origins, liars * 100,
            told["AS4000"], told["other network"], told["region"], runs);
      }
    }
  }
}

}  // namespace
}  // namespace sightline

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: timeline_report FIRST_SEED LAST_SEED\n";
    return 2;
  }
  const sightline::Seeds seeds{std::strtoull(argv[1], nullptr, 10),
                               std::strtoull(argv[2], nullptr, 10)};
  sightline::PrintDelays(seeds);
  sightline::PrintFalseEvents(seeds);
  sightline::PrintRamps(seeds);
  sightline::PrintGlitches(seeds);
  sightline::PrintNetworksAndCountries(seeds);
  return 0;
}
