// history_bench: what events cost the fold, with 50 targets, 34 regions of 4 networks, and the 75
// windows that may still change. In memory; no store.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "collector/timelines.h"
#include "tests/collector/cells_world.h"
#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

constexpr int kTargets = 50;
constexpr int kRegions = 34;
constexpr int kKept = 75;

std::string Cells(int hour, int target) {
  internal::v1::Cells cells;
  cells.set_controls_decided(3);
  cells.set_controls_reached(3);
  for (int region = 0; region < kRegions; ++region) {
    // Each tenth region opens on the second day.
    const bool open = hour >= 30 && (region + target) % 10 == 0;
    for (uint32_t asn = 4134; asn < 4138; ++asn) {
      internal::v1::Cell& cell = *cells.add_cells();
      cell.set_region(absl::StrCat("CN-", 10 + region));
      cell.set_asn(asn);
      cell.set_buckets(6);
      cell.set_buckets_blocked(open ? 2 : 6);
      cell.set_buckets_open(open ? 4 : 0);
      cell.set_weight(5.5);
      cell.set_weight_open(open ? 3.9 : 0.01 * (hour % 7));
      internal::v1::CellCause& cause = *cell.add_causes();
      cause.set_layer("tls");
      cause.set_failure("connection_reset");
      cause.set_votes(4);
    }
  }
  return cells.SerializeAsString();
}

std::vector<VerdictRecord> Window(int hour, double shift) {
  std::vector<VerdictRecord> rows;
  for (int target = 0; target < kTargets; ++target) {
    internal::v1::Cells cells;
    cells.ParseFromString(Cells(hour, target));
    cells.mutable_cells(0)->set_weight_open(cells.cells(0).weight_open() + shift);
    rows.push_back(CellRow(absl::StrCat("target", target), hour, cells.SerializeAsString()));
  }
  return rows;
}

class Site {
 public:
  Site() {
    (void)timelines.Load("CN", [] {});
    for (int hour = 0; hour < 2 * kKept; ++hour) {
      timelines.Put(Window(hour, 0));
      Advance(hour);
    }
  }

  void Advance(int until) {
    last = until;
    Timelines::Point point;
    point.until = CellTime(until);
    if (until >= kKept) point.final_until = CellTime(until - kKept);
    point.positions = {{"n1", static_cast<uint64_t>(until)}};
    point.read_until = CellTime(until + 1);
    const Timelines::Rows rows = timelines.Advance(point);
    benchmark::DoNotOptimize(rows.events.size());
    timelines.Commit();
  }

  MemoryStore store;
  Timelines timelines{store, kCellHour};
  int last = 0;
};

// The next window.
void BM_NextWindow(benchmark::State& state) {
  Site site;
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<VerdictRecord> rows = Window(site.last + 1, 0);
    state.ResumeTiming();
    site.timelines.Put(rows);
    site.Advance(site.last + 1);
  }
}
BENCHMARK(BM_NextWindow)->Unit(benchmark::kMillisecond);

// A late batch for a window that is so many windows back.
void BM_LateWindow(benchmark::State& state) {
  Site site;
  double shift = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<VerdictRecord> rows =
        Window(site.last - static_cast<int>(state.range(0)), shift += 0.001);
    state.ResumeTiming();
    site.timelines.Put(rows);
    site.Advance(site.last);
  }
}
BENCHMARK(BM_LateWindow)->Arg(1)->Arg(20)->Arg(74)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sightline

BENCHMARK_MAIN();
