#include "agent/doctor_folder.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "agent/plan_keeper.h"
#include "agent/rotate.h"
#include "common/message.h"

namespace sightline::agent {
namespace {

constexpr size_t kNamesShown = 5;
constexpr absl::Duration kPlanEndsSoon = absl::Hours(72);
constexpr absl::Duration kWaitsLong = absl::Hours(6);
constexpr absl::Duration kRefusalCounts = absl::Hours(24);
constexpr double kSpoolNearlyFull = 0.75;
constexpr const char kEnrolAnew[] =
    "restore the file from a copy of the same machine, or ask the operator for a new invite and "
    "enrol in an empty folder";

// "3 h", "12 days": for people.
std::string Long(absl::Duration time) {
  if (time >= absl::Hours(48)) return absl::StrCat(time / absl::Hours(24), " days");
  if (time >= absl::Hours(2)) return absl::StrCat(time / absl::Hours(1), " hours");
  if (time >= absl::Minutes(2)) return absl::StrCat(time / absl::Minutes(1), " minutes");
  return absl::StrCat(std::max<int64_t>(time / absl::Seconds(1), 0), " seconds");
}

std::string Names(const std::vector<std::string>& names) {
  const std::vector<std::string> shown(
      names.begin(), names.begin() + static_cast<long>(std::min(names.size(), kNamesShown)));
  return absl::StrCat(absl::StrJoin(shown, ", "), names.size() > kNamesShown ? " and others" : "");
}

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

Finding JudgeFolder(const FolderFacts& facts) {
  if (!facts.exists) {
    return Problem("folder", absl::StrCat(facts.path, " is not there, so no agent can be in it"),
                   "look whether --state or `state` in /etc/sightline/agent.toml names the right "
                   "folder; then enrol");
  }
  if (facts.owner != facts.self) {
    return Problem("folder",
                   absl::StrCat(facts.path, " belongs to user ", facts.owner, ", and user ",
                                facts.self, " looks, so the agent cannot work there"),
                   "run the agent as the user that owns the folder");
  }
  if (!facts.foreign.empty()) {
    return Problem(
        "folder",
        absl::StrCat("files in ", facts.path, " belong to another user (", Names(facts.foreign),
                     "), so the agent cannot replace or read them"),
        absl::StrCat("sudo chown -R --reference=", facts.path, " ", facts.path));
  }
  if ((facts.mode & 077) != 0 || !facts.open.empty()) {
    return Problem("folder",
                   absl::StrCat("others on this machine can look into ",
                                (facts.mode & 077) != 0 ? facts.path : Names(facts.open),
                                ": what this machine saw, and perhaps the key, is open to them"),
                   absl::StrCat("sudo chmod -R go= ", facts.path));
  }
  return Ok("folder", absl::StrCat(facts.path, " and all in it belong to the agent's user alone"));
}

Finding JudgeIdentity(const absl::StatusOr<Identity>& identity) {
  if (identity.ok()) {
    return Ok("enrolled",
              absl::StrCat("as ", absl::BytesToHexString(identity->agent_id).substr(0, 16), " for ",
                           identity->region));
  }
  if (absl::IsNotFound(identity.status())) {
    return Problem("enrolled", "nobody enrolled here yet, so the agent has nothing to do",
                   "ask an operator for an invite, then: sightline-agent enroll --invite @FILE "
                   "--region CODE");
  }
  return Problem("enrolled",
                 absl::StrCat("identity.toml cannot be used: ", identity.status().message()),
                 kEnrolAnew);
}

Finding JudgeKey(const absl::Status& key) {
  if (key.ok()) {
    return Ok("key", "the private key is this agent's, and only its user can read it");
  }
  if (absl::IsFailedPrecondition(key)) {
    return Problem("key", std::string(key.message()),
                   "follow that line, then make a new key: stop the agent and run sightline-agent "
                   "rotate-key");
  }
  return Problem("key", absl::StrCat("no report can be signed: ", key.message()), kEnrolAnew);
}

Finding JudgeRunning(bool running, const std::string& path) {
  if (running) return Ok("running", "an agent works in this folder");
  return Warning("running", "no agent works in this folder now, so nothing is probed",
                 absl::StrCat("sudo systemctl start sightline-agent, or without the package: "
                              "sightline-agent run --state ",
                              path));
}

Finding JudgePause(const std::optional<Pause>& pause, absl::Time now) {
  if (!pause) return Ok("pause", "not paused");
  const std::string end = pause->until ? absl::StrCat("for ", Long(*pause->until - now), " more")
                                       : std::string("until somebody ends it");
  return Warning("pause",
                 absl::StrCat("paused ", end,
                              ": nothing is probed, and nothing connects to the "
                              "collector; neither did this command"),
                 "to go on: sightline-agent resume");
}

Finding JudgePlan(const PlanFacts& plan, absl::Time now) {
  if (!plan.status.ok()) {
    return Problem("plan", absl::StrCat("it cannot be followed: ", plan.status.message()),
                   kEnrolAnew);
  }
  const std::string name = absl::StrCat("version ", plan.version);
  if (plan.expire_time <= now) {
    return Problem(
        "plan",
        absl::StrCat(name, " expired ", Long(now - plan.expire_time), " ago, so nothing is probed"),
        "look at the lines on clock and roads: a newer plan comes by itself once the "
        "collector is reached; if they are well, tell the operator");
  }
  const std::string text =
      absl::StrCat(name, ", signed by the operator, issued ", Long(now - plan.issue_time),
                   " ago, expires in ", Long(plan.expire_time - now));
  if (plan.expire_time - now < kPlanEndsSoon) {
    return Warning("plan", absl::StrCat(text, "; after that nothing is probed"),
                   "nothing if the collector is reached: a newer plan comes by itself; otherwise "
                   "see the roads");
  }
  return Ok("plan", text);
}

Finding JudgeSpool(const absl::StatusOr<SpoolView>& spool, bool running, absl::Time now) {
  if (!spool.ok()) {
    return Problem("spool", std::string(spool.status().message()),
                   "tell the operator before you do that; the disk may be failing");
  }
  if (spool->batches_damaged > 0) {
    return Problem("spool",
                   absl::StrCat(spool->batches_damaged,
                                " reports in it are damaged, and lost; the next start says so to "
                                "the collector with a signed note"),
                   "restart the agent, and check the disk: it may be failing");
  }
  const SpoolOptions limits;
  std::string text = absl::StrCat(spool->batches, " reports wait, ", spool->bytes / 1024, " of ",
                                  limits.bytes_max / 1024, " KiB on the disk");
  if (spool->oldest_round) {
    absl::StrAppend(&text, ", the oldest ", Long(now - *spool->oldest_round), " old");
  }
  if (spool->torn_bytes > 0 && !running) {
    absl::StrAppend(&text,
                    "; the last run was cut off while it wrote, and what it had finished is "
                    "whole");
  }
  constexpr const char kAdvice[] = "see what the lines on roads and on delivery say";
  if (static_cast<double>(spool->bytes) >
      kSpoolNearlyFull * static_cast<double>(limits.bytes_max)) {
    return Warning("spool",
                   absl::StrCat(text,
                                ": it is nearly full. New reports go in without detail, and "
                                "the oldest give way when it is full"),
                   kAdvice);
  }
  if (spool->oldest_round && now - *spool->oldest_round > kWaitsLong) {
    return Warning("spool", absl::StrCat(text, ": the collector has not taken reports for long"),
                   kAdvice);
  }
  return Ok("spool", text);
}

Finding JudgeRounds(const AgentFacts& facts, absl::Time now) {
  if (absl::IsNotFound(facts.status.status())) return Ok("rounds", "the agent has not run yet");
  if (!facts.status.ok()) {
    return Warning("rounds",
                   absl::StrCat("status.toml cannot be read: ", facts.status.status().message()),
                   "nothing if the agent runs: it is written anew");
  }
  const AgentStatus& status = *facts.status;
  if (!status.probing_problem.empty()) {
    return Problem("rounds", status.probing_problem,
                   "see the other lines; look into the log: journalctl -u sightline-agent");
  }
  const absl::Time last = status.last_round_time.value_or(status.start_time);
  const std::string text =
      status.last_round_time ? absl::StrCat("the last round was ", Long(now - last), " ago, with ",
                                            status.last_round_checks, " checks")
                             : absl::StrCat("no round since the start ", Long(now - last), " ago");
  const absl::Duration late = std::max(3 * facts.plan.round_interval, absl::Minutes(10));
  if (facts.running && !facts.pause && now - last > late) {
    return Warning("rounds",
                   absl::StrCat(text, ", although the agent runs and the plan wants one every ",
                                Long(facts.plan.round_interval)),
                   "nothing if this machine was asleep; otherwise restart the agent: sudo "
                   "systemctl restart sightline-agent");
  }
  if (status.lost_batches > 0) {
    return Warning("rounds",
                   absl::StrCat(text, "; ", status.lost_batches,
                                " reports were given up since the "
                                "start, because the spool was full"),
                   "see the lines on spool and roads");
  }
  return Ok("rounds", text);
}

Finding JudgeDelivery(const AgentFacts& facts, absl::Time now) {
  if (!facts.status.ok()) return Ok("delivery", "nothing is known yet");
  const AgentStatus& status = *facts.status;
  const std::string last = status.last_delivery_time
                               ? absl::StrCat("the collector last took reports ",
                                              Long(now - *status.last_delivery_time), " ago")
                               : std::string("nothing was delivered since the start");
  if (status.collector_state == "diverged" || status.collector_state == "refused") {
    return Problem("delivery", absl::StrCat("the collector refuses: ", status.collector_detail),
                   "tell the operator what this line says; reports wait meanwhile. Was the folder "
                   "copied or restored from a backup? Then enrol anew");
  }
  if (!status.plan_refusal.empty()) {
    return Warning("delivery",
                   absl::StrCat(last, "; the agent did not take the plan that it was offered: ",
                                status.plan_refusal),
                   "tell the operator");
  }
  if (status.last_refusal_time && now - *status.last_refusal_time < kRefusalCounts) {
    return Warning("delivery",
                   absl::StrCat(last, "; it refused ", Long(now - *status.last_refusal_time),
                                " ago: ", status.last_refusal),
                   "nothing if it took reports since; otherwise tell the operator");
  }
  if (status.collector_state == "unreachable") {
    return Warning("delivery",
                   absl::StrCat(last, "; no collector answered the agent's last try: ",
                                status.collector_detail),
                   "see the lines on roads; reports wait and are not lost");
  }
  return Ok("delivery", last);
}

std::vector<Finding> JudgeAgent(const AgentFacts& facts, absl::Time now) {
  std::vector<Finding> findings = {JudgeFolder(facts.folder), JudgeIdentity(facts.identity)};
  if (!facts.identity.ok()) return findings;
  findings.push_back(JudgeKey(facts.key));
  findings.push_back(JudgeRunning(facts.running, facts.folder.path));
  findings.push_back(JudgePause(facts.pause, now));
  findings.push_back(JudgePlan(facts.plan, now));
  findings.push_back(JudgeSpool(facts.spool, facts.running, now));
  findings.push_back(JudgeRounds(facts, now));
  findings.push_back(JudgeDelivery(facts, now));
  return findings;
}

}  // namespace sightline::agent
