// Cells of made-up windows, and histories of them.
#ifndef SIGHTLINE_TESTS_COLLECTOR_VERDICT_HISTORY_H_
#define SIGHTLINE_TESTS_COLLECTOR_VERDICT_HISTORY_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/verdict/timeline.h"
#include "sightline/internal/v1/fold.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// 2024-04-01 00:00 UTC.
inline const absl::Time kHistoryStart = absl::FromUnixSeconds(1711929600);

// Nobody but three controls, all of which reach the target.
internal::v1::Cells NoCells();

// Adds `open` of `buckets` votes of full weight.
void AddCell(const std::string& region, uint32_t asn, uint32_t open, uint32_t buckets,
             internal::v1::Cells& cells);

// What ended and what goes on, in that order.
std::vector<v1::Event> EventsOf(Timeline timeline);

// A history window by window.
struct History {
  explicit History(absl::Duration a_length = absl::Hours(1)) : length(a_length), timeline(length) {}

  // `windows` windows with `open` of 10 origins of CN-BJ.
  void See(int windows, uint32_t open);
  // `windows` windows without anybody.
  void Silence(int windows);
  void Step(const internal::v1::Cells& cells);

  absl::Duration length;
  Timeline timeline;
  absl::Time next = kHistoryStart;
};

// One origin of the simulated network.
struct SimAgent {
  int region = 0;
  uint32_t asn = 0;
  bool liar = false;    // always says that it is different
  double position = 0;  // among users, 0 to 1: different for those below the share that is affected
};

// A seeded network of origins: some lie always, 2% of results are wrong, 10% of origins are away in
// a window.
class SimNetwork {
 public:
  // `even`: of every cell's origins the same share is affected; else each is with that probability.
  SimNetwork(uint64_t seed, int regions, int networks, int origins, double liars,
             bool even = false);

  // Cells of a window in which `affected` gives the share of users that find it different from what
  // it is at rest.
  internal::v1::Cells Window(const std::function<double(const SimAgent&)>& affected);

  static std::string RegionName(int region);

  bool open_at_rest = false;

 private:
  double Uniform();

  std::mt19937_64 random_;
  std::vector<SimAgent> agents_;
};

// Windows of a simulation before anything happens.
inline constexpr int kRestWindows = 72;

// Share of users that find it different, by window (0 is the first of the change) and agent.
using Policy = std::function<double(int window, const SimAgent& agent)>;

// The first two regions, from window 0 on.
Policy StepInTwoRegions(double share);
bool InTwoRegions(const v1::Event& event);

// Events of hourly windows: kRestWindows, then `windows` more.
std::vector<v1::Event> EventsWhen(SimNetwork& network, int windows, const Policy& policy);

// The window that starts at `time`, 0 being the first of the change.
int WindowOf(const google::protobuf::Timestamp& time);

// Of values in any order, at least one.
int Quantile(std::vector<int> values, double q);

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_VERDICT_HISTORY_H_
