#include "collector/publisher.h"

#include <algorithm>
#include <utility>

#include "collector/verdict/cells.h"
#include "collector/verdict/verdict.h"

namespace sightline {
namespace {

// Of one transaction; one window more may be in it.
constexpr size_t kRowsMax = 1024;

bool HasTarget(const v1::Plan& plan, const std::string& target_id) {
  return std::any_of(plan.targets().begin(), plan.targets().end(),
                     [&](const v1::Target& target) { return target.target_id() == target_id; });
}

}  // namespace

void Publisher::MarkComplete(const Follower& follower) {
  const std::optional<absl::Time> earliest = follower.fold().Earliest();
  if (!earliest) return;
  const absl::Duration length = follower.options().window_length;
  const absl::Time newest = follower.NewestWindow(follower.read_until());
  // Silent windows further back than late batches can reach say nothing to anybody.
  const absl::Time from =
      std::max(*earliest, follower.fold().WindowStart(newest - follower.options().retain));
  if (!next_complete_ || *next_complete_ < from) next_complete_ = from;
  for (; *next_complete_ <= newest; *next_complete_ += length) {
    waiting_.insert(*next_complete_);
    unjudged_.insert(*next_complete_);
  }
}

absl::Status Publisher::Load(const Follower& follower, absl::FunctionRef<void()> between) {
  for (const std::string& country : follower.Countries()) {
    if (absl::Status status = timelines_.Load(country, between); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// A fold that goes on from a checkpoint knows less at first than the one that wrote the events.
bool Publisher::KnowsWhatWasTold(const Follower& follower) const {
  if (follower.caught_up()) return true;
  const LogPositions positions = follower.Positions();
  const LogPositions& told = timelines_.told_positions();
  return std::all_of(told.begin(), told.end(), [&](const auto& entry) {
    const auto position = positions.find(entry.first);
    return position != positions.end() && position->second >= entry.second;
  });
}

void Publisher::BeginTelling(const Follower& follower, absl::Time newest) {
  if (!knows_) {
    knows_ = KnowsWhatWasTold(follower);
    if (!knows_) return;
    telling_.clear();
  }
  if (telling_.empty()) telling_.insert(waiting_.begin(), waiting_.upper_bound(newest));
}

bool Publisher::MayTell(const Judged& judged) const {
  if (!knows_ || (judged.empty() && !owes_)) return false;
  return std::all_of(telling_.begin(), telling_.end(),
                     [&](absl::Time start) { return judged.contains(start); });
}

Timelines::Point Publisher::PointOf(const Follower& follower, absl::Time newest,
                                    const Judged& judged) const {
  const absl::Duration length = follower.options().window_length;
  Timelines::Point point;
  point.until = newest;
  for (const absl::Time start : unjudged_) {
    if (judged.contains(start)) continue;
    point.until = start - length;
    break;
  }
  const absl::Time horizon = follower.fold().horizon();
  if (horizon > absl::InfinitePast()) {
    point.final_until = follower.fold().WindowStart(horizon) - length;
  }
  point.positions = follower.Positions();
  point.read_until = follower.read_until();
  return point;
}

std::vector<absl::Time> Publisher::Due(absl::Time newest, absl::Duration elapsed) const {
  const auto due = [&](absl::Time start) {
    const auto found = not_before_.find(start);
    return found == not_before_.end() || found->second <= elapsed;
  };
  std::vector<absl::Time> result;
  if (waiting_.contains(newest) && due(newest)) result.push_back(newest);
  for (const absl::Time start : waiting_) {
    if (start >= newest) break;
    if (due(start)) result.push_back(start);
  }
  return result;
}

absl::StatusOr<size_t> Publisher::Publish(const Follower& follower, absl::string_view lease_name,
                                          const LeaseRecord& held) {
  const absl::Duration begun = clock_.Elapsed();
  if (begun < rest_until_ || follower.read_until() == absl::InfinitePast()) return 0;
  if (absl::Status status = Load(follower, [] {}); !status.ok()) return status;
  MarkComplete(follower);
  const absl::Time newest = follower.NewestWindow(follower.read_until());
  BeginTelling(follower, newest);
  Judged judged;
  const absl::StatusOr<std::vector<VerdictRecord>> rows = JudgeDue(follower, newest, begun, judged);
  if (!rows.ok()) return rows.status();
  timelines_.Put(*rows);
  Timelines::Rows history;
  const bool tells = MayTell(judged);
  if (judged.empty() && !tells) return 0;
  if (tells) {
    history = timelines_.Advance(PointOf(follower, newest, judged));
  } else {
    history.timelines = timelines_.Behind();
  }
  const absl::StatusOr<ChangeTeller::Rows> said =
      changes_.Tell(*rows, history.steps, follower.read_until());
  absl::Status written = said.status();
  if (said.ok()) {
    written = store_.WriteFold(lease_name, held,
                               {.verdicts = *rows,
                                .events = history.events,
                                .timelines = history.timelines,
                                .changes = said->changes,
                                .statements = said->statements});
  }
  if (!written.ok()) {
    changes_.Forget();
    // Events must not rest on cells that the store lacks.
    for (const auto& [start, unused] : judged) telling_.insert(start);
    return written;
  }
  owes_ = !tells;
  if (tells) timelines_.Commit();
  changes_.Commit();
  Written(follower, begun, judged);
  return judged.size();
}

absl::StatusOr<std::vector<VerdictRecord>> Publisher::JudgeDue(const Follower& follower,
                                                               absl::Time newest,
                                                               absl::Duration begun,
                                                               Judged& judged) {
  std::vector<VerdictRecord> rows;
  absl::Duration elapsed = begun;
  for (const absl::Time start : Due(newest, begun)) {
    const v1::Plan* plan = follower.PlanAt(start + follower.options().window_length);
    if (plan == nullptr) return rows;
    if (absl::Status status = Judge(follower, start, *plan, rows); !status.ok()) return status;
    const absl::Duration now = clock_.Elapsed();
    judged[start] = {now - elapsed, plan->version()};
    elapsed = now;
    if (elapsed - begun >= options_.work_max || rows.size() >= kRowsMax) break;
  }
  return rows;
}

void Publisher::Written(const Follower& follower, absl::Duration begun, const Judged& judged) {
  const absl::Duration elapsed = clock_.Elapsed();
  const double rest = (1 - options_.time_share_max) / options_.time_share_max;
  rest_until_ = elapsed + (elapsed - begun) * rest;
  std::erase_if(not_before_, [&](const auto& entry) { return entry.second <= elapsed; });
  for (const auto& [start, cost_and_plan] : judged) {
    waiting_.erase(start);
    unjudged_.erase(start);
    telling_.erase(start);
    not_before_[start] = elapsed + std::max(options_.window_interval, cost_and_plan.first * 10);
    plan_versions_[start] = cost_and_plan.second;
  }
  plan_versions_.erase(plan_versions_.begin(),
                       plan_versions_.lower_bound(follower.fold().horizon() - absl::Hours(24)));
}

absl::Status Publisher::Judge(const Follower& follower, absl::Time start, const v1::Plan& plan,
                              std::vector<VerdictRecord>& rows) {
  const auto known = plan_versions_.find(start);
  const bool same_plan = known != plan_versions_.end() && known->second == plan.version();
  for (const v1::CountryRegions& entry : plan.countries()) {
    const Judgement judgement = follower.JudgeWindow(start, plan, entry.country());
    alarm_.Note(judgement);
    for (int i = 0; i < judgement.summary.verdicts_size(); ++i) {
      VerdictRecord& row = rows.emplace_back();
      row.target_id = judgement.summary.verdicts(i).target_id();
      row.country = entry.country();
      row.window_start = start;
      row.window_length = follower.options().window_length;
      row.ruleset_version = judgement.summary.ruleset_version();
      row.verdict = judgement.summary.verdicts(i).SerializeAsString();
      row.cells = SerializeCells(judgement.tallies[static_cast<size_t>(i)]);
    }
    if (same_plan) continue;
    if (absl::Status status = AddRemovedTargets(start, plan, entry.country(), rows); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Publisher::AddRemovedTargets(absl::Time start, const v1::Plan& plan,
                                          absl::string_view country,
                                          std::vector<VerdictRecord>& rows) const {
  // Judged before by another plan, perhaps: what only that one had is struck out.
  absl::StatusOr<std::vector<VerdictRecord>> stored =
      store_.ReadVerdicts(country, start, start + absl::Milliseconds(1));
  // Rows that do not fit together are replaced whole by what is written now.
  if (absl::IsDataLoss(stored.status())) return absl::OkStatus();
  if (!stored.ok()) return stored.status();
  for (VerdictRecord& row : *stored) {
    if (HasTarget(plan, row.target_id) || row.verdict.empty()) continue;
    row.verdict.clear();
    row.cells.clear();
    rows.push_back(std::move(row));
  }
  return absl::OkStatus();
}

}  // namespace sightline
