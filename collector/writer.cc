#include "collector/writer.h"

#include <algorithm>
#include <utility>

#include "collector/log.h"

namespace sightline {

Writer::Writer(Store& store, std::string node, std::function<void()> on_commit)
    : store_(store),
      node_(std::move(node)),
      on_commit_(std::move(on_commit)),
      thread_([this] { Run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Writer::Enqueue(LogRecord record, CommitCallback done) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(record), std::move(done)});
  }
  wake_.notify_one();
}

bool Writer::Full() const {
  const std::lock_guard lock(mutex_);
  return queue_.size() >= kQueueMax;
}

void Writer::Run() {
  for (;;) {
    std::vector<Entry> group;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kGroupMax));
      std::move(queue_.begin(), queue_.begin() + count, std::back_inserter(group));
      queue_.erase(queue_.begin(), queue_.begin() + count);
    }
    Commit(std::move(group));
  }
}

void Writer::Commit(std::vector<Entry> group) {
  std::vector<LogRecord> records;
  records.reserve(group.size());
  for (Entry& entry : group) records.push_back(std::move(entry.record));
  const absl::StatusOr<AppendResult> result = store_.Append(node_, records);
  if (!result.ok()) {
    Log(LogLevel::kError, "writer", "commit_failed",
        {{"batches", group.size()}, {"detail", result.status().ToString()}});
  }
  for (size_t i = 0; i < group.size(); ++i) {
    if (!result.ok()) {
      group[i].done(result.status());
    } else if (result->outcomes[i] == AppendOutcome::kAppended) {
      group[i].done(absl::OkStatus());
    } else {
      group[i].done(absl::AbortedError("the agent's chain moved on elsewhere"));
    }
  }
  if (result.ok() && on_commit_) on_commit_();
}

}  // namespace sightline
