// What doctor_folder.h reads; what it makes of that is in doctor_folder.cc.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <system_error>

#include "agent/doctor_folder.h"
#include "agent/plan_keeper.h"
#include "agent/rotate.h"
#include "common/message.h"

namespace sightline::agent {
namespace {

FolderFacts LookAtOwners(const std::string& path) {
  FolderFacts facts;
  facts.path = path;
  facts.self = geteuid();
  struct stat info = {};
  facts.exists = stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  if (!facts.exists) return facts;
  facts.owner = info.st_uid;
  facts.mode = info.st_mode & 07777;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    struct stat entry = {};
    if (lstat(it->path().c_str(), &entry) != 0) continue;
    const std::string name = std::filesystem::relative(it->path(), path, error).string();
    if (entry.st_uid != facts.owner) facts.foreign.push_back(name);
    if ((entry.st_mode & 077) != 0) facts.open.push_back(name);
  }
  return facts;
}

PlanFacts LookAtPlan(StateFolder& folder, const Identity& identity, const Clock& clock) {
  PlanFacts facts;
  const absl::StatusOr<VerifyKey> operator_key = VerifyKey::FromRaw(identity.operator_public_key);
  facts.status = operator_key.status();
  if (!facts.status.ok()) return facts;
  const auto plans = PlanKeeper::Load(folder, *operator_key, clock);
  facts.status = plans.status();
  if (!facts.status.ok()) return facts;
  const std::shared_ptr<const v1::Plan> plan = (*plans)->Current();
  facts.version = plan->version();
  facts.issue_time = FromProto(plan->issue_time());
  facts.expire_time = FromProto(plan->expire_time());
  facts.round_interval = FromProto(plan->round_interval());
  return facts;
}

absl::StatusOr<AgentStatus> LookAtStatus(const StateFolder& folder) {
  const absl::StatusOr<std::string> text = folder.files().Read(folder.StatusPath());
  if (!text.ok()) return text.status();
  return StatusFromToml(*text);
}

}  // namespace

AgentFacts LookAtFolder(const std::string& path, Files& files, const Clock& clock) {
  StateFolder folder(files, path);
  AgentFacts facts;
  facts.folder = LookAtOwners(path);
  facts.identity = folder.LoadIdentity();
  facts.running = FolderLock::IsHeld(folder);
  facts.pause = PauseInForce(folder, clock.Now());
  if (!facts.identity.ok()) return facts;
  facts.key = LoadAgentKey(folder, *facts.identity).status();
  facts.plan = LookAtPlan(folder, *facts.identity, clock);
  facts.spool = ViewSpool(files, folder.SpoolFolder());
  facts.status = LookAtStatus(folder);
  return facts;
}

}  // namespace sightline::agent
