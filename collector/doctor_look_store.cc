// The store, as doctor sees it.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "collector/bucket.h"
#include "collector/doctor_look.h"
#include "collector/lease.h"
#include "collector/plan_book.h"
#include "collector/store/backends.h"
#include "collector/store/store.h"
#include "common/clock.h"
#include "common/files.h"
#include "common/message.h"

namespace sightline {
namespace {

// Of each node: enough to find one that was not late.
constexpr int kNewest = 64;

absl::StatusOr<std::string> TextOf(SqlSession& session, absl::string_view sql) {
  const absl::StatusOr<SqlResult> found = session.Run(sql, {});
  if (!found.ok()) return found.status();
  return found->rows.empty() ? std::string() : found->rows[0][0].bytes;
}

absl::StatusOr<int64_t> NumberOf(SqlSession& session, absl::string_view sql,
                                 const SqlValues& values) {
  const absl::StatusOr<SqlResult> found = session.Run(sql, values);
  if (!found.ok()) return found.status();
  return found->rows.empty() ? 0 : found->rows[0][0].number;
}

absl::Status LookAtFile(const std::string& path, SqlDatabase& database, SqliteSight& sight) {
  struct stat info = {};
  struct statvfs disk = {};
  if (stat(path.c_str(), &info) != 0 || statvfs(path.c_str(), &disk) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  }
  sight.file_mode = info.st_mode;
  sight.bytes = info.st_size;
  sight.free_bytes = static_cast<int64_t>(disk.f_bavail * disk.f_bsize);
  return database.Read([&](SqlSession& session) {
    const absl::StatusOr<std::string> check = TextOf(session, "PRAGMA quick_check(1)");
    sight.quick_check = check.ok() ? *check : std::string(check.status().message());
    const absl::StatusOr<std::string> mode = TextOf(session, "PRAGMA journal_mode");
    sight.journal_mode = mode.ok() ? *mode : std::string(mode.status().message());
    return absl::OkStatus();
  });
}

absl::Status LookAtNode(SqlSession& session, NodeSight& node, absl::Time& oldest) {
  const absl::StatusOr<SqlResult> newest =
      session.Run(absl::StrCat("SELECT receive_time_ms, round_time_ms FROM batches WHERE node = $1 "
                               "ORDER BY node_seq DESC LIMIT ",
                               kNewest),
                  {SqlText{node.node}});
  if (!newest.ok()) return newest.status();
  for (const std::vector<SqlCell>& row : newest->rows) {
    node.received.push_back(absl::FromUnixMillis(row[0].number));
    node.rounds.push_back(absl::FromUnixMillis(row[1].number));
  }
  const absl::StatusOr<int64_t> first = NumberOf(
      session, "SELECT receive_time_ms FROM batches WHERE node = $1 ORDER BY node_seq LIMIT 1",
      {SqlText{node.node}});
  if (!first.ok()) return first.status();
  oldest = std::min(oldest, absl::FromUnixMillis(*first));
  return absl::OkStatus();
}

absl::Status LookAtLog(SqlSession& session, absl::Time now, StoreSight& sight) {
  const absl::StatusOr<SqlResult> nodes = session.Run(
      "SELECT node, COUNT(*), MIN(node_seq), MAX(node_seq) FROM batches GROUP BY node ORDER BY "
      "node",
      {});
  if (!nodes.ok()) return nodes.status();
  for (const std::vector<SqlCell>& row : nodes->rows) {
    NodeSight& node = sight.nodes.emplace_back();
    node.node = row[0].bytes;
    node.records = row[1].number;
    node.first = row[2].number;
    node.last = row[3].number;
    if (absl::Status status = LookAtNode(session, node, sight.oldest); !status.ok()) return status;
  }
  const absl::StatusOr<int64_t> agents = NumberOf(session, "SELECT COUNT(*) FROM agents", {});
  if (!agents.ok()) return agents.status();
  sight.agents = *agents;
  const absl::StatusOr<int64_t> keys =
      NumberOf(session, "SELECT COUNT(*) FROM bucket_keys WHERE day = $1", {DayOf(now)});
  if (!keys.ok()) return keys.status();
  sight.has_bucket_key = *keys > 0;
  return absl::OkStatus();
}

absl::Status LookAtLease(Store& store, const ServeFlags& flags,
                         const std::function<void(absl::Duration)>& pause, StoreSight& sight) {
  absl::StatusOr<LeaseRecord> lease = store.ReadLease("fold");
  if (!lease.ok()) return lease.status();
  sight.lease = *std::move(lease);
  if (sight.lease.holder.empty() || sight.lease.beat == Lease::kReleased) return absl::OkStatus();
  absl::Duration term = absl::Seconds(5);
  absl::ParseDuration(flags.fold_lease, &term);
  pause(2 * LeaseOptions::Of(term).beat);
  const absl::StatusOr<LeaseRecord> later = store.ReadLease("fold");
  if (!later.ok()) return later.status();
  sight.lease_beats = *later != sight.lease && later->beat != Lease::kReleased;
  sight.lease = *later;
  return absl::OkStatus();
}

absl::Status LookAtPlans(Store& store, const ServeFlags& flags, StoreSight& sight) {
  const absl::StatusOr<std::string> pem = SystemFiles().Read(flags.operator_key);
  const absl::StatusOr<VerifyKey> key =
      pem.ok() ? VerifyKey::FromPem(*pem) : absl::StatusOr<VerifyKey>(pem.status());
  if (!key.ok()) {
    sight.plans =
        absl::Status(key.status().code(), absl::StrCat("operator_key: ", key.status().message()));
    return absl::OkStatus();
  }
  const SystemClock clock;
  PlanBook plans(store, *key, clock);
  sight.plans = plans.Refresh();
  const std::shared_ptr<const PlanVersion> plan = plans.Current();
  if (!sight.plans.ok() || plan == nullptr) return absl::OkStatus();
  sight.has_plan = true;
  sight.plan_version = plan->plan.version();
  if (plan->plan.has_expire_time()) sight.plan_expires = FromProto(plan->plan.expire_time());
  for (const v1::CountryRegions& country : plan->plan.countries()) {
    const absl::StatusOr<std::optional<absl::Time>> newest = store.NewestVerdict(country.country());
    if (!newest.ok()) return newest.status();
    sight.verdicts[country.country()] = *newest;
  }
  return absl::OkStatus();
}

absl::Status ReadStore(const ServeFlags& flags, SqlDatabase& database, absl::Time now,
                       const std::function<void(absl::Duration)>& pause, StoreSight& sight) {
  absl::Status status =
      database.ReadOnce([&](SqlSession& session) { return LookAtLog(session, now, sight); });
  if (!status.ok()) return status;
  const absl::StatusOr<std::unique_ptr<Store>> store =
      OpenStore(flags.store, SchemaPolicy::kRequire);
  if (!store.ok()) return store.status();
  const absl::StatusOr<int64_t> first_day = (*store)->FirstDay();
  if (!first_day.ok()) return first_day.status();
  sight.days_dropped = *first_day > 0;
  status = LookAtLease(**store, flags, pause, sight);
  return status.ok() ? LookAtPlans(**store, flags, sight) : status;
}

}  // namespace

StoreSight LookAtStore(const ServeFlags& flags, absl::Time now,
                       const std::function<void(absl::Duration)>& pause) {
  StoreSight sight;
  const absl::StatusOr<std::string> path = SqlitePathOf(flags.store);
  if (path.ok() && access(path->c_str(), F_OK) != 0) {
    if (errno == ENOENT) return sight;  // it is made at the start
    sight.status = absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", *path));
    return sight;
  }
  const absl::StatusOr<SchemaReport> schema = UpdateSchema(flags.store, /*dry_run=*/true);
  sight.status = schema.status();
  if (!schema.ok()) return sight;
  sight.schema_held = schema->held;
  sight.schema_known = schema->known;
  const absl::StatusOr<std::unique_ptr<SqlDatabase>> database = OpenDatabase(flags.store);
  sight.status = database.status();
  if (!database.ok()) return sight;
  if (path.ok()) {
    sight.status = LookAtFile(*path, **database, sight.sqlite.emplace());
    if (!sight.status.ok()) return sight;
  }
  if (sight.schema_held == sight.schema_known) {
    sight.read = ReadStore(flags, **database, now, pause, sight);
  }
  return sight;
}

}  // namespace sightline
