#include "agent/run.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

#include "agent/detail.h"
#include "agent/link.h"
#include "agent/plan_keeper.h"
#include "agent/road.h"
#include "agent/service_report.h"
#include "agent/spool.h"
#include "agent/spool_view.h"
#include "agent/status_board.h"
#include "common/message.h"
#include "common/private_file.h"
#include "common/seal.h"

namespace sightline::agent {
namespace {

constexpr size_t kBootIdBytes = 16;

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
  NoteLimits(plan, status);
  NoteSpool(spool, status);
  NoteCost(status);
  return status;
}

}  // namespace

absl::Status CheckRun(const std::string& state_folder, Files& files, const Clock& clock) {
  StateFolder folder(files, state_folder);
  const absl::StatusOr<Identity> identity = folder.LoadIdentity();
  if (!identity.ok()) return identity.status();
  if (const auto key = LoadAgentKey(folder, *identity); !key.ok()) return key.status();
  const absl::StatusOr<VerifyKey> operator_key = VerifyKey::FromRaw(identity->operator_public_key);
  if (!operator_key.ok()) return operator_key.status();
  if (const auto plans = PlanKeeper::Load(folder, *operator_key, clock); !plans.ok()) {
    return plans.status();
  }
  return ViewSpool(files, folder.SpoolFolder()).status();
}

absl::Status Run(const std::string& state_folder, const RunParts& parts) {
  if (absl::Status status = ForbidCoreDumps(); !status.ok()) return status;
  StateFolder folder(parts.files, state_folder);
  absl::StatusOr<Identity> identity = folder.LoadIdentity();
  if (!identity.ok()) return identity.status();
  const absl::StatusOr<FolderLock> lock = FolderLock::Take(folder);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<AgentKey> key = LoadAgentKey(folder, *identity);
  if (!key.ok()) return key.status();
  const absl::StatusOr<VerifyKey> operator_key = VerifyKey::FromRaw(identity->operator_public_key);
  if (!operator_key.ok()) return operator_key.status();
  const auto plans = PlanKeeper::Load(folder, *operator_key, parts.clock);
  if (!plans.ok()) return plans.status();

  const Sealer sealer(key->key, {identity->region, SIGHTLINE_VERSION, RandomBytes(kBootIdBytes),
                                 identity->agent_id});
  SpoolOptions options;
  options.folder = folder.SpoolFolder();
  options.seal_tombstone = [&](const LostRange& lost) {
    return sealer.SealTombstone(lost, (*plans)->version(), parts.clock.Now());
  };
  SpoolRecovery recovery;
  const auto spool = Spool::Open(parts.files, std::move(options), &recovery);
  if (!spool.ok()) return spool.status();
  LogRecovery(recovery);

  std::random_device entropy;
  std::mt19937_64 random((uint64_t{entropy()} << 32) | entropy());
  StatusBoard board(folder.StatusPath(),
                    InitialStatus(*(*plans)->Current(), **spool, parts.clock.Now()));
  if (absl::Status status = board.Save(); !status.ok()) return status;
  UplinkOptions uplink_options = UplinkOptionsFor(*(*plans)->Current());
  uplink_options.collectors = RoadsTo(identity->collectors, parts.proxy.value_or(identity->proxy));
  uplink_options.agent_id = identity->agent_id;
  uplink_options.seed = random();
  RotatingTransport::Change change{folder, *identity, *key, parts.rotate_key};
  Link link({key->key, **spool, **plans, board, parts.clock}, std::move(uplink_options), [&] {
    return std::make_unique<RotatingTransport>(parts.make_transport(*identity), change);
  });
  spdlog::info("running for {} with plan version {}; {} batches wait in the spool",
               identity->region, (*plans)->version(), (*spool)->totals().batches);
  const auto reload = [&] {
    if (!parts.reload) return;
    const absl::StatusOr<std::optional<std::string>> proxy = parts.reload();
    if (!proxy.ok()) return;
    link.SetRoads(RoadsTo(identity->collectors, proxy->value_or(identity->proxy)));
  };
  DetailFilter detail;
  ServiceReport service(parts.notify);
  Rounds({parts.prober, sealer, **spool, detail, parts.clock, parts.stop, random, identity->role},
         {folder, **plans, board, link, service, reload, parts.stuck_after})
      .Loop();
  service.Stopping();
  link.Close();
  spdlog::info("stopped; {} batches wait in the spool", (*spool)->totals().batches);
  board.Update([&](AgentStatus& status) { NoteSpool(**spool, status); });
  return board.Save();
}

}  // namespace sightline::agent
