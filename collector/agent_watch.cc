#include "collector/agent_watch.h"

#include <memory>
#include <vector>

#include "collector/log.h"

namespace sightline {
namespace {

constexpr size_t kPage = 256;

}  // namespace

absl::Status TellStream(Store& store, Streams& streams, absl::string_view agent_id) {
  const std::shared_ptr<LiveStream> stream = streams.FindChanged(agent_id);
  if (stream == nullptr) return absl::OkStatus();
  const absl::StatusOr<AgentRecord> agent = store.FindAgent(agent_id);
  if (agent.ok()) {
    stream->OnAgentChanged(*agent);
  } else if (absl::IsNotFound(agent.status())) {
    stream->End(absl::NotFoundError("this agent left, and nothing is kept of it"));
  }
  return agent.status();
}

AgentWatch::AgentWatch(Store& store, Streams& streams)
    : store_(store), streams_(streams), thread_([this] { Run(); }) {}

AgentWatch::~AgentWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

absl::Status AgentWatch::Look() {
  for (;;) {
    const absl::StatusOr<std::vector<AgentChangeRecord>> changes =
        store_.ReadAgentChanges(seen_, kPage);
    if (!changes.ok()) return changes.status();
    for (const AgentChangeRecord& change : *changes) {
      const absl::Status status = TellStream(store_, streams_, change.agent_id);
      if (!status.ok() && !absl::IsNotFound(status)) return status;
      seen_ = change.change_seq;
    }
    if (changes->size() < kPage) return absl::OkStatus();
  }
}

void AgentWatch::Run() {
  std::unique_lock lock(mutex_);
  absl::StatusCode said = absl::StatusCode::kOk;
  while (!stopping_) {
    lock.unlock();
    const absl::Status status = Look();
    // Once, not every second.
    if (status.code() != said && !status.ok()) {
      Log(LogLevel::kError, "intake", "changes_unread", {{"detail", status.ToString()}});
    }
    said = status.code();
    lock.lock();
    wake_.wait_for(lock, kPeriod, [this] { return stopping_; });
  }
}

}  // namespace sightline
