#include "collector/change_teller.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/log.h"
#include "common/message.h"

namespace sightline {
namespace {

using internal::v1::Statement;

absl::StatusOr<v1::TargetVerdict> Parse(const VerdictRecord& record) {
  v1::TargetVerdict verdict;
  if (verdict.ParseFromString(record.verdict)) return verdict;
  return absl::DataLossError(absl::StrCat("the stored verdict on ", record.target_id, " in ",
                                          record.country, " cannot be read"));
}

}  // namespace

absl::StatusOr<ChangeTeller::Country*> ChangeTeller::Load(const std::string& name) {
  const auto found = countries_.find(name);
  if (found != countries_.end()) return &found->second;
  const absl::StatusOr<int64_t> newest = store_.NewestChange(name);
  if (!newest.ok()) return newest.status();
  const absl::StatusOr<std::vector<StatementRecord>> records = store_.ReadStatements(name);
  if (!records.ok()) return records.status();
  Country country;
  country.newest = *newest;
  for (const StatementRecord& record : *records) {
    Statement statement;
    if (!statement.ParseFromString(record.statement)) {
      // The next one is the first.
      Log(LogLevel::kWarn, "fold", "statement_begins_anew",
          {{"country", name}, {"target", record.target_id}});
      continue;
    }
    country.statements.emplace(record.target_id, std::move(statement));
  }
  return &countries_.emplace(name, std::move(country)).first->second;
}

absl::StatusOr<ChangeTeller::Rows> ChangeTeller::Tell(absl::Span<const VerdictRecord> verdicts,
                                                      absl::Span<const EventStep> steps,
                                                      absl::Time time) {
  using Windows = std::vector<const VerdictRecord*>;
  std::map<std::string, std::map<std::string, std::pair<Windows, std::vector<EventStep>>>> news;
  for (const VerdictRecord& record : verdicts) {
    // Rows without a verdict are of targets that the plan does not have any more.
    if (!record.verdict.empty()) {
      news[record.country][record.target_id].first.push_back(&record);
    }
  }
  for (const EventStep& step : steps) {
    if (IsTold(step)) news[step.now.country()][step.now.target_id()].second.push_back(step);
  }
  Rows rows;
  replaced_.clear();
  for (auto& [name, targets] : news) {
    const absl::StatusOr<Country*> country = Load(name);
    if (!country.ok()) return country.status();
    (*country)->next_newest = (*country)->newest;
    (*country)->next_statements.clear();
    for (auto& [target_id, each] : targets) {
      std::sort(each.first.begin(), each.first.end(),
                [](const VerdictRecord* one, const VerdictRecord* other) {
                  return one->window_start < other->window_start;
                });
      absl::Status status = TellTarget(each.first, std::move(each.second), time, **country, rows);
      if (!status.ok()) return status;
    }
    for (const auto& [target_id, statement] : (*country)->next_statements) {
      rows.statements.push_back({target_id, name, statement.SerializeAsString()});
    }
  }
  replaced_.clear();
  return rows;
}

absl::Status ChangeTeller::TellTarget(const std::vector<const VerdictRecord*>& windows,
                                      std::vector<EventStep> steps, absl::Time time,
                                      Country& country, Rows& rows) {
  const Statement* last = nullptr;
  v1::TargetVerdict newest;
  for (const VerdictRecord* record : windows) {
    const absl::StatusOr<v1::TargetVerdict> verdict = Parse(*record);
    if (!verdict.ok()) return verdict.status();
    newest = *verdict;
    const auto said = country.statements.find(record->target_id);
    if (last == nullptr && said != country.statements.end()) last = &said->second;
    if (last != nullptr && record->window_start < FromProto(last->window_start_time())) {
      absl::Status status = Correct(*record, *verdict, time, country, rows);
      if (!status.ok()) return status;
      continue;
    }
    Statement now = StatementOf(*verdict, record->window_start, last);
    // Events come with the newest window.
    const bool is_newest = record == windows.back();
    std::optional<v1::Change> change = ChangeBetween(
        last, now, *verdict, is_newest ? std::exchange(steps, {}) : std::vector<EventStep>());
    if (change.has_value()) {
      Add(record->country, *std::move(change), time, country, rows);
    }
    last = &(country.next_statements[record->target_id] = std::move(now));
  }
  if (steps.empty()) return absl::OkStatus();
  // Told without a verdict on the newest window: what is said stays, but for the events.
  const v1::Event& event = steps.front().now;
  const auto said = country.statements.find(event.target_id());
  Statement same = said == country.statements.end() ? Statement() : said->second;
  newest.set_target_id(event.target_id());
  std::optional<v1::Change> change = ChangeBetween(&same, same, newest, steps);
  if (change.has_value()) Add(event.country(), *std::move(change), time, country, rows);
  return absl::OkStatus();
}

// nullptr when the store has none that can be read.
absl::StatusOr<const v1::TargetVerdict*> ChangeTeller::Replaced(const VerdictRecord& record) {
  const auto [window, is_new] = replaced_.try_emplace({record.country, record.window_start});
  if (is_new) {
    const absl::StatusOr<std::vector<VerdictRecord>> stored = store_.ReadVerdicts(
        record.country, record.window_start, record.window_start + absl::Milliseconds(1));
    // Rows that cannot be read are replaced by what is written now.
    if (!stored.ok() && !absl::IsDataLoss(stored.status())) return stored.status();
    for (size_t i = 0; stored.ok() && i < stored->size(); ++i) {
      const VerdictRecord& row = (*stored)[i];
      absl::StatusOr<v1::TargetVerdict> parsed = Parse(row);
      if (!row.verdict.empty() && parsed.ok()) {
        window->second.emplace(row.target_id, *std::move(parsed));
      }
    }
  }
  const auto found = window->second.find(record.target_id);
  return found == window->second.end() ? nullptr : &found->second;
}

absl::Status ChangeTeller::Correct(const VerdictRecord& record, const v1::TargetVerdict& verdict,
                                   absl::Time time, Country& country, Rows& rows) {
  const absl::StatusOr<const v1::TargetVerdict*> before = Replaced(record);
  if (!before.ok()) return before.status();
  std::optional<v1::Change> change = CorrectionOf(*before, verdict, record.window_start);
  if (change.has_value()) Add(record.country, *std::move(change), time, country, rows);
  return absl::OkStatus();
}

void ChangeTeller::Add(const std::string& name, v1::Change change, absl::Time time,
                       Country& country, Rows& rows) {
  change.set_country(name);
  change.set_change_seq(++country.next_newest);
  *change.mutable_change_time() = ToProto(time);
  rows.changes.push_back({name, change.change_seq(), change.SerializeAsString()});
}

void ChangeTeller::Commit() {
  for (auto& [name, country] : countries_) {
    country.newest = std::max(country.newest, country.next_newest);
    for (auto& [target_id, statement] : country.next_statements) {
      country.statements[target_id] = std::move(statement);
    }
    country.next_statements.clear();
  }
}

}  // namespace sightline
