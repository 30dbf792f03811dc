#include "collector/writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "collector/log.h"

namespace sightline {
namespace {

// Groups that are stored and whose listeners do not know yet. Beyond that the writer waits.
constexpr size_t kUntoldMax = 8;

}  // namespace

Writer::Writer(Store& store, std::string node, RecentLog& recent, Metrics& metrics,
               std::function<void()> on_commit)
    : store_(store),
      node_(std::move(node)),
      recent_(recent),
      metrics_(metrics),
      on_commit_(std::move(on_commit)),
      teller_([this] { RunTeller(); }),
      thread_([this] { Run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  {
    const std::lock_guard lock(tell_mutex_);
    nothing_more_to_tell_ = true;
  }
  tell_wake_.notify_all();
  teller_.join();
}

void Writer::Enqueue(NewRecord record) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = queue_.empty();
    queue_.push_back(std::move(record));
    metrics_.queue_depth.Set(static_cast<double>(queue_.size()));
  }
  if (was_empty) wake_.notify_one();
}

Writer::Group Writer::TakeGroup() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  Group group;
  group.reserve(std::min(queue_.size(), kGroupMax));
  size_t bytes = 0;
  while (!queue_.empty() && group.size() < kGroupMax) {
    bytes += queue_.front().record.batch.size();
    if (bytes > kGroupBytesMax && !group.empty()) break;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  metrics_.queue_depth.Set(static_cast<double>(queue_.size()));
  return group;
}

void Writer::Run() {
  for (;;) {
    Group group = TakeGroup();
    if (group.empty()) return;
    Commit(std::move(group));
  }
}

void Writer::Commit(Group group) {
  std::vector<LogRecord> records;
  records.reserve(group.size());
  for (NewRecord& entry : group) records.push_back(std::move(entry.record));
  std::vector<absl::Status> fates(group.size());
  AppendPart(group, records, 0, &fates);
  Tell(group, fates);
}

absl::StatusOr<AppendResult> Writer::Append(absl::Span<const LogRecord> records) {
  const auto begin = std::chrono::steady_clock::now();
  absl::StatusOr<AppendResult> result = store_.Append(node_, records);
  metrics_.commit_seconds.Observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  metrics_.group_size.Observe(static_cast<double>(records.size()));
  if (!result.ok()) {
    metrics_.CommitFailed(absl::StatusCodeToString(result.status().code())).Increment();
    Log(LogLevel::kError, "writer", "commit_failed",
        {{"batches", records.size()}, {"detail", result.status().ToString()}});
  }
  return result;
}

// Appends `records`, which belong to the entries of `group` from `first` on.
void Writer::AppendPart(Group& group, absl::Span<const LogRecord> records, size_t first,
                        std::vector<absl::Status>* fates) {
  absl::StatusOr<AppendResult> result = Append(records);
  // A race that was lost, or a commit in doubt. Trying again does no harm: what was stored the
  // first time is a conflict now, and its agents find out by connecting again.
  if (absl::IsAborted(result.status())) result = Append(records);
  if (absl::IsInvalidArgument(result.status()) && records.size() > 1) {
    // One record that the store will never take must not take the others with it.
    const size_t half = records.size() / 2;
    AppendPart(group, records.subspan(0, half), first, fates);
    AppendPart(group, records.subspan(half), first + half, fates);
    return;
  }
  if (result.ok()) Remember(group, first, *result);
  for (size_t i = 0; i < records.size(); ++i) {
    if (!result.ok()) {
      (*fates)[first + i] = result.status();
    } else if (result->outcomes[i] != AppendOutcome::kAppended) {
      (*fates)[first + i] = absl::AbortedError("the agent's chain moved on elsewhere");
    }
  }
}

// Hands the rounds of what was appended to the fold.
void Writer::Remember(Group& group, size_t first, const AppendResult& result) {
  std::vector<RecentRound> rounds;
  rounds.reserve(result.outcomes.size());
  size_t results = 0;
  for (size_t i = 0; i < result.outcomes.size(); ++i) {
    if (result.outcomes[i] != AppendOutcome::kAppended) continue;
    rounds.push_back({0, std::move(group[first + i].round)});
    results += group[first + i].results;
  }
  if (rounds.empty()) return;
  metrics_.batches_accepted.Increment(static_cast<double>(rounds.size()));
  metrics_.results_accepted.Increment(static_cast<double>(results));
  uint64_t node_seq = result.last_node_seq - rounds.size();
  for (RecentRound& round : rounds) round.node_seq = ++node_seq;
  recent_.Add(std::move(rounds));
  if (on_commit_) on_commit_();
}

void Writer::Tell(const Group& group, const std::vector<absl::Status>& fates) {
  std::vector<Verdict> verdicts;
  absl::flat_hash_map<const CommitListener*, size_t> places;
  for (size_t i = 0; i < group.size(); ++i) {
    const auto [place, added] = places.emplace(group[i].listener.get(), verdicts.size());
    if (added) verdicts.push_back({group[i].listener, 0, 0, absl::OkStatus()});
    Verdict& verdict = verdicts[place->second];
    // Whoever lost a record has to begin again there, whatever became of those behind it.
    if (fates[i].ok() && verdict.failed == 0) {
      ++verdict.appended;
    } else {
      if (verdict.failed == 0) verdict.status = fates[i];
      ++verdict.failed;
    }
  }
  {
    std::unique_lock lock(tell_mutex_);
    tell_wake_.wait(lock, [this] { return untold_.size() < kUntoldMax; });
    untold_.push_back(std::move(verdicts));
  }
  tell_wake_.notify_all();
}

void Writer::RunTeller() {
  for (;;) {
    std::vector<Verdict> verdicts;
    {
      std::unique_lock lock(tell_mutex_);
      tell_wake_.wait(lock, [this] { return nothing_more_to_tell_ || !untold_.empty(); });
      if (untold_.empty()) return;
      verdicts = std::move(untold_.front());
      untold_.pop_front();
    }
    tell_wake_.notify_all();
    for (const Verdict& verdict : verdicts) {
      verdict.listener->OnCommitted(verdict.appended, verdict.failed, verdict.status);
    }
  }
}

}  // namespace sightline
