#include "agent/rounds.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "absl/strings/str_cat.h"
#include "agent/memory.h"
#include "agent/pause.h"
#include "agent/schedule.h"
#include "common/message.h"

namespace sightline::agent {
namespace {

void NoteUse(const RoundResult& result, AgentStatus& status) {
  status.hour_requests = static_cast<int64_t>(result.use_of_hour.requests);
  status.hour_probe_bytes_sent = static_cast<int64_t>(result.use_of_hour.bytes_sent);
  status.hour_probe_bytes_received = static_cast<int64_t>(result.use_of_hour.bytes_received);
  status.day_requests = static_cast<int64_t>(result.use_of_day.requests);
  status.day_probe_bytes_sent = static_cast<int64_t>(result.use_of_day.bytes_sent);
  status.day_probe_bytes_received = static_cast<int64_t>(result.use_of_day.bytes_received);
}

// Nobody sets this clock.
absl::Time SteadyNow() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::TimeFromTimespec(now);
}

}  // namespace

void NoteSpool(const Spool& spool, AgentStatus& status) {
  const SpoolTotals totals = spool.totals();
  status.sealed_seq = static_cast<int64_t>(totals.tail.seq);
  status.acked_seq = static_cast<int64_t>(totals.acked.seq);
  status.spool_batches = static_cast<int64_t>(totals.batches);
  status.spool_bytes = static_cast<int64_t>(totals.bytes);
  status.spool_bytes_max = static_cast<int64_t>(spool.bytes_max());
  status.lost_batches = static_cast<int64_t>(totals.lost.batches);
  status.lost_observations = static_cast<int64_t>(totals.lost.observations);
}

void NoteCost(AgentStatus& status) {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  status.memory_peak_kib = usage.ru_maxrss;
  const absl::Duration cpu =
      absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
  status.cpu_ms = absl::ToInt64Milliseconds(cpu);
}

void NoteLimits(const v1::Plan& plan, AgentStatus& status) {
  const v1::ProbeBudget limits = probe::EffectiveBudget(plan.budget());
  status.connections_per_minute_max = limits.connections_per_minute();
  status.probe_bytes_per_hour_max = static_cast<int64_t>(limits.bytes_per_hour());
  status.probe_bytes_per_day_max = static_cast<int64_t>(limits.bytes_per_day());
}

Rounds::Rounds(RoundParts parts, Ends ends)
    : parts_(std::move(parts)),
      folder_(ends.folder),
      plans_(ends.plans),
      board_(ends.board),
      link_(ends.link),
      service_(ends.service),
      reload_(std::move(ends.reload)),
      stuck_after_(ends.stuck_after) {
  parts_.keep_going = [this] {
    TellAlive();
    return !Paused();
  };
}

bool Rounds::Paused() const { return PauseInForce(folder_, parts_.clock.Now()).has_value(); }

bool Rounds::FollowPause() {
  const std::optional<Pause> pause = PauseInForce(folder_, parts_.clock.Now());
  const bool paused = pause.has_value();
  pause_text_ = paused ? PauseText(*pause, folder_) : std::string();
  if (paused_ == paused) return paused;
  if (paused) {
    link_.Close();
    spdlog::info("paused: not probing, and not connecting to the collector");
    board_.Update([](AgentStatus& status) {
      status.collector_state = "paused";
      status.collector_detail.clear();
    });
  } else {
    if (paused_.has_value()) spdlog::info("no longer paused");
    board_.Update([](AgentStatus& status) { status.collector_state = "idle"; });
    link_.Open();
  }
  paused_ = paused;
  Publish();
  return paused;
}

Rounds::Wait Rounds::WaitFor(absl::Duration delay) {
  const absl::Duration look = std::min(kPauseLook, service_.sleep_max());
  bool was_paused = false;
  for (;;) {
    const bool paused = FollowPause();
    if (parts_.stop.TakeReload()) Reload();
    TellService();
    TellAlive();
    if (!paused && was_paused) return Wait::kResumed;
    if (!paused && delay <= absl::ZeroDuration()) return Wait::kDue;
    was_paused = paused;
    const absl::Duration slice = paused ? look : std::min(delay, look);
    const absl::Time start = SteadyNow();
    if (parts_.stop.WaitFor(slice)) return Wait::kStopped;
    if (!paused) delay -= std::min(slice, SteadyNow() - start);
  }
}

void Rounds::Reload() {
  service_.Reloading();
  if (reload_) reload_();
  TellService();
}

void Rounds::TellService() {
  const std::string plan = absl::StrCat("plan version ", plans_.version());
  if (!pause_text_.empty()) {
    service_.Works(absl::StrCat("paused ", pause_text_, "; ", plan));
  } else if (!last_problem_.empty()) {
    service_.Works(last_problem_);
  } else {
    service_.Works(absl::StrCat("probing by ", plan));
  }
}

void Rounds::TellAlive() {
  const bool round_hangs = round_start_.has_value() && SteadyNow() - *round_start_ > stuck_after_;
  if (!round_hangs && link_.busy_for() <= stuck_after_) service_.Alive();
}

void Rounds::Loop() {
  std::shared_ptr<const v1::Plan> plan = plans_.Current();
  Schedule schedule(FromProto(plan->round_interval()), plan->round_jitter_ratio(),
                    parts_.clock.Now(), parts_.random);
  while (!parts_.stop.requested()) {
    const absl::Time now = parts_.clock.Now();
    const Wait waited = WaitFor(schedule.Next(now) - now);
    if (waited == Wait::kStopped) return;
    const std::shared_ptr<const v1::Plan> current = plans_.Current();
    if (current != plan) {
      plan = current;
      schedule.Change(FromProto(plan->round_interval()), plan->round_jitter_ratio(),
                      parts_.clock.Now());
    }
    if (waited == Wait::kDue) Round(*plan);
    ReleaseIdleMemory();
  }
}

void Rounds::Round(const v1::Plan& plan) {
  const absl::Time expire_time = FromProto(plan.expire_time());
  if (expire_time <= parts_.clock.Now()) {
    Problem(absl::StrCat("plan version ", plan.version(), " expired at ",
                         absl::FormatTime(expire_time, absl::UTCTimeZone()),
                         ": not probing until the collector has a newer one"));
    link_.Wake(true);
    return;
  }
  const SpoolLoss lost_before = parts_.spool.totals().lost;
  round_start_ = SteadyNow();
  const absl::StatusOr<RoundResult> result = RunRound(parts_, plan);
  round_start_.reset();
  // Stopped or paused: the loop sees which.
  if (absl::IsCancelled(result.status())) return;
  const SpoolTotals totals = parts_.spool.totals();
  if (totals.lost.batches > lost_before.batches) {
    spdlog::warn("the spool is full: {} batches with {} observations gave way to a tombstone",
                 totals.lost.batches - lost_before.batches,
                 totals.lost.observations - lost_before.observations);
  }
  if (!result.ok()) {
    Problem(absl::StrCat("a round is lost: ", result.status().message()));
    return;
  }
  spdlog::info("round of {} checks sealed as batch {}", result->checks, totals.tail.seq);
  last_problem_.clear();
  board_.Update([&](AgentStatus& status) {
    ++status.rounds;
    status.last_round_time = result->round_time;
    status.last_round_checks = static_cast<int64_t>(result->checks);
    status.plan_version = static_cast<int64_t>(plan.version());
    status.plan_expire_time = expire_time;
    NoteLimits(plan, status);
    NoteUse(*result, status);
  });
  Publish();
  link_.Wake();
}

void Rounds::Problem(const std::string& text) {
  if (text != last_problem_) spdlog::error("{}", text);
  last_problem_ = text;
  Publish();
}

void Rounds::Publish() {
  board_.Update([&](AgentStatus& status) {
    status.probing_problem = last_problem_;
    NoteSpool(parts_.spool, status);
    NoteCost(status);
  });
  if (const absl::Status status = board_.Save(); !status.ok()) {
    spdlog::warn("{}", std::string(status.message()));
  }
}

}  // namespace sightline::agent
