#include "collector/audit_verdicts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/audit_difference.h"
#include "collector/verdict/cells.h"
#include "collector/verdict/verdict.h"
#include "common/message.h"
#include "sightline/internal/v1/fold.pb.h"

namespace sightline {
namespace {

using internal::v1::AUDIT_PROBLEM_KIND_CELLS;
using internal::v1::AUDIT_PROBLEM_KIND_CLOCK;
using internal::v1::AUDIT_PROBLEM_KIND_EVENT;
using internal::v1::AUDIT_PROBLEM_KIND_VERDICT;
using internal::v1::AUDIT_PROBLEM_KIND_VERDICT_SET;

constexpr absl::Duration kDay = absl::Hours(24);
// Time whose rows are read at once where there have been none.
constexpr absl::Duration kPageMax = absl::Hours(30 * 24);
// How far apart receive times of one node may be from the order of its log.
constexpr absl::Duration kSlack = absl::Hours(1);
// A window that changes is judged again about a second later, or more when many do.
constexpr absl::Duration kJudgingTime = absl::Minutes(1);
// A window is judged so long after its end at the latest, whatever grace the collectors give.
constexpr absl::Duration kGraceMax = absl::Hours(1);

absl::Time StartOfDay(int64_t day) { return absl::UnixEpoch() + kDay * day; }

template <typename Message>
std::string DifferenceOf(const std::string& stored_bytes, const std::string& made_bytes) {
  Message stored;
  Message made;
  if (!stored.ParseFromString(stored_bytes) || !made.ParseFromString(made_bytes)) {
    return "the stored bytes cannot be parsed";
  }
  return absl::StrCat("stored -> by the log: ", Difference(stored, made));
}

}  // namespace

VerdictAudit::VerdictAudit(StoreReader& store, const RegionNames& names, const Options& options,
                           internal::v1::AuditReport& report)
    : store_(store),
      names_(names),
      options_(options),
      report_(report),
      read_until_(options.read_time) {}

absl::Status VerdictAudit::Begin(int64_t first_day) {
  const absl::StatusOr<std::vector<v1::SignedPlan>> plans = store_.ListPlans();
  if (!plans.ok()) return plans.status();
  for (const v1::SignedPlan& signed_plan : *plans) {
    v1::Plan plan;
    if (!plan.ParseFromString(signed_plan.plan())) {
      return absl::DataLossError("a stored plan cannot be parsed");
    }
    for (const v1::CountryRegions& country : plan.countries()) {
      countries_.insert(country.country());
    }
    const uint64_t version = plan.version();
    plans_.emplace(version, std::move(plan));
  }
  absl::StatusOr<FoldCheckpoint> checkpoint = store_.ReadCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  positions_ = std::move(checkpoint->positions);
  if (absl::Status status = ReadWindows(); !status.ok()) return status;
  if (!window_length_.has_value()) return absl::OkStatus();
  fold_ = std::make_unique<Fold>(*window_length_, options_.retain);
  events_ = std::make_unique<EventAudit>(store_, *window_length_, options_.silence_max, report_);
  for (const std::string& country : countries_) {
    if (absl::Status status = events_->Begin(country); !status.ok()) return status;
  }
  if (first_day == 0) return absl::OkStatus();
  if (absl::Status status = ReadDroppedDays(first_day); !status.ok()) return status;
  compared_until_ = StartOfDay(first_day);
  fold_->Forget(compared_until_);
  return absl::OkStatus();
}

// What the log said then cannot be told any more; what the cells come to can.
absl::Status VerdictAudit::ReadDroppedDays(int64_t first_day) {
  for (const std::string& country : countries_) {
    const auto read = [&](absl::Time from, absl::Time until) -> absl::StatusOr<size_t> {
      const auto rows = store_.ReadCells(country, from, until);
      if (!rows.ok()) return rows.status();
      report_.set_verdicts_dropped(report_.verdicts_dropped() + rows->size());
      for (const VerdictRecord& row : *rows) events_->Add(row);
      return rows->size();
    };
    const absl::Status status = ForEachPage(absl::InfinitePast(), StartOfDay(first_day), read);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status VerdictAudit::ForEachPage(
    absl::Time from, absl::Time until,
    absl::FunctionRef<absl::StatusOr<size_t>(absl::Time, absl::Time)> read) const {
  absl::Duration span = kDay;
  for (absl::Time page = std::max(from, oldest_row_); page < until;) {
    // Behind the newest there may be some that were written meanwhile.
    const absl::Time end = page > newest_row_ ? until : std::min(page + span, until);
    const absl::StatusOr<size_t> rows = read(page, end);
    if (!rows.ok()) return rows.status();
    span = *rows > 0 ? kDay : std::min(span * 2, kPageMax);
    page = end;
  }
  return absl::OkStatus();
}

absl::Status VerdictAudit::ReadWindows() {
  for (const std::string& country : countries_) {
    const auto oldest = store_.OldestVerdict(country);
    if (!oldest.ok()) return oldest.status();
    oldest_row_ = std::min(oldest_row_, oldest->value_or(absl::InfiniteFuture()));
    const auto newest = store_.NewestVerdict(country);
    if (!newest.ok()) return newest.status();
    if (!newest->has_value() || **newest <= newest_row_) continue;
    const auto rows = store_.ReadVerdicts(country, **newest, **newest + absl::Milliseconds(1));
    if (!rows.ok()) return rows.status();
    if (rows->empty() || rows->front().window_length <= absl::ZeroDuration()) {
      return absl::DataLossError("the newest verdict has no window length");
    }
    newest_row_ = **newest;
    window_length_ = rows->front().window_length;
  }
  return absl::OkStatus();
}

const v1::Plan* VerdictAudit::FindPlan(uint64_t version) const {
  const auto found = plans_.find(version);
  return found == plans_.end() ? nullptr : &found->second;
}

const v1::Plan* VerdictAudit::PlanAt(absl::Time time) const {
  for (auto plan = plans_.rbegin(); plan != plans_.rend(); ++plan) {
    if (FromProto(plan->second.issue_time()) <= time) return &plan->second;
  }
  return plans_.empty() ? nullptr : &plans_.begin()->second;
}

void VerdictAudit::Add(const LogRecord& record, const Round& round) {
  if (fold_ == nullptr) {
    const bool counts = round.kind == RoundKind::kCountable;
    report_.set_records_unjudged(report_.records_unjudged() + (counts ? 1 : 0));
    return;
  }
  const FoldOutcome outcome = fold_->Add(round);
  const absl::Time start = fold_->WindowStart(round.round_time);
  if (outcome == FoldOutcome::kForgotten && start >= StartOfDay(report_.first_day())) {
    AddProblem(report_, ProblemWith(record, AUDIT_PROBLEM_KIND_CLOCK,
                                    "received long before the records before it; its window was "
                                    "compared without it"));
  }
  if (outcome != FoldOutcome::kFolded) return;
  read_until_ = std::max(read_until_, record.receive_time);
  WindowFacts& window = windows_[start];
  window.received = std::max(window.received, record.receive_time);
  const auto position = positions_.find(record.node);
  if (position == positions_.end() || record.node_seq > position->second) {
    window.beyond_checkpoint = true;
  }
}

absl::Status VerdictAudit::CompareUntil(absl::Time received) {
  if (fold_ == nullptr) return absl::OkStatus();
  const absl::Time final_until =
      absl::UnixEpoch() +
      absl::Floor(received - options_.retain - kSlack - absl::UnixEpoch(), kDay);
  if (final_until <= compared_until_) return absl::OkStatus();
  if (absl::Status status = CompareRange(compared_until_, final_until); !status.ok()) return status;
  compared_until_ = final_until;
  fold_->Forget(final_until);
  return absl::OkStatus();
}

absl::Status VerdictAudit::Finish() {
  if (fold_ == nullptr) return TellOrphans();
  absl::Status status = CompareRange(compared_until_, absl::InfiniteFuture());
  for (auto country = countries_.begin(); status.ok() && country != countries_.end(); ++country) {
    status = events_->Finish(*country);
  }
  return status;
}

absl::Status VerdictAudit::TellOrphans() {
  for (const std::string& country : countries_) {
    const auto events = store_.ReadEvents(country, absl::InfinitePast(), absl::InfiniteFuture());
    if (!events.ok()) return events.status();
    for (const EventRecord& event : *events) {
      VerdictRecord place;
      place.country = country;
      place.target_id = event.target_id;
      place.window_start = event.onset;
      Problem(AUDIT_PROBLEM_KIND_EVENT, place,
              absl::StrCat(event.event_id, ": there are no cells that it could come from"));
    }
  }
  return absl::OkStatus();
}

absl::Status VerdictAudit::CompareRange(absl::Time from, absl::Time until) {
  const absl::Status status = ForEachPage(
      from, until, [this](absl::Time start, absl::Time end) { return ComparePage(start, end); });
  if (!status.ok()) return status;
  CountMissing(from, until);
  windows_.erase(windows_.lower_bound(from), windows_.lower_bound(until));
  return absl::OkStatus();
}

absl::StatusOr<size_t> VerdictAudit::ComparePage(absl::Time from, absl::Time until) {
  size_t count = 0;
  for (const std::string& country : countries_) {
    const absl::StatusOr<std::vector<VerdictRecord>> rows =
        store_.ReadVerdicts(country, from, until);
    if (!rows.ok()) return rows.status();
    count += rows->size();
    std::map<absl::Time, std::vector<const VerdictRecord*>> by_window;
    for (const VerdictRecord& row : *rows) by_window[row.window_start].push_back(&row);
    for (const auto& [start, of_window] : by_window) CompareWindow(start, country, of_window);
    for (const VerdictRecord& row : *rows) events_->Add(row);
  }
  return count;
}

void VerdictAudit::CompareWindow(absl::Time start, const std::string& country,
                                 const std::vector<const VerdictRecord*>& rows) {
  const auto facts = windows_.find(start);
  const bool beyond = facts != windows_.end() && MayBeBehind(facts->second);
  if (facts != windows_.end()) facts->second.countries.insert(country);
  const bool same_rules = std::all_of(rows.begin(), rows.end(), [this](const VerdictRecord* row) {
    return row->window_length == *window_length_ &&
           absl::string_view(row->ruleset_version) == kRulesetVersion;
  });
  if (!same_rules) {
    report_.set_verdicts_other_rules(report_.verdicts_other_rules() + rows.size());
    return;
  }
  report_.set_windows_compared(report_.windows_compared() + 1);
  std::map<std::string, VerdictRecord> made = Make(start, country);
  for (const VerdictRecord* row : rows) {
    const auto found = made.find(row->target_id);
    if (found == made.end()) {
      // A target that only an earlier plan had is struck out, not deleted.
      if (row->verdict.empty() && row->cells.empty()) continue;
      Problem(AUDIT_PROBLEM_KIND_VERDICT_SET, *row, "the plan of the window has no such target");
      continue;
    }
    CompareRow(*row, found->second, beyond);
    made.erase(found);
  }
  for (const auto& [target_id, missing] : made) {
    Problem(AUDIT_PROBLEM_KIND_VERDICT_SET, missing, "the store has no verdict on this target");
  }
}

bool VerdictAudit::MayBeBehind(const WindowFacts& window) const {
  return window.beyond_checkpoint || window.received > read_until_ - kJudgingTime;
}

std::map<std::string, VerdictRecord> VerdictAudit::Make(absl::Time start,
                                                        const std::string& country) const {
  std::map<std::string, VerdictRecord> made;
  const v1::Plan* plan = PlanAt(start + *window_length_);
  if (plan == nullptr) return made;
  Window silent;
  silent.start = start;
  silent.length = *window_length_;
  const Window* window = fold_->Find(start);
  const Judgement judgement =
      JudgeWithTallies(window == nullptr ? silent : *window, *plan, country, names_);
  for (int i = 0; i < judgement.summary.verdicts_size(); ++i) {
    const v1::TargetVerdict& verdict = judgement.summary.verdicts(i);
    VerdictRecord& record = made[verdict.target_id()];
    record.target_id = verdict.target_id();
    record.country = country;
    record.window_start = start;
    record.window_length = *window_length_;
    record.verdict = verdict.SerializeAsString();
    record.cells = SerializeCells(judgement.tallies[static_cast<size_t>(i)]);
  }
  return made;
}

void VerdictAudit::CompareRow(const VerdictRecord& row, const VerdictRecord& made, bool beyond) {
  report_.set_verdicts_compared(report_.verdicts_compared() + 1);
  internal::v1::Cells cells;
  if (cells.ParseFromString(made.cells)) {
    report_.set_cells_compared(report_.cells_compared() +
                               static_cast<uint64_t>(cells.cells_size()));
  }
  const bool same_verdict = row.verdict == made.verdict;
  const bool same_cells = row.cells == made.cells;
  if (same_verdict && same_cells) return;
  std::vector<internal::v1::AuditProblem> problems;
  if (!same_verdict) {
    problems.push_back(ProblemOf(AUDIT_PROBLEM_KIND_VERDICT, row,
                                 DifferenceOf<v1::TargetVerdict>(row.verdict, made.verdict)));
  }
  if (!same_cells) {
    problems.push_back(ProblemOf(AUDIT_PROBLEM_KIND_CELLS, row,
                                 DifferenceOf<internal::v1::Cells>(row.cells, made.cells)));
  }
  if (beyond) report_.set_verdicts_behind(report_.verdicts_behind() + 1);
  for (internal::v1::AuditProblem& problem : problems) {
    if (!beyond) {
      AddProblem(report_, std::move(problem));
    } else {
      AddUndecided(report_, std::move(problem));
    }
  }
}

internal::v1::AuditProblem VerdictAudit::ProblemOf(internal::v1::AuditProblemKind kind,
                                                   const VerdictRecord& row, std::string detail) {
  internal::v1::AuditProblem problem;
  problem.set_kind(kind);
  problem.set_window_start_ms(absl::ToUnixMillis(row.window_start));
  problem.set_country(row.country);
  problem.set_target_id(row.target_id);
  problem.set_detail(std::move(detail));
  return problem;
}

void VerdictAudit::CountMissing(absl::Time from, absl::Time until) {
  for (auto it = windows_.lower_bound(from); it != windows_.end() && it->first < until; ++it) {
    const absl::Time end = it->first + *window_length_;
    const v1::Plan* plan = PlanAt(end);
    if (plan == nullptr || (it->first >= newest_row_ && end + kGraceMax > read_until_)) continue;
    for (const v1::CountryRegions& country : plan->countries()) {
      if (it->second.countries.contains(country.country())) continue;
      report_.set_windows_without_verdicts(report_.windows_without_verdicts() + 1);
      VerdictRecord place;
      place.country = country.country();
      place.window_start = it->first;
      AddUndecided(report_, ProblemOf(AUDIT_PROBLEM_KIND_VERDICT_SET, place,
                                      "the log has records of it, and there are no verdicts"));
    }
  }
}

}  // namespace sightline
