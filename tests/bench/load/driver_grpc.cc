#include "tests/bench/load/driver_grpc.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace sightline::load {
namespace {

// An agent that fails this often in a row is given up.
constexpr int kFailuresMax = 3;
// Idle streams that are being set up at once, so that they do not time each other out.
constexpr int kIdleStartingMax = 64;
// How long streams may take to end in good order.
constexpr absl::Duration kDrain = absl::Seconds(15);

}  // namespace

Driver::Driver(const RunOptions& options, const DataFile& data, const Dialler& dialler)
    : options_(options),
      data_(data),
      dialler_(dialler),
      failures_(data.shape().agents),
      idle_to_start_(options.idle_streams) {
  const uint32_t all = data.shape().agents;
  const uint32_t first = std::min(options.first_agent, all);
  const uint32_t count = options.agents == 0 ? all - first : std::min(options.agents, all - first);
  // Idle streams take the last agents of the range.
  const uint32_t idle = std::min(count, static_cast<uint32_t>(options.idle_streams));
  idle_to_start_ = static_cast<int>(idle);
  next_idle_agent_ = first + count - idle;
  if (options.streams == 0) return;
  for (uint32_t agent = first; agent < next_idle_agent_; ++agent) agents_.push_back(agent);
}

void Driver::Interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  wake_.notify_one();
}

void Driver::OnWelcome(Stream& stream) {
  if (!stream.task().idle) return;
  const std::lock_guard lock(mutex_);
  ++idle_welcomed_;
  wake_.notify_one();
}

void Driver::OnOver(Stream& stream) {
  const std::lock_guard lock(mutex_);
  over_.push_back(&stream);
  wake_.notify_one();
}

Outcome Driver::Run() {
  outcome_.start = absl::Now();
  if (options_.rate_per_s > 0) pace_.emplace(outcome_.start, options_.rate_per_s);
  if (options_.seconds > 0) deadline_ = outcome_.start + absl::Seconds(options_.seconds);
  absl::Time drain_end = absl::InfiniteFuture();
  for (;;) {
    const absl::Time now = absl::Now();
    if (!stopped_) {
      StartIdle();
      StartDue(now);
    }
    if (!stopped_ && Finished(now)) {
      StopAll();
      drain_end = now + kDrain;
    }
    if (stopped_ && active_.empty()) break;
    if (now > drain_end) {
      for (auto& [stream, active] : active_) stream->Cancel();
      drain_end = absl::InfiniteFuture();
    }
    std::vector<Stream*> over;
    {
      std::unique_lock lock(mutex_);
      const absl::Time until = std::min(NextWake(now), drain_end);
      const auto something = [this] {
        return !over_.empty() || interrupted_ || idle_welcomed_ > outcome_.idle_ready;
      };
      wake_.wait_until(lock, absl::ToChronoTime(until), something);
      over.swap(over_);
      idle_starting_ -= static_cast<int>(idle_welcomed_ - outcome_.idle_ready);
      const bool ready = outcome_.idle_ready != idle_welcomed_ &&
                         idle_welcomed_ == static_cast<uint64_t>(options_.idle_streams);
      outcome_.idle_ready = idle_welcomed_;
      if (ready) fprintf(stderr, "idle: %d streams said hello\n", options_.idle_streams);
    }
    Reap(std::move(over));
  }
  outcome_.end = absl::Now();
  outcome_.left = waiting_.size();
  return std::move(outcome_);
}

void Driver::StartIdle() {
  while (idle_to_start_ > 0 && idle_starting_ < kIdleStartingMax) {
    --idle_to_start_;
    ++idle_starting_;
    StreamTask task;
    task.agent = next_idle_agent_++;
    task.idle = true;
    Launch(task, absl::Now());
  }
}

void Driver::StartDue(absl::Time now) {
  if (!pace_.has_value()) {
    while (busy_ < options_.streams && StartSession(now)) {
    }
    return;
  }
  for (const int64_t due = pace_->CountDue(std::min(now, deadline_)); paced_ < due; ++paced_) {
    waiting_.push_back(pace_->DueAt(paced_));
  }
  if (options_.batches_per_session == 0) return StartPacedBatches(now);
  while (!waiting_.empty() && busy_ < options_.streams && StartSession(waiting_.front())) {
    waiting_.pop_front();
  }
}

void Driver::StartPacedBatches(absl::Time now) {
  while (busy_ < options_.streams && StartSession(now)) {
  }
  while (!waiting_.empty()) {
    bool taken = false;
    for (size_t i = 0; i < lanes_.size() && !taken; ++i) {
      turn_ = (turn_ + 1) % lanes_.size();
      taken = lanes_[turn_]->Offer(waiting_.front());
    }
    if (!taken) return;
    waiting_.pop_front();
  }
}

bool Driver::StartSession(absl::Time due) {
  if (agents_.empty()) return false;
  StreamTask task;
  task.agent = agents_.front();
  agents_.pop_front();
  task.window = options_.window;
  task.record_from = outcome_.start + absl::Seconds(options_.skip_s);
  task.paced = pace_.has_value() && options_.batches_per_session == 0;
  task.batches_max = options_.batches_per_session == 0 ? data_.shape().batches_per_agent
                                                       : options_.batches_per_session;
  Launch(task, due);
  return true;
}

void Driver::Launch(StreamTask task, absl::Time due) {
  auto stream =
      std::make_unique<Stream>(data_, task, dialler_.Dial(data_.Agent(task.agent).address), *this);
  Stream* raw = stream.get();
  active_.emplace(raw, Active{std::move(stream), due});
  ++outcome_.connects;
  if (!task.idle) ++busy_;
  if (task.paced) lanes_.push_back(raw);
  raw->Start();
}

void Driver::Reap(std::vector<Stream*> over) {
  const absl::Time now = absl::Now();
  for (Stream* stream : over) {
    const auto found = active_.find(stream);
    const StreamTask task = stream->task();
    outcome_.counts.Merge(stream->counts());
    if (task.idle) {
      if (stream->counts().welcomed == 0) --idle_starting_;
      if (!stopped_) ++outcome_.idle_lost;
    } else {
      --busy_;
      // Not yet welcomed, or cut: its offers go to others, as late as they are.
      waiting_.insert(waiting_.begin(), stream->offers().begin(), stream->offers().end());
      std::erase(lanes_, stream);
      uint8_t& failures = failures_[task.agent];
      failures = stream->clean() ? 0 : static_cast<uint8_t>(failures + 1);
      if (stream->clean() && found->second.due >= task.record_from) {
        outcome_.sessions.Add(now - found->second.due);
      }
      if (!stream->clean()) ++outcome_.sessions_failed;
      const bool more = !stream->clean() || stream->held() < data_.shape().batches_per_agent;
      if (more && failures < kFailuresMax) agents_.push_back(task.agent);
    }
    active_.erase(found);
  }
}

bool Driver::Finished(absl::Time now) {
  {
    const std::lock_guard lock(mutex_);
    if (interrupted_) return true;
  }
  // What was due before the deadline still gets its turn.
  if (now >= deadline_) {
    return !pace_.has_value() || (waiting_.empty() && busy_ == 0) || now >= deadline_ + kDrain ||
           options_.batches_per_session == 0;
  }
  if (options_.streams == 0) return false;
  outcome_.exhausted = agents_.empty() && busy_ == 0;
  return outcome_.exhausted;
}

absl::Time Driver::NextWake(absl::Time now) const {
  if (stopped_) return absl::InfiniteFuture();
  absl::Time wake = deadline_ > now ? deadline_ : now + absl::Milliseconds(100);
  if (pace_.has_value() && now < deadline_) wake = std::min(wake, pace_->DueAt(paced_));
  return wake;
}

void Driver::StopAll() {
  stopped_ = true;
  for (auto& [stream, active] : active_) stream->Stop();
}

}  // namespace sightline::load
