#include "collector/chronicle.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/timeline_query.h"
#include "common/message.h"

namespace sightline {
namespace {

// Windows whose verdicts are read at a time.
constexpr int kPageWindows = 16;
constexpr size_t kPageChanges = 1024;

absl::StatusOr<v1::TargetVerdict> Parse(const VerdictRecord& row) {
  v1::TargetVerdict verdict;
  if (verdict.ParseFromString(row.verdict)) return verdict;
  return absl::DataLossError(absl::StrCat("the stored verdict on ", row.target_id, " in ",
                                          row.country, " cannot be read"));
}

absl::Status NotRead() {
  return absl::UnavailableError(
      "the collector is still reading its history; ask again in a moment");
}

}  // namespace

absl::Status Chronicle::Refresh(const v1::Plan& plan) {
  for (const v1::CountryRegions& entry : plan.countries()) {
    const std::string& name = entry.country();
    Country* country = nullptr;
    {
      const std::unique_lock lock(mutex_);
      std::unique_ptr<Country>& found = countries_[name];
      if (found == nullptr) found = std::make_unique<Country>();
      country = found.get();
    }
    // Changes last: whoever hears of one finds what it is about.
    absl::Status status = RefreshColumns(name, *country);
    if (status.ok()) status = RefreshAnnotations(name, *country);
    if (status.ok()) status = RefreshChanges(name, *country);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Chronicle::RefreshColumns(const std::string& name, Country& country) {
  // Before the rows: what is written meanwhile is read again.
  const absl::StatusOr<int64_t> revision = store_.NewestRevision(name);
  if (!revision.ok()) return revision.status();
  if (country.columns_read && *revision == country.revision) return absl::OkStatus();
  absl::Status status = country.columns_read ? ReadNew(name, country) : ReadAll(name, country);
  if (status.ok()) status = ReadEvents(name, country);
  if (!status.ok()) return status;
  const std::unique_lock lock(mutex_);
  country.columns_read = true;
  country.revision = *revision;
  ++country.version;
  return absl::OkStatus();
}

absl::Status Chronicle::ReadAll(const std::string& name, Country& country) {
  const absl::StatusOr<std::optional<absl::Time>> newest = store_.NewestVerdict(name);
  if (!newest.ok()) return newest.status();
  if (!newest->has_value()) return absl::OkStatus();
  const absl::StatusOr<std::optional<absl::Time>> oldest = store_.OldestVerdict(name);
  if (!oldest.ok()) return oldest.status();
  const absl::StatusOr<std::vector<VerdictRecord>> rows =
      store_.ReadCells(name, **newest, **newest + absl::Milliseconds(1));
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return absl::AbortedError("verdicts went while they were read");
  {
    const std::unique_lock lock(mutex_);
    country.targets.clear();
    country.newest = **newest;
    country.window_length = rows->front().window_length;
    country.kept_from = **newest - options_.columns_kept;
    country.has_all = oldest->value_or(**newest) >= country.kept_from;
  }
  const absl::Duration page = country.window_length * kPageWindows;
  for (absl::Time from = std::max(country.kept_from, oldest->value_or(**newest)); from <= **newest;
       from += page) {
    const absl::StatusOr<std::vector<VerdictRecord>> read =
        store_.ReadVerdicts(name, from, std::min(from + page, **newest + absl::Milliseconds(1)));
    // Rows that do not fit together are made again from the log, and then have a new revision.
    if (absl::IsDataLoss(read.status())) continue;
    if (!read.ok()) return read.status();
    if (absl::Status status = Take(*read, country); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Chronicle::ReadNew(const std::string& name, Country& country) {
  const absl::StatusOr<std::vector<WindowRevision>> revisions =
      store_.ReadRevisions(name, country.revision);
  if (!revisions.ok()) return revisions.status();
  for (const WindowRevision& each : *revisions) {
    if (each.window_start < country.kept_from) continue;
    const absl::StatusOr<std::vector<VerdictRecord>> rows =
        store_.ReadVerdicts(name, each.window_start, each.window_start + absl::Milliseconds(1));
    if (absl::IsDataLoss(rows.status())) continue;
    if (!rows.ok()) return rows.status();
    if (rows->empty()) continue;
    // The operator has given windows another length.
    if (rows->front().window_length != country.window_length &&
        rows->front().window_start >= country.newest) {
      return ReadAll(name, country);
    }
    if (absl::Status status = Take(*rows, country); !status.ok()) return status;
  }
  const std::unique_lock lock(mutex_);
  const absl::Time kept_from = country.newest - options_.columns_kept;
  if (kept_from <= country.kept_from) return absl::OkStatus();
  country.kept_from = kept_from;
  for (auto& [target_id, columns] : country.targets) columns.DropBefore(kept_from);
  // Whether the first verdict lies before it is not worth a question: the store answers as well.
  country.has_all = false;
  return absl::OkStatus();
}

absl::Status Chronicle::Take(const std::vector<VerdictRecord>& rows, Country& country) {
  std::vector<std::optional<v1::TargetVerdict>> verdicts;
  for (const VerdictRecord& row : rows) {
    std::optional<v1::TargetVerdict>& verdict = verdicts.emplace_back();
    if (row.verdict.empty()) continue;  // of a target that a later plan took away
    absl::StatusOr<v1::TargetVerdict> parsed = Parse(row);
    if (!parsed.ok()) return parsed.status();
    verdict = *std::move(parsed);
  }
  const std::unique_lock lock(mutex_);
  for (size_t i = 0; i < rows.size(); ++i) {
    const VerdictRecord& row = rows[i];
    if (row.window_length != country.window_length) continue;
    Columns& columns =
        country.targets.emplace(row.target_id, Columns(row.window_length)).first->second;
    if (verdicts[i].has_value()) {
      columns.Put(row.window_start, *verdicts[i]);
    } else {
      columns.Erase(row.window_start);
    }
    country.newest = std::max(country.newest, row.window_start);
  }
  return absl::OkStatus();
}

absl::Status Chronicle::ReadEvents(const std::string& name, Country& country) {
  const absl::StatusOr<std::vector<EventRecord>> records =
      store_.ReadEvents(name, country.newest - options_.events_kept, absl::InfiniteFuture());
  if (!records.ok()) return records.status();
  auto events = std::make_shared<std::vector<v1::Event>>();
  for (const EventRecord& record : *records) {
    if (events->emplace_back().ParseFromString(record.event)) continue;
    return absl::DataLossError(
        absl::StrCat("the stored event ", record.event_id, " cannot be read"));
  }
  const std::unique_lock lock(mutex_);
  country.events = std::move(events);
  return absl::OkStatus();
}

absl::Status Chronicle::RefreshAnnotations(const std::string& name, Country& country) {
  const absl::StatusOr<std::vector<AnnotationRecord>> records = store_.ReadAnnotations(name);
  if (!records.ok()) return records.status();
  std::string bytes;
  for (const AnnotationRecord& record : *records) absl::StrAppend(&bytes, record.annotation);
  if (country.annotations != nullptr && bytes == country.annotation_bytes) return absl::OkStatus();
  auto annotations = std::make_shared<std::vector<v1::Annotation>>();
  for (const AnnotationRecord& record : *records) {
    if (annotations->emplace_back().ParseFromString(record.annotation)) continue;
    return absl::DataLossError(
        absl::StrCat("the stored note ", record.annotation_id, " cannot be read"));
  }
  const std::unique_lock lock(mutex_);
  country.annotations = std::move(annotations);
  country.annotation_bytes = std::move(bytes);
  ++country.version;
  return absl::OkStatus();
}

absl::Status Chronicle::RefreshChanges(const std::string& name, Country& country) {
  if (!country.changes_read) {
    const absl::StatusOr<int64_t> newest = store_.NewestChange(name);
    if (!newest.ok()) return newest.status();
    const std::unique_lock lock(mutex_);
    country.newest_change =
        std::max<int64_t>(0, *newest - static_cast<int64_t>(options_.changes_kept));
    country.changes_read = true;
  }
  for (;;) {
    const absl::StatusOr<std::vector<ChangeRecord>> records =
        store_.ReadChanges(name, country.newest_change, kPageChanges);
    if (!records.ok()) return records.status();
    if (records->empty()) return absl::OkStatus();
    const std::unique_lock lock(mutex_);
    for (const ChangeRecord& record : *records) {
      v1::Change& change = country.changes.emplace_back();
      if (!change.ParseFromString(record.change)) {
        country.changes.pop_back();
        return absl::DataLossError(
            absl::StrCat("the stored change ", record.change_seq, " of ", name, " cannot be read"));
      }
      country.newest_change = record.change_seq;
      if (country.changes.size() > options_.changes_kept) country.changes.pop_front();
    }
    ++country.version;
  }
}

absl::StatusOr<const Chronicle::Country*> Chronicle::Find(const std::string& name) const {
  const auto found = countries_.find(name);
  if (found == countries_.end() || !found->second->changes_read) return NotRead();
  return found->second.get();
}

uint64_t Chronicle::Version(const std::string& country) const {
  const std::shared_lock lock(mutex_);
  const absl::StatusOr<const Country*> found = Find(country);
  return found.ok() ? (*found)->version : 0;
}

absl::StatusOr<Chronicle::Reach> Chronicle::ReachOf(const std::string& country) const {
  const std::shared_lock lock(mutex_);
  const absl::StatusOr<const Country*> found = Find(country);
  if (!found.ok()) return found.status();
  return Reach{(*found)->kept_from, (*found)->has_all, (*found)->window_length};
}

absl::StatusOr<TimelineRange> Chronicle::RangeOf(const v1::GetTimelineRequest& request) const {
  const std::shared_lock lock(mutex_);
  const absl::StatusOr<const Country*> found = Find(request.country());
  if (!found.ok()) return found.status();
  if ((*found)->targets.empty()) {
    return absl::UnavailableError("no window is complete yet; ask again later");
  }
  return ReadTimelineRequest(request, (*found)->window_length, (*found)->newest);
}

absl::StatusOr<v1::GetTimelineResponse> Chronicle::Timeline(
    const v1::GetTimelineRequest& request) const {
  const absl::StatusOr<TimelineRange> range = RangeOf(request);
  if (!range.ok()) return range.status();
  v1::GetTimelineResponse response;
  response.set_country(request.country());
  response.set_target_id(request.target_id());
  const std::shared_lock lock(mutex_);
  const Country& country = *countries_.at(request.country());
  const auto columns = country.targets.find(request.target_id());
  if (columns == country.targets.end()) {
    Columns(country.window_length).Read(*range, response);
  } else {
    columns->second.Read(*range, response);
  }
  return response;
}

absl::StatusOr<Chronicle::Events> Chronicle::EventsOf(const std::string& country) const {
  const std::shared_lock lock(mutex_);
  const absl::StatusOr<const Country*> found = Find(country);
  if (!found.ok()) return found.status();
  return (*found)->events;
}

absl::StatusOr<Chronicle::Annotations> Chronicle::AnnotationsOf(const std::string& country) const {
  const std::shared_lock lock(mutex_);
  const absl::StatusOr<const Country*> found = Find(country);
  if (!found.ok()) return found.status();
  return (*found)->annotations;
}

absl::StatusOr<int64_t> Chronicle::NewestChange(const std::string& country) const {
  const std::shared_lock lock(mutex_);
  const absl::StatusOr<const Country*> found = Find(country);
  if (!found.ok()) return found.status();
  return (*found)->newest_change;
}

absl::StatusOr<std::vector<v1::Change>> Chronicle::Changes(const std::string& country,
                                                           int64_t after, size_t limit) const {
  const std::shared_lock lock(mutex_);
  const absl::StatusOr<const Country*> found = Find(country);
  if (!found.ok()) return found.status();
  const std::deque<v1::Change>& kept = (*found)->changes;
  std::vector<v1::Change> changes;
  if (after >= (*found)->newest_change) return changes;
  if (kept.empty() || kept.front().change_seq() > after + 1) {
    return absl::OutOfRangeError("changes so old are in the store alone");
  }
  const auto first = static_cast<size_t>(after + 1 - kept.front().change_seq());
  for (size_t i = first; i < kept.size() && changes.size() < limit; ++i) {
    changes.push_back(kept[i]);
  }
  return changes;
}

absl::StatusOr<std::vector<v1::Change>> Chronicle::NewestChanges(const std::string& country,
                                                                 size_t limit) const {
  const std::shared_lock lock(mutex_);
  const absl::StatusOr<const Country*> found = Find(country);
  if (!found.ok()) return found.status();
  const std::deque<v1::Change>& kept = (*found)->changes;
  const size_t count = std::min(limit, kept.size());
  return std::vector<v1::Change>(kept.end() - static_cast<ptrdiff_t>(count), kept.end());
}

absl::StatusOr<v1::GetTimelineResponse> StoredTimeline(StoreReader& store,
                                                       const v1::GetTimelineRequest& request,
                                                       const TimelineRange& range,
                                                       absl::Duration window_length) {
  Columns columns(window_length);
  const absl::Duration page = window_length * kPageWindows;
  const absl::Time end = range.start + window_length * range.step_windows * range.step_count;
  for (absl::Time from = range.start; from < end; from += page) {
    const absl::StatusOr<std::vector<VerdictRecord>> rows =
        store.ReadVerdicts(request.country(), from, std::min(from + page, end));
    if (!rows.ok()) return rows.status();
    for (const VerdictRecord& row : *rows) {
      const bool wanted = row.target_id == request.target_id() &&
                          row.window_length == window_length && !row.verdict.empty();
      if (!wanted) continue;
      const absl::StatusOr<v1::TargetVerdict> verdict = Parse(row);
      if (!verdict.ok()) return verdict.status();
      columns.Put(row.window_start, *verdict);
    }
  }
  v1::GetTimelineResponse response;
  response.set_country(request.country());
  response.set_target_id(request.target_id());
  columns.Read(range, response);
  return response;
}

}  // namespace sightline
