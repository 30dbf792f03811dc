#include "agent/uplink.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/memory.h"
#include "common/message.h"
#include "common/plan.h"

namespace sightline::agent {
namespace {

absl::CivilDay DayOf(absl::Time time) { return absl::ToCivilDay(time, absl::UTCTimeZone()); }

int64_t SteadyNowNs() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Uplink::Uplink(Parts parts, UplinkOptions options)
    : parts_(parts),
      options_(std::move(options)),
      trouble_(options_.retry_initial, options_.retry_max, options_.seed),
      refused_(options_.refused_retry_initial, options_.refused_retry_max, options_.seed + 1),
      thread_([this] { Loop(); }) {}

Uplink::~Uplink() { Stop(); }

void Uplink::Wake(bool for_plan) {
  const std::lock_guard lock(mutex_);
  for_plan_ = for_plan_ || for_plan;
  woken_ = true;
  changed_.notify_all();
}

void Uplink::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  parts_.transport.Cancel();
  if (thread_.joinable()) thread_.join();
}

absl::Duration Uplink::busy_for() const {
  const int64_t since = busy_since_ns_.load();
  return since == 0 ? absl::ZeroDuration() : absl::Nanoseconds(SteadyNowNs() - since);
}

bool Uplink::stopping() {
  const std::lock_guard lock(mutex_);
  return stop_;
}

bool Uplink::WaitForWork() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return woken_ || for_plan_ || stop_; });
    if (stop_) return false;
    // The stream that is just over may have carried the batch that this wake-up was for.
    if (for_plan_ || parts_.spool.totals().batches > 0) break;
    woken_ = false;
  }
  woken_ = for_plan_ = false;
  return true;
}

bool Uplink::WaitFor(absl::Duration delay) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoNanoseconds(delay), [this] { return stop_; });
  return !stop_;
}

void Uplink::Loop() {
  while (WaitForWork()) {
    for (;;) {
      const PassResult result = Pass();
      ReleaseIdleMemory();
      if (result == PassResult::kDelivered) break;
      if (stopping()) return;
      Backoff& backoff = result == PassResult::kRefused ? refused_ : trouble_;
      if (!WaitFor(backoff.Next())) return;
    }
    trouble_.Reset();
    refused_.Reset();
  }
}

Uplink::PassResult Uplink::Pass() {
  std::vector<std::string> problems;
  bool refused = false;
  for (size_t i = 0; i < options_.collectors.size(); ++i) {
    if (stopping()) return PassResult::kTrouble;
    const size_t index = (preferred_ + i) % options_.collectors.size();
    const std::string& address = options_.collectors[index];
    UplinkSession session(parts_.key, parts_.spool, parts_.plans, parts_.clock, options_.agent_id);
    busy_since_ns_ = SteadyNowNs();
    const absl::Status status = parts_.transport.Run(address, session);
    busy_since_ns_ = 0;
    const SessionResult& result = session.result();
    CountTraffic(result);
    // A stream that brought something forward earns a quick retry.
    if (result.batches_acked > 0) trouble_.Reset();
    if (result.welcomed) preferred_ = index;
    NoteRefusal(result);
    if (result.state == SessionState::kDone) {
      ReportDelivered(address, result);
      return PassResult::kDelivered;
    }
    if (result.state == SessionState::kDiverged ||
        (result.refusal && IsPermanent(result.refusal->reason()))) {
      ReportRefused(address, result);
      return PassResult::kRefused;
    }
    refused = refused || result.refusal.has_value();
    problems.push_back(absl::StrCat(
        address, ": ", result.state == SessionState::kWaiting ? status.message() : result.detail));
  }
  if (!stopping()) ReportTrouble(problems, refused);
  return PassResult::kTrouble;
}

void Uplink::CountTraffic(const SessionResult& result) {
  const absl::Time now = parts_.clock.Now();
  const SpoolTotals totals = parts_.spool.totals();
  parts_.board.Update([&](AgentStatus& status) {
    if (traffic_day_ != DayOf(now)) status.bytes_sent_today = 0;
    traffic_day_ = DayOf(now);
    status.bytes_sent_today += static_cast<int64_t>(result.bytes_sent);
    status.bytes_sent += static_cast<int64_t>(result.bytes_sent);
    status.acked_seq = static_cast<int64_t>(totals.acked.seq);
    status.spool_batches = static_cast<int64_t>(totals.batches);
    status.spool_bytes = static_cast<int64_t>(totals.bytes);
    if (result.clock_offset)
      status.clock_offset_ms = absl::ToInt64Milliseconds(*result.clock_offset);
    if (result.welcomed) {
      status.plan_refusal = result.plan_refusal ? ToText(*result.plan_refusal) : std::string();
    }
  });
  if (result.took_plan) spdlog::info("took plan version {}", parts_.plans.version());
  if (result.plan_refusal) spdlog::error("did not take a plan: {}", ToText(*result.plan_refusal));
}

void Uplink::SaveBoard() {
  if (const absl::Status status = parts_.board.Save(); !status.ok()) {
    spdlog::warn("{}", std::string(status.message()));
  }
}

void Uplink::NoteRefusal(const SessionResult& result) {
  if (!result.refusal) return;
  const absl::Time now = parts_.clock.Now();
  parts_.board.Update([&](AgentStatus& status) {
    status.last_refusal = result.detail;
    status.last_refusal_time = now;
  });
}

void Uplink::ReportDelivered(const std::string& address, const SessionResult& result) {
  const absl::Time now = parts_.clock.Now();
  parts_.board.Update([&](AgentStatus& status) {
    status.collector_state = "delivered";
    status.collector_detail = address;
    status.last_delivery_time = now;
  });
  SaveBoard();
  if (!last_logged_.empty()) spdlog::info("{} answers again", address);
  last_logged_.clear();
  if (result.batches_acked > 0) {
    spdlog::info("{} holds everything up to batch {}", address, parts_.spool.totals().acked.seq);
  }
}

void Uplink::ReportRefused(const std::string& address, const SessionResult& result) {
  const bool diverged = result.state == SessionState::kDiverged;
  const std::string detail = absl::StrCat(address, ": ", result.detail);
  parts_.board.Update([&](AgentStatus& status) {
    status.collector_state = diverged ? "diverged" : "refused";
    status.collector_detail = detail;
  });
  SaveBoard();
  if (last_logged_ != detail) {
    spdlog::error("{}: {}", diverged ? "the histories differ" : "refused", detail);
  }
  last_logged_ = detail;
}

void Uplink::ReportTrouble(const std::vector<std::string>& problems, bool refused) {
  const std::string detail = absl::StrJoin(problems, "; ");
  parts_.board.Update([&](AgentStatus& status) {
    status.collector_state = refused ? "refused" : "unreachable";
    status.collector_detail = detail;
  });
  SaveBoard();
  // One line when it begins or changes, not one for every try.
  if (last_logged_ != detail) spdlog::warn("no collector took the batches: {}", detail);
  last_logged_ = detail;
}

}  // namespace sightline::agent
