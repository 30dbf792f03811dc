#include "collector/replay/report.h"

#include <algorithm>

#include "common/message.h"

namespace sightline {
namespace {

bool SaysTheSame(const internal::v1::ReplayChange& before, const v1::TargetVerdict& verdict) {
  const auto same = [](const auto& one, const auto& other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end());
  };
  return before.scope() == verdict.scope() && same(before.open_regions(), verdict.open_regions()) &&
         same(before.open_networks(), verdict.open_networks());
}

void AddChanges(const Replay& replay, const std::string& target_id,
                internal::v1::ReplayReport& report) {
  internal::v1::ReplayChange* last = nullptr;
  for (const ReplayWindow& window : replay.windows) {
    for (const v1::TargetVerdict& verdict : window.summary.verdicts()) {
      if (verdict.target_id() != target_id) continue;
      if (last == nullptr || !SaysTheSame(*last, verdict)) {
        last = report.add_changes();
        last->set_target_id(target_id);
        *last->mutable_window_start_time() = ToProto(window.start);
        last->set_scope(verdict.scope());
        *last->mutable_open_regions() = verdict.open_regions();
        *last->mutable_open_networks() = verdict.open_networks();
      }
      last->set_windows(last->windows() + 1);
    }
  }
}

}  // namespace

internal::v1::ReplayReport ReportOf(const Replay& replay) {
  internal::v1::ReplayReport report;
  report.set_scenario(replay.scenario.name);
  report.set_seed(replay.seed);
  report.set_windows(static_cast<uint32_t>(replay.windows.size()));
  report.set_batches(replay.batches);
  uint32_t broken = 0;
  for (const Expectation& expectation : replay.scenario.expectations) {
    internal::v1::ReplayExpectation& compared = *report.add_expectations();
    compared = Compare(replay, expectation);
    if (!compared.held()) ++broken;
  }
  report.set_broken(broken);
  for (const ScenarioTarget& target : replay.scenario.targets) {
    AddChanges(replay, target.target_id, report);
  }
  report.mutable_events()->Add(replay.events.begin(), replay.events.end());
  return report;
}

}  // namespace sightline
