#include "agent/run.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/detail.h"
#include "agent/memory.h"
#include "agent/plan_keeper.h"
#include "agent/round.h"
#include "agent/schedule.h"
#include "agent/spool.h"
#include "agent/status_board.h"
#include "common/message.h"
#include "common/seal.h"

namespace sightline::agent {
namespace {

constexpr size_t kBootIdBytes = 16;

void NoteCost(AgentStatus& status) {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  status.memory_peak_kib = usage.ru_maxrss;
  const absl::Duration cpu =
      absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
  status.cpu_ms = absl::ToInt64Milliseconds(cpu);
}

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

void LogRecovery(const SpoolRecovery& recovery) {
  if (recovery.torn_bytes > 0) {
    spdlog::warn("the last run ended while it wrote: {} bytes of an unfinished batch dropped",
                 recovery.torn_bytes);
  }
  if (recovery.loss.batches > 0) {
    spdlog::error("{} batches in the spool were damaged; tombstones take their place",
                  recovery.loss.batches);
  }
}

// The loop of rounds. One thread.
class Rounds {
 public:
  Rounds(RoundParts parts, PlanKeeper& plans, StatusBoard& board, Uplink& uplink)
      : parts_(parts), plans_(plans), board_(board), uplink_(uplink) {}

  void Loop() {
    std::shared_ptr<const v1::Plan> plan = plans_.Current();
    Schedule schedule(FromProto(plan->round_interval()), plan->round_jitter_ratio(),
                      parts_.clock.Now(), parts_.random);
    for (;;) {
      const absl::Time now = parts_.clock.Now();
      if (parts_.stop.WaitFor(schedule.Next(now) - now)) return;
      const std::shared_ptr<const v1::Plan> current = plans_.Current();
      if (current != plan) {
        plan = current;
        schedule.Change(FromProto(plan->round_interval()), plan->round_jitter_ratio(),
                        parts_.clock.Now());
      }
      if (!Round(*plan)) return;
      ReleaseIdleMemory();
    }
  }

 private:
  // False when a stop cut it short.
  bool Round(const v1::Plan& plan) {
    const absl::Time expire_time = FromProto(plan.expire_time());
    if (expire_time <= parts_.clock.Now()) {
      Problem(absl::StrCat("plan version ", plan.version(), " expired at ",
                           absl::FormatTime(expire_time, absl::UTCTimeZone()),
                           ": not probing until the collector has a newer one"));
      uplink_.Wake(true);
      return true;
    }
    const SpoolLoss lost_before = parts_.spool.totals().lost;
    const absl::StatusOr<RoundResult> result = RunRound(parts_, plan);
    if (absl::IsCancelled(result.status())) return false;
    const SpoolTotals totals = parts_.spool.totals();
    if (totals.lost.batches > lost_before.batches) {
      spdlog::warn("the spool is full: {} batches with {} observations gave way to a tombstone",
                   totals.lost.batches - lost_before.batches,
                   totals.lost.observations - lost_before.observations);
    }
    if (!result.ok()) {
      Problem(absl::StrCat("a round is lost: ", result.status().message()));
      return true;
    }
    spdlog::info("round of {} checks sealed as batch {}", result->checks, totals.tail.seq);
    last_problem_.clear();
    board_.Update([&](AgentStatus& status) {
      ++status.rounds;
      status.last_round_time = result->round_time;
      status.last_round_checks = static_cast<int64_t>(result->checks);
      status.plan_version = static_cast<int64_t>(plan.version());
      status.plan_expire_time = expire_time;
    });
    Publish();
    uplink_.Wake();
    return true;
  }

  void Problem(const std::string& text) {
    if (text != last_problem_) spdlog::error("{}", text);
    last_problem_ = text;
    Publish();
  }

  void Publish() {
    board_.Update([&](AgentStatus& status) {
      status.probing_problem = last_problem_;
      NoteSpool(parts_.spool, status);
      NoteCost(status);
    });
    if (const absl::Status status = board_.Save(); !status.ok()) {
      spdlog::warn("{}", std::string(status.message()));
    }
  }

  RoundParts parts_;
  PlanKeeper& plans_;
  StatusBoard& board_;
  Uplink& uplink_;
  std::string last_problem_;
};

// Pauses that fit the pace of the plan: with short rounds, long ones would only pile up batches.
UplinkOptions UplinkOptionsFor(const v1::Plan& plan) {
  const absl::Duration interval = FromProto(plan.round_interval());
  UplinkOptions options;
  options.retry_max = std::clamp(interval, absl::Seconds(5), options.retry_max);
  options.refused_retry_initial = std::min(interval * 10, options.refused_retry_initial);
  options.refused_retry_max = std::min(interval * 100, options.refused_retry_max);
  return options;
}

AgentStatus InitialStatus(const v1::Plan& plan, const Spool& spool, absl::Time now) {
  AgentStatus status;
  status.start_time = now;
  status.plan_version = static_cast<int64_t>(plan.version());
  status.plan_expire_time = FromProto(plan.expire_time());
  NoteSpool(spool, status);
  NoteCost(status);
  return status;
}

}  // namespace

absl::Status Run(const std::string& state_folder, Files& files, const Clock& clock,
                 probe::Prober& prober, const MakeTransport& make_transport, StopFlag& stop) {
  StateFolder folder(files, state_folder);
  const absl::StatusOr<Identity> identity = folder.LoadIdentity();
  if (!identity.ok()) return identity.status();
  const absl::StatusOr<FolderLock> lock = FolderLock::Take(folder);
  if (!lock.ok()) return lock.status();
  const absl::StatusOr<SigningKey> key = folder.LoadKey();
  if (!key.ok()) return key.status();
  if (key->public_key().Id() != identity->agent_id) {
    return absl::DataLossError(absl::StrCat("agent.key and identity.toml in ", state_folder,
                                            " do not belong together; enrol anew in an empty "
                                            "folder with a new invite"));
  }
  const absl::StatusOr<VerifyKey> operator_key = VerifyKey::FromRaw(identity->operator_public_key);
  if (!operator_key.ok()) return operator_key.status();
  const auto plans = PlanKeeper::Load(folder, *operator_key, clock);
  if (!plans.ok()) return plans.status();

  const Sealer sealer(*key, {identity->region, SIGHTLINE_VERSION, RandomBytes(kBootIdBytes)});
  SpoolOptions options;
  options.folder = folder.SpoolFolder();
  options.seal_tombstone = [&](const LostRange& lost) {
    return sealer.SealTombstone(lost, (*plans)->version(), clock.Now());
  };
  SpoolRecovery recovery;
  const auto spool = Spool::Open(files, std::move(options), &recovery);
  if (!spool.ok()) return spool.status();
  LogRecovery(recovery);

  std::random_device entropy;
  std::mt19937_64 random((uint64_t{entropy()} << 32) | entropy());
  StatusBoard board(folder.StatusPath(), InitialStatus(*(*plans)->Current(), **spool, clock.Now()));
  if (absl::Status status = board.Save(); !status.ok()) return status;
  const std::unique_ptr<Transport> transport = make_transport(*identity);
  UplinkOptions uplink_options = UplinkOptionsFor(*(*plans)->Current());
  uplink_options.collectors = identity->collectors;
  uplink_options.seed = random();
  Uplink uplink({*key, **spool, **plans, board, clock, *transport}, std::move(uplink_options));
  spdlog::info("running for {} with plan version {}; {} batches wait in the spool",
               identity->region, (*plans)->version(), (*spool)->totals().batches);
  DetailFilter detail;
  Rounds({prober, sealer, **spool, detail, clock, stop, random, identity->role}, **plans, board,
         uplink)
      .Loop();
  uplink.Stop();
  spdlog::info("stopped; {} batches wait in the spool", (*spool)->totals().batches);
  board.Update([&](AgentStatus& status) { NoteSpool(**spool, status); });
  return board.Save();
}

}  // namespace sightline::agent
