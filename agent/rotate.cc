#include "agent/rotate.h"

#include <spdlog/spdlog.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/road.h"
#include "agent/spool.h"
#include "common/private_file.h"
#include "common/wire.h"

namespace sightline::agent {
namespace {

constexpr size_t kBootIdBytes = 16;

// nullopt when no change was begun, or when one is finished but for the removal of its files.
absl::StatusOr<std::optional<v1::KeySuccession>> LoadPending(const StateFolder& folder,
                                                             const Identity& identity) {
  const absl::StatusOr<std::string> bytes = folder.files().Read(folder.RotationPath());
  if (absl::IsNotFound(bytes.status())) return std::nullopt;
  if (!bytes.ok()) return bytes.status();
  v1::KeySuccession succession;
  if (!succession.ParseFromString(*bytes) || succession.agent_id() != identity.agent_id) {
    return absl::DataLossError(
        absl::StrCat(folder.RotationPath(),
                     " is damaged; restore the file from a copy, or enrol anew in an empty folder "
                     "with a new invite"));
  }
  if (succession.generation() <= identity.key_generation) return std::nullopt;
  return succession;
}

bool IsKeyOf(const Identity& identity, const VerifyKey& key) {
  return identity.key_generation == 0 ? key.Id() == identity.agent_id
                                      : key.raw() == identity.public_key;
}

absl::Status RemoveTraces(StateFolder& folder) {
  absl::Status status = folder.files().Remove(folder.NextKeyPath());
  if (status.ok()) status = folder.files().Remove(folder.RotationPath());
  return status;
}

// Where the chain ends, all of which the collector has. FAILED_PRECONDITION when batches wait: a
// tombstone that takes their place would need the key that signed them.
absl::StatusOr<uint64_t> TailOfDelivered(const StateFolder& folder, const Identity& identity,
                                         const SigningKey& key) {
  const absl::StatusOr<v1::SignedPlan> signed_plan = folder.LoadPlan();
  if (!signed_plan.ok()) return signed_plan.status();
  v1::Plan plan;
  if (!plan.ParseFromString(signed_plan->plan())) {
    return absl::DataLossError(absl::StrCat(folder.PlanPath(), " is damaged"));
  }
  const Sealer sealer(
      key, {identity.region, SIGHTLINE_VERSION, RandomBytes(kBootIdBytes), identity.agent_id});
  SpoolOptions options;
  options.folder = folder.SpoolFolder();
  options.seal_tombstone = [&](const LostRange& lost) {
    return sealer.SealTombstone(lost, plan.version(), absl::Now());
  };
  SpoolRecovery recovery;
  const auto spool = Spool::Open(folder.files(), std::move(options), &recovery);
  if (!spool.ok()) return spool.status();
  const SpoolTotals totals = (*spool)->totals();
  if (totals.batches == 0) return totals.tail.seq;
  return absl::FailedPreconditionError(absl::StrCat(
      totals.batches, " reports wait that the present key signed; start the agent, stop it when ",
      "`status` shows that none waits, and run the same command again. The key was not changed"));
}

// Steps 1 and 2.
absl::StatusOr<AgentKey> Begin(StateFolder& folder, const Identity& identity,
                               const SigningKey& old_key) {
  const absl::StatusOr<uint64_t> tail = TailOfDelivered(folder, identity, old_key);
  if (!tail.ok()) return tail.status();
  AgentKey next{SigningKey::Generate(), v1::KeySuccession()};
  v1::KeySuccession& succession = *next.pending;
  succession.set_agent_id(identity.agent_id);
  succession.set_generation(identity.key_generation + 1);
  succession.set_from_seq(*tail + 1);
  succession.set_public_key(next.key.public_key().raw());
  const std::string payload = RotatePayload(succession.agent_id(), succession.generation(),
                                            succession.from_seq(), succession.public_key());
  succession.set_signature(old_key.Sign(kRotateDomain, payload));
  succession.set_proof(next.key.Sign(kRotateDomain, payload));
  absl::Status status = folder.SaveKey(next.key, folder.NextKeyPath());
  if (status.ok()) {
    status =
        folder.files().WriteAtomically(folder.RotationPath(), succession.SerializeAsString(), 0600);
  }
  if (!status.ok()) return status;
  return next;
}

v1::RotateKeyRequest MakeRequest(const v1::KeySuccession& succession) {
  v1::RotateKeyRequest request;
  *request.mutable_succession() = succession;
  return request;
}

// Whether the answer leaves no doubt that the collector did not take the new key.
bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
         absl::IsFailedPrecondition(status) || absl::IsUnauthenticated(status) ||
         absl::IsPermissionDenied(status) || absl::IsUnimplemented(status);
}

// The first try was refused: the statement goes first, for without it the old key is in force.
absl::Status TakeBack(StateFolder& folder, const absl::Status& refusal) {
  absl::Status status = folder.files().Remove(folder.RotationPath());
  if (status.ok()) status = folder.files().Remove(folder.NextKeyPath());
  if (!status.ok()) return status;
  return absl::Status(refusal.code(),
                      absl::StrCat("the collector refused the new key: ", refusal.message(),
                                   "; the old one stays in force"));
}

}  // namespace

absl::StatusOr<AgentKey> LoadAgentKey(const StateFolder& folder, const Identity& identity) {
  const absl::StatusOr<std::optional<v1::KeySuccession>> pending = LoadPending(folder, identity);
  if (!pending.ok()) return pending.status();
  std::vector<std::string> paths = {folder.KeyPath()};
  // The second is for a crash within step 4.
  if (pending->has_value()) paths.insert(paths.begin(), folder.NextKeyPath());
  for (const std::string& path : paths) {
    if (absl::Status status = CheckPrivateFile(path); !status.ok()) return status;
    absl::StatusOr<SigningKey> key = folder.LoadKeyFrom(path);
    if (absl::IsNotFound(key.status())) continue;
    if (!key.ok()) return key.status();
    const bool fits = pending->has_value() ? key->public_key().raw() == (*pending)->public_key()
                                           : IsKeyOf(identity, key->public_key());
    if (fits) return AgentKey{*std::move(key), *pending};
  }
  return absl::DataLossError(absl::StrCat(
      "agent.key and identity.toml in ", folder.path(),
      " do not belong together, or the key is gone; finish what was begun with sightline-agent "
      "forget, or enrol anew in an empty folder with a new invite"));
}

absl::Status FinishRotation(StateFolder& folder, Identity& identity, const SigningKey& key,
                            const v1::KeySuccession& succession) {
  if (absl::Status status = folder.SaveKey(key, folder.KeyPath()); !status.ok()) return status;
  Identity changed = identity;
  changed.key_generation = succession.generation();
  changed.public_key = succession.public_key();
  if (absl::Status status = folder.SaveIdentity(changed); !status.ok()) return status;
  identity = std::move(changed);
  return RemoveTraces(folder);
}

absl::Status RotateKey(const RotateOptions& options, Files& files, const RotateKeyCall& call,
                       std::ostream& out) {
  StateFolder folder(files, options.state_folder);
  absl::StatusOr<Identity> identity = folder.LoadIdentity();
  if (!identity.ok()) return identity.status();
  const absl::StatusOr<FolderLock> lock = FolderLock::Take(folder);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<AgentKey> key = LoadAgentKey(folder, *identity);
  if (!key.ok()) return key.status();
  // Whether the collector can have heard of this change.
  bool heard = key->pending.has_value();
  if (!heard) key = Begin(folder, *identity, key->key);
  if (!key.ok()) return key.status();

  const v1::RotateKeyRequest request = MakeRequest(*key->pending);
  const auto response = CallInTurn<v1::RotateKeyResponse>(
      RoadsTo(identity->collectors, options.proxy.value_or(identity->proxy)),
      [&](const std::string& road) {
        auto answer = call(road, identity->collector_roots_pem, request);
        heard = heard || !IsRefusal(answer.status());
        return answer;
      });
  if (!response.ok() && !heard) return TakeBack(folder, response.status());
  if (!response.ok()) {
    return absl::Status(
        response.status().code(),
        absl::StrCat("the change of the key is not finished: ", response.status().message(),
                     "; the new key signs already, and the agent tells the collector before its "
                     "next report. To try at once, run the same command again"));
  }
  absl::Status status = FinishRotation(folder, *identity, key->key, *key->pending);
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat("the collector took the new key, but ", status.message(),
                                     "; run the same command again"));
  }
  out << "A new key signs from report " << request.succession().from_seq()
      << " on. The agent's name and its chain stay as they are.\n";
  return absl::OkStatus();
}

absl::Status RotatingTransport::Run(const std::string& road, UplinkSession& session) {
  if (change_.key.pending) {
    const auto response =
        change_.call(road, change_.identity.collector_roots_pem, MakeRequest(*change_.key.pending));
    absl::Status status = response.status();
    if (status.ok()) {
      status =
          FinishRotation(change_.folder, change_.identity, change_.key.key, *change_.key.pending);
    }
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat("change of the key: ", status.message()));
    }
    spdlog::info("{} took the new key", road);
    change_.key.pending.reset();
  }
  return inner_->Run(road, session);
}

}  // namespace sightline::agent
