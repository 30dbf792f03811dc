// What the store says of itself, judged.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/bucket.h"
#include "collector/doctor.h"
#include "collector/doctor_words.h"
#include "collector/lease.h"

namespace sightline {
namespace {

constexpr int64_t kFreeLeast = int64_t{128} << 20;
constexpr int64_t kFreeLittle = int64_t{1} << 30;
constexpr absl::Duration kFullSoon = absl::Hours(24 * 30);
constexpr absl::Duration kSilent = absl::Hours(1);
constexpr absl::Duration kRenewPlanBefore = absl::Hours(24 * 7);
// What intake takes of an agent's clock.
constexpr absl::Duration kSkewMax = absl::Minutes(10);

absl::Time NewestOf(const StoreSight& sight) {
  absl::Time newest = absl::InfinitePast();
  for (const NodeSight& node : sight.nodes) {
    for (const absl::Time time : node.received) newest = std::max(newest, time);
  }
  return newest;
}

Finding CheckDisk(const SqliteSight& sight, absl::Duration age) {
  const std::string about = "disk";
  const std::string free = absl::StrCat(SizeText(sight.free_bytes), " are free, and the store has ",
                                        SizeText(sight.bytes));
  const std::string mend = "make room, or drop old days with keep_log; a full disk stops intake";
  if (sight.free_bytes < kFreeLeast) return Problem(about, free, mend);
  // Growth is told from the age of the oldest batch, once that says anything.
  const double days = absl::ToDoubleHours(age) / 24;
  if (age >= absl::Hours(24) && age < absl::InfiniteDuration()) {
    const double a_day = static_cast<double>(sight.bytes) / days;
    const absl::Duration left =
        absl::Hours(24) * (static_cast<double>(sight.free_bytes) / std::max(a_day, 1.0));
    const std::string grows =
        absl::StrCat(free, ", and grows by ", SizeText(static_cast<int64_t>(a_day)), " a day");
    if (left < kFullSoon) {
      return Warning(about, absl::StrCat(grows, ": full in ", AgeText(left)), mend);
    }
    if (sight.free_bytes >= kFreeLittle) return Ok(about, grows);
  }
  if (sight.free_bytes < kFreeLittle) return Warning(about, free, mend);
  return Ok(about, free);
}

}  // namespace

std::vector<Finding> CheckSchema(const StoreSight& sight) {
  const std::string about = "store";
  if (!sight.status.ok()) {
    return {Problem(about, std::string(sight.status.message()),
                    "the collector cannot start without it; is store right, and may this user "
                    "read it?")};
  }
  if (sight.schema_held == 0) {
    return {Warning(about, "it is empty: no collector has started on it yet",
                    "systemctl start sightline-collector makes it")};
  }
  if (sight.schema_held < sight.schema_known) {
    return {Warning(about,
                    absl::StrCat("its schema has version ", sight.schema_held, ", this program ",
                                 "needs ", sight.schema_known),
                    "the next start changes that, or: sightline-collector migrate")};
  }
  if (!sight.read.ok()) {
    return {Problem(about, std::string(sight.read.message()),
                    "`sightline-collector audit` names what is damaged; restore a copy")};
  }
  return {Ok(about, absl::StrCat("it can be read, and its schema is this program's, version ",
                                 sight.schema_held))};
}

std::vector<Finding> CheckSqlite(const SqliteSight& sight, absl::Duration age) {
  std::vector<Finding> findings;
  if (sight.quick_check != "ok") {
    findings.push_back(Problem("store file", absl::StrCat("it is damaged: ", sight.quick_check),
                               "stop the collector, keep the file, and restore a copy "
                               "(collector/OPERATING.md); look at the disk"));
  } else if ((sight.file_mode & 0077) != 0) {
    findings.push_back(
        Problem("store file", "others on this machine have rights to it, and bucket keys are in it",
                "chmod 600 it, and its -wal and -shm"));
  } else if (sight.journal_mode != "wal") {
    findings.push_back(Warning("store file",
                               absl::StrCat("its journal is \"", sight.journal_mode,
                                            "\" and not \"wal\": readers and intake wait for each "
                                            "other"),
                               "the next start of the collector changes that"));
  } else {
    findings.push_back(Ok("store file",
                          "SQLite's quick check found nothing, and it is its owner's "
                          "alone"));
  }
  findings.push_back(CheckDisk(sight, age));
  return findings;
}

Finding CheckNumbers(const StoreSight& sight) {
  const std::string about = "numbers";
  if (sight.days_dropped) {
    return Ok(about, "days were dropped from the log, so gaps are no sign; audit looks closer");
  }
  for (const NodeSight& node : sight.nodes) {
    const int64_t missing = node.last - node.records;
    if (node.records == 0 || (missing == 0 && node.first == 1)) continue;
    return Problem(about,
                   absl::StrCat("of node ", node.node, " ", missing, " of ", node.last,
                                " batches are missing: the store lost what agents were told is "
                                "stored"),
                   "`sightline-collector audit` names them; restore a copy that has them");
  }
  return Ok(about, absl::StrCat("no node's batches have gaps (nodes: ", sight.nodes.size(), ")"));
}

Finding CheckArrivals(const StoreSight& sight, absl::Time now) {
  const std::string about = "batches";
  const absl::Time newest = NewestOf(sight);
  if (sight.agents == 0) return Ok(about, "no agent is enrolled yet: sightline invite");
  if (newest == absl::InfinitePast()) {
    return Warning(about, absl::StrCat("none came yet of ", sight.agents, " agents"),
                   "`sightline-agent doctor` at an agent says why");
  }
  const absl::Duration age = now - newest;
  if (age < kSilent) {
    return Ok(about,
              absl::StrCat("the newest came ", AgeText(age), " ago (agents: ", sight.agents, ")"));
  }
  return Warning(about,
                 absl::StrCat("the newest came ", AgeText(age), " ago, with ", sight.agents,
                              " agents enrolled"),
                 "do agents reach the public port? Is the plan in force? `sightline-agent doctor` "
                 "at an agent says why");
}

Finding CheckClock(const StoreSight& sight, absl::Time now) {
  const std::string about = "clock";
  const std::string mend = "timedatectl shows it; let a time service keep it (chrony)";
  const absl::Time newest = NewestOf(sight);
  if (newest - now > absl::Minutes(1)) {
    return Problem(about,
                   absl::StrCat("the newest batch came at a time that is ", AgeText(newest - now),
                                " ahead of this clock: one of both is wrong"),
                   mend);
  }
  // Agents send within minutes what they saw, so the quickest tells how far the clocks are apart.
  absl::Duration least = absl::InfiniteDuration();
  for (const NodeSight& node : sight.nodes) {
    for (size_t i = 0; i < std::min(node.received.size(), node.rounds.size()); ++i) {
      least = std::min(least, node.received[i] - node.rounds[i]);
    }
  }
  if (least == absl::InfiniteDuration()) return Ok(about, "no batch is there to compare it with");
  if (least < -kSkewMax / 2) {
    return Warning(about,
                   absl::StrCat("batches come ", AgeText(-least),
                                " before agents saw what is in "
                                "them: this clock is behind theirs, and beyond 10 minutes they are "
                                "refused"),
                   mend);
  }
  if (least > absl::Hours(6)) {
    return Warning(about,
                   absl::StrCat("the newest batches are all ", AgeText(least),
                                " old when they come: agents send late, or this clock is ahead"),
                   mend);
  }
  return Ok(about, "it agrees with what agents say of theirs");
}

Finding CheckBucketKey(const StoreSight& sight, absl::Time now) {
  const std::string about = "bucket key";
  if (sight.has_bucket_key) return Ok(about, "today's is there");
  bool has_today = false;
  for (const NodeSight& node : sight.nodes) {
    for (const absl::Time round : node.rounds) has_today |= DayOf(round) == DayOf(now);
  }
  if (!has_today) return Ok(about, "today's is made with the first batch of today");
  return Problem(about, "today's is missing, although batches of today are there",
                 "another one would count origins twice: restore a copy, or keep the verdicts of "
                 "today out of your reports");
}

Finding CheckLease(const StoreSight& sight, bool runs) {
  const std::string about = "verdicts' leader";
  const LeaseRecord& lease = sight.lease;
  if (sight.lease_beats)
    return Ok(about, absl::StrCat("node ", lease.holder, " leads and is well"));
  if (lease.holder.empty()) {
    return runs ? Warning(about, "no collector has ever made verdicts on this store",
                          "journalctl -u sightline-collector says why")
                : Ok(about, "no collector has ever run on this store");
  }
  const std::string what = lease.beat == Lease::kReleased
                               ? absl::StrCat("node ", lease.holder, " gave it back")
                               : absl::StrCat("node ", lease.holder, " led and is silent");
  if (!runs) return Ok(about, absl::StrCat(what, ": no collector runs here"));
  return Problem(about, absl::StrCat(what, ", and nobody took over: there are no new verdicts"),
                 "journalctl -u sightline-collector, part=fold, says why");
}

Finding CheckPlan(const StoreSight& sight, absl::Time now) {
  const std::string about = "plan";
  if (!sight.plans.ok()) {
    return Problem(about, std::string(sight.plans.message()),
                   "operator_key must be the public key that signed the first plan");
  }
  if (!sight.has_plan) {
    return Warning(about, "none is published: no agent can enrol or probe",
                   "sightline plan sign, then sightline plan publish");
  }
  const std::string version = absl::StrCat("version ", sight.plan_version);
  const std::string mend = "sign and publish the next version (sightline plan sign, plan publish)";
  if (sight.plan_expires <= now) {
    return Problem(about,
                   absl::StrCat(version, " expired on ", DayOfTime(sight.plan_expires),
                                ": agents do not probe any more"),
                   mend);
  }
  if (sight.plan_expires - now < kRenewPlanBefore) {
    return Warning(about, absl::StrCat(version, " expires on ", DayOfTime(sight.plan_expires)),
                   mend);
  }
  return Ok(about, absl::StrCat(version,
                                " is in force, signed with a key that operator_key leads "
                                "to",
                                sight.plan_expires == absl::InfiniteFuture()
                                    ? ""
                                    : absl::StrCat(", until ", DayOfTime(sight.plan_expires))));
}

Finding CheckVerdicts(const StoreSight& sight, const VerdictTimes& times, absl::Time now) {
  const std::string about = "verdicts";
  const absl::Time newest_batch = NewestOf(sight);
  std::vector<std::string> old;
  for (const auto& [country, start] : sight.verdicts) {
    // A window is judged when it and its grace are over; then there is one more under way.
    const absl::Time due = now - 2 * times.window - times.grace - absl::Minutes(10);
    if (start.has_value() && *start < due) {
      old.push_back(absl::StrCat(country, " (", AgeText(now - *start), ")"));
    } else if (!start.has_value() && sight.oldest < due) {
      old.push_back(absl::StrCat(country, " (none)"));
    }
  }
  if (old.empty()) return Ok(about, "they are as new as they can be");
  const std::string what = absl::StrCat("they are old of ", absl::StrJoin(old, ", "));
  // Without batches there is nothing to judge; that is said elsewhere.
  if (now - newest_batch > kSilent) {
    return Warning(about, absl::StrCat(what, ": no batches come"), "see batches");
  }
  return Problem(about, absl::StrCat(what, ", although batches come"),
                 "journalctl -u sightline-collector, part=fold, says why");
}

std::vector<Finding> CheckStore(const StoreSight& sight, const VerdictTimes& times, bool runs,
                                absl::Time now) {
  std::vector<Finding> findings = CheckSchema(sight);
  if (!sight.status.ok()) return findings;
  if (sight.sqlite.has_value()) {
    for (Finding& finding : CheckSqlite(*sight.sqlite, now - sight.oldest)) {
      findings.push_back(std::move(finding));
    }
  }
  if (sight.schema_held != sight.schema_known || !sight.read.ok()) return findings;
  findings.push_back(CheckNumbers(sight));
  findings.push_back(CheckArrivals(sight, now));
  findings.push_back(CheckClock(sight, now));
  findings.push_back(CheckBucketKey(sight, now));
  findings.push_back(CheckLease(sight, runs));
  findings.push_back(CheckPlan(sight, now));
  findings.push_back(CheckVerdicts(sight, times, now));
  return findings;
}

}  // namespace sightline
