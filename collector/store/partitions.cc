#include "collector/store/partitions.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "absl/strings/substitute.h"
#include "collector/store/node_seq.h"

namespace sightline {
namespace {

constexpr int kAttemptsMax = 2;

constexpr absl::string_view kSelectPartitions =
    "SELECT relid::regclass::text FROM pg_partition_tree('batches') WHERE level = 1";
constexpr absl::string_view kSelectDayInOther =
    "SELECT 1::bigint FROM batches_other WHERE day = $1 LIMIT 1";
// Everybody who appends would queue up behind a lock that is waited for.
constexpr absl::string_view kWaitShortly = "SET LOCAL lock_timeout = '200ms'";

// A partition can be attached only when batches_other holds nothing of its day. PostgreSQL would
// look through all of that table under a lock that stops every collector; but it believes a
// constraint, and to check a constraint stops nobody. Between the first step and the last, batches
// of that day are refused as ABORTED; they come again.
constexpr absl::string_view kExcludeDay =
    "ALTER TABLE batches_other ADD CONSTRAINT not_d$0 CHECK (day < $0 OR day >= $1) NOT VALID";
constexpr absl::string_view kCheckDay = "ALTER TABLE batches_other VALIDATE CONSTRAINT not_d$0";
constexpr absl::string_view kAttachDay =
    "CREATE TABLE batches_d$0 (LIKE batches INCLUDING ALL); "
    "ALTER TABLE batches ATTACH PARTITION batches_d$0 FOR VALUES FROM ($0) TO ($1); "
    "ALTER TABLE batches_other DROP CONSTRAINT IF EXISTS not_d$0";
constexpr absl::string_view kIncludeDay =
    "ALTER TABLE batches_other DROP CONSTRAINT IF EXISTS not_d$0";
// In the order in which readers and writers lock, so that there is no deadlock.
constexpr absl::string_view kLockDay =
    "LOCK TABLE ONLY batches IN ACCESS EXCLUSIVE MODE; "
    "LOCK TABLE batches_d$0 IN ACCESS EXCLUSIVE MODE";
constexpr absl::string_view kDropDay = "DROP TABLE batches_d$0";

std::string Of(absl::string_view statement, int64_t day) {
  return absl::Substitute(statement, day, day + 1);
}

// Runs the statements in one transaction that waits for no lock for long, some times if need be.
absl::Status RunShortly(SqlDatabase& database, const std::string& script) {
  absl::Status status;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    status = database.Write([&](SqlSession& session) {
      const absl::Status set = session.RunScript(kWaitShortly);
      return set.ok() ? session.RunScript(script) : set;
    });
    if (!absl::IsAborted(status)) return status;
  }
  return status;
}

absl::StatusOr<std::set<int64_t>> DaysWithPartition(SqlDatabase& database) {
  std::set<int64_t> days;
  const absl::Status status = database.Read([&](SqlSession& session) {
    const absl::StatusOr<SqlResult> found = session.Run(kSelectPartitions, {});
    if (!found.ok()) return found.status();
    for (const std::vector<SqlCell>& row : found->rows) {
      absl::string_view name = row[0].bytes;
      int64_t day = 0;
      if (absl::ConsumePrefix(&name, "batches_d") && absl::SimpleAtoi(name, &day)) days.insert(day);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return days;
}

absl::StatusOr<bool> IsInOther(SqlDatabase& database, int64_t day) {
  bool is_there = false;
  const absl::Status status = database.Read([&](SqlSession& session) {
    const absl::StatusOr<SqlResult> found = session.Run(kSelectDayInOther, {day});
    if (found.ok()) is_there = !found->rows.empty();
    return found.status();
  });
  if (!status.ok()) return status;
  return is_there;
}

absl::Status AddPartition(SqlDatabase& database, int64_t day) {
  const absl::StatusOr<bool> is_there = IsInOther(database, day);
  if (!is_there.ok()) return is_there.status();
  if (*is_there) return absl::OkStatus();
  absl::Status status = RunShortly(database, Of(kExcludeDay, day));
  // Another collector is at it, or one ended in between: ABORTED as well, and no reason to stop.
  if (status.ok() || absl::IsAborted(status)) status = RunShortly(database, Of(kCheckDay, day));
  if (status.ok()) status = RunShortly(database, Of(kAttachDay, day));
  if (status.ok()) return status;
  const absl::Status undone = RunShortly(database, Of(kIncludeDay, day));
  if (!undone.ok()) return undone;
  // A batch of that day came in just before the first step.
  const absl::StatusOr<bool> is_there_now = IsInOther(database, day);
  return is_there_now.ok() && *is_there_now ? absl::OkStatus() : status;
}

absl::Status DropPartition(SqlDatabase& database, int64_t day) {
  absl::Status status;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    status = database.Write([&](SqlSession& session) {
      absl::Status done = session.RunScript(kWaitShortly);
      if (done.ok()) done = session.RunScript(Of(kLockDay, day));
      if (done.ok()) done = SaveNodesOf(session, day);
      if (done.ok()) done = session.RunScript(Of(kDropDay, day));
      return done;
    });
    if (!absl::IsAborted(status)) return status;
  }
  return status;
}

// What is still to do, by what is there now: errors of those that another collector did meanwhile
// do not count.
template <typename Function>
absl::Status ForDays(SqlDatabase& database, const std::set<int64_t>& days, bool want,
                     Function&& change) {
  for (const int64_t day : days) {
    const absl::Status status = change(day);
    if (status.ok()) continue;
    const absl::StatusOr<std::set<int64_t>> now = DaysWithPartition(database);
    if (!now.ok()) return now.status();
    if ((now->count(day) > 0) != want) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AddPartitions(SqlDatabase& database, int64_t first, int64_t last) {
  const absl::StatusOr<std::set<int64_t>> held = DaysWithPartition(database);
  if (!held.ok()) return held.status();
  std::set<int64_t> missing;
  // A negative number is no part of a name.
  for (int64_t day = std::max<int64_t>(first, 0); day <= last; ++day) {
    if (held->count(day) == 0) missing.insert(day);
  }
  return ForDays(database, missing, true, [&](int64_t day) { return AddPartition(database, day); });
}

absl::Status DropPartitionsBefore(SqlDatabase& database, int64_t day) {
  const absl::StatusOr<std::set<int64_t>> held = DaysWithPartition(database);
  if (!held.ok()) return held.status();
  const std::set<int64_t> old(held->begin(), held->lower_bound(day));
  return ForDays(database, old, false,
                 [&](int64_t old_day) { return DropPartition(database, old_day); });
}

}  // namespace sightline
