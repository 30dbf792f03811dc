#include "tests/collector/verdict/history.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/message.h"

namespace sightline {

internal::v1::Cells NoCells() {
  internal::v1::Cells cells;
  cells.set_controls_decided(3);
  cells.set_controls_reached(3);
  return cells;
}

void AddCell(const std::string& region, uint32_t asn, uint32_t open, uint32_t buckets,
             internal::v1::Cells& cells) {
  internal::v1::Cell& cell = *cells.add_cells();
  cell.set_region(region);
  cell.set_asn(asn);
  cell.set_buckets(buckets);
  cell.set_buckets_open(open);
  cell.set_buckets_blocked(buckets - open);
  cell.set_weight(buckets);
  cell.set_weight_open(open);
}

std::vector<v1::Event> EventsOf(Timeline timeline) {
  std::vector<v1::Event> events = timeline.TakeEnded();
  for (v1::Event& event : timeline.Ongoing()) events.push_back(std::move(event));
  return events;
}

void History::See(int windows, uint32_t open) {
  internal::v1::Cells cells = NoCells();
  AddCell("CN-BJ", 4134, open, 10, cells);
  for (int i = 0; i < windows; ++i) Step(cells);
}

void History::Silence(int windows) {
  for (int i = 0; i < windows; ++i) Step(NoCells());
}

void History::Step(const internal::v1::Cells& cells) {
  timeline.Step(next, cells);
  next += length;
}

SimNetwork::SimNetwork(uint64_t seed, int regions, int networks, int origins, double liars,
                       bool even)
    : random_(seed) {
  for (int region = 0; region < regions; ++region) {
    for (int network = 0; network < networks; ++network) {
      for (int i = 0; i < origins; ++i) {
        const bool liar = Uniform() < liars;
        const double position = even ? (i + 0.5) / origins : Uniform();
        agents_.push_back({region, 4000U + static_cast<uint32_t>(network), liar, position});
      }
    }
  }
}

double SimNetwork::Uniform() { return static_cast<double>(random_() >> 11U) * 0x1p-53; }

std::string SimNetwork::RegionName(int region) { return absl::StrFormat("CN-%02d", region); }

internal::v1::Cells SimNetwork::Window(const std::function<double(const SimAgent&)>& affected) {
  std::map<std::pair<std::string, uint32_t>, std::pair<uint32_t, uint32_t>> counts;
  for (const SimAgent& agent : agents_) {
    const bool away = Uniform() < 0.1;
    const bool wrong = Uniform() < 0.02;
    if (away) continue;
    const bool different = (agent.liar || agent.position < affected(agent)) != wrong;
    auto& [open, all] = counts[{RegionName(agent.region), agent.asn}];
    open += different != open_at_rest ? 1 : 0;
    ++all;
  }
  internal::v1::Cells cells = NoCells();
  for (const auto& [place, count] : counts) {
    AddCell(place.first, place.second, count.first, count.second, cells);
  }
  return cells;
}

Policy StepInTwoRegions(double share) {
  return [=](int window, const SimAgent& agent) {
    return window >= 0 && agent.region < 2 ? share : 0.0;
  };
}

bool InTwoRegions(const v1::Event& event) {
  return event.region() == SimNetwork::RegionName(0) || event.region() == SimNetwork::RegionName(1);
}

std::vector<v1::Event> EventsWhen(SimNetwork& network, int windows, const Policy& policy) {
  Timeline timeline(absl::Hours(1));
  for (int i = 0; i < kRestWindows + windows; ++i) {
    timeline.Step(kHistoryStart + absl::Hours(i), network.Window([&](const SimAgent& agent) {
      return policy(i - kRestWindows, agent);
    }));
  }
  return EventsOf(timeline);
}

int WindowOf(const google::protobuf::Timestamp& time) {
  return static_cast<int>((FromProto(time) - kHistoryStart) / absl::Hours(1)) - kRestWindows;
}

int Quantile(std::vector<int> values, double q) {
  std::sort(values.begin(), values.end());
  return values.at(static_cast<size_t>(q * static_cast<double>(values.size() - 1)));
}

}  // namespace sightline
