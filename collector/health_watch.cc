#include "collector/health_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/message.h"

namespace sightline {
namespace {

// Races of one agent's streams, and what an agent sent, say nothing about the store; otherwise a
// hostile agent could take a collector out of service.
bool SpeaksOfStore(absl::string_view code) {
  return code != "ABORTED" && code != "ALREADY_EXISTS" && code != "INVALID_ARGUMENT";
}

}  // namespace

HealthWatch::HealthWatch(const HealthWatchParts& parts, HealthWatchOptions options)
    : parts_(parts),
      options_(std::move(options)),
      failures_seen_(parts.metrics.CommitFailures()),
      asked_(SteadyClock::now()),
      probe_([this] { RunProbe(); }),
      looks_([this] { RunLooks(); }) {}

HealthWatch::~HealthWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  probe_.join();
  looks_.join();
}

void HealthWatch::Committed() {
  const std::lock_guard lock(mutex_);
  failed_at_.reset();
}

bool HealthWatch::Pause(absl::Duration interval) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, absl::ToChronoNanoseconds(interval), [this] { return stopping_; });
}

void HealthWatch::RunProbe() {
  do {
    {
      const std::lock_guard lock(mutex_);
      asked_ = SteadyClock::now();
    }
    // Of all questions the cheapest, and its answer says who leads.
    Lease answer = parts_.store.ReadLease(options_.fold_lease);
    const std::lock_guard lock(mutex_);
    asked_.reset();
    answer_ = std::move(answer);
  } while (Pause(options_.probe_interval));
}

void HealthWatch::RunLooks() {
  do {
    Look();
    if (parts_.pulse != nullptr) parts_.pulse->Beat();
  } while (Pause(options_.look_interval));
}

void HealthWatch::Look() {
  LookAtStore();
  LookAtIntake();
  LookAtFold();
  LookAtPlan();
}

void HealthWatch::Report(HealthPart part, HealthState state, absl::string_view reason) {
  parts_.metrics.PartUp(Name(part)).Set(state == HealthState::kFailing ? 0 : 1);
  parts_.health.Set(part, state, reason);
}

void HealthWatch::NoteCommits(SteadyClock::time_point now) {
  std::map<std::string, uint64_t> failures = parts_.metrics.CommitFailures();
  for (const auto& [code, count] : failures) {
    if (count == failures_seen_[code] || !SpeaksOfStore(code)) continue;
    failed_at_ = now;
    failed_code_ = code;
  }
  failures_seen_ = std::move(failures);
}

void HealthWatch::LookAtStore() {
  const auto now = SteadyClock::now();
  std::unique_lock lock(mutex_);
  NoteCommits(now);
  const absl::Duration waited =
      asked_.has_value() ? absl::FromChrono(now - *asked_) : absl::ZeroDuration();
  const bool commits_fail =
      failed_at_.has_value() && absl::FromChrono(now - *failed_at_) < options_.commit_memory;
  HealthState state = HealthState::kServing;
  std::string reason;
  if (!answer_.ok()) {
    state = HealthState::kFailing;
    reason = answer_.status().ToString();
  } else if (waited > options_.patience) {
    state = HealthState::kFailing;
    reason = absl::StrCat("it has not answered for ", absl::ToInt64Seconds(waited), " s");
  } else if (commits_fail) {
    state = HealthState::kFailing;
    reason = absl::StrCat("it answers, but batches could not be stored: ", failed_code_);
  }
  lock.unlock();
  Report(HealthPart::kStore, state, reason);
}

void HealthWatch::LookAtIntake() {
  const double streams = parts_.metrics.streams.Value();
  const double queued = parts_.metrics.queue_depth.Value();
  const auto now = SteadyClock::now();
  if (queued < static_cast<double>(options_.queue_max)) {
    full_since_.reset();
  } else if (!full_since_.has_value()) {
    full_since_ = now;
  }
  if (streams >= options_.streams_max) {
    Report(HealthPart::kIntake, HealthState::kDegraded,
           absl::StrCat("as many streams are open as it takes, ", options_.streams_max));
  } else if (full_since_.has_value() && absl::FromChrono(now - *full_since_) >= options_.full_max) {
    Report(HealthPart::kIntake, HealthState::kDegraded,
           absl::StrCat(queued, " batches wait for a commit, as many as it takes, for ",
                        absl::ToInt64Seconds(options_.full_max),
                        " s or longer; agents are held back"));
  } else {
    Report(HealthPart::kIntake, HealthState::kServing, "");
  }
}

void HealthWatch::LookAtFold() {
  const std::shared_ptr<const PlanVersion> plan = parts_.plans.Current();
  if (plan != nullptr) {
    for (const v1::CountryRegions& country : plan->plan.countries()) {
      const absl::Status status = parts_.board.Get(country.country()).status();
      if (!absl::IsDataLoss(status)) continue;
      return Report(HealthPart::kFold, HealthState::kFailing, status.message());
    }
  }
  const double lag = parts_.metrics.fold_lag_seconds.Value();
  if (lag > absl::ToDoubleSeconds(options_.lag_max)) {
    return Report(HealthPart::kFold, HealthState::kDegraded,
                  absl::StrCat("it is ", static_cast<int64_t>(lag), " s behind the log"));
  }
  std::string leader;
  {
    const std::lock_guard lock(mutex_);
    if (answer_.ok()) leader = answer_->holder;
  }
  std::string remark;
  if (leader == options_.node) remark = "it leads";
  if (!leader.empty() && leader != options_.node) {
    remark = absl::StrCat("standing by, node ", leader, " leads");
  }
  Report(HealthPart::kFold, HealthState::kServing, remark);
}

void HealthWatch::LookAtPlan() {
  const std::shared_ptr<const PlanVersion> plan = parts_.plans.Current();
  if (plan == nullptr) {
    return Report(HealthPart::kPlan, HealthState::kDegraded,
                  "none is published: no agent can enrol or send");
  }
  const absl::Time expires = FromProto(plan->plan.expire_time());
  const std::string version = absl::StrCat("version ", plan->plan.version());
  if (plan->plan.has_expire_time() && expires <= parts_.clock.Now()) {
    return Report(HealthPart::kPlan, HealthState::kDegraded,
                  absl::StrCat(version, " has expired: agents do not probe any more"));
  }
  Report(HealthPart::kPlan, HealthState::kServing, version);
}

}  // namespace sightline
