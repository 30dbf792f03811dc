// The registry half of SqlStore: invites, enrolment, plans, bucket keys.
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/store/append_plan.h"
#include "collector/store/sql_agents.h"
#include "collector/store/sql_rows.h"
#include "collector/store/sql_store.h"
#include "common/crypto.h"
#include "common/wire.h"

namespace sightline {
namespace {

constexpr size_t kRegionCharactersMax = 16;

constexpr absl::string_view kInsertInvite =
    "INSERT INTO invites (token_hash, role, expire_time_ms, agent_id) VALUES ($1, $2, $3, $4)";
constexpr absl::string_view kSelectInvite =
    "SELECT role, expire_time_ms, agent_id FROM invites WHERE token_hash = $1";
constexpr absl::string_view kRedeemInvite =
    "UPDATE invites SET agent_id = $1 WHERE token_hash = $2 AND agent_id = $3";
constexpr absl::string_view kInsertAgent =
    "INSERT INTO agents (agent_id, public_key, role, region, enroll_time_ms, equivocated, "
    "last_seq, "
    "head, end_kind, end_time_ms, key_generation) "
    "VALUES ($1, $2, $3, $4, $5, FALSE, 0, $6, 0, 0, 0) "
    "ON CONFLICT (agent_id) DO NOTHING";
constexpr absl::string_view kInsertPlan =
    "INSERT INTO plans (version, plan, signature, key_id) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (version) DO NOTHING";
constexpr absl::string_view kSelectPlan =
    "SELECT plan, signature, key_id FROM plans WHERE version = $1";
constexpr absl::string_view kSelectPlans =
    "SELECT plan, signature, key_id FROM plans ORDER BY version";
constexpr absl::string_view kInsertBucketKey =
    "INSERT INTO bucket_keys (day, bucket_key) VALUES ($1, $2) ON CONFLICT (day) DO NOTHING";
constexpr absl::string_view kSelectBucketKey = "SELECT bucket_key FROM bucket_keys WHERE day = $1";

absl::Status CheckHash(absl::string_view field, absl::string_view value) {
  if (value.size() == kHashBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, " must have ", kHashBytes, " bytes and has ", value.size()));
}

absl::Status CheckNewAgent(const AgentRecord& agent) {
  absl::Status status = CheckHash("agent_id", agent.agent_id);
  if (status.ok()) status = CheckHash("public_key", agent.public_key);
  if (!status.ok()) return status;
  if (agent.region.empty() || !IsShortText(agent.region, kRegionCharactersMax)) {
    return absl::InvalidArgumentError("region must be an ISO 3166 code");
  }
  return absl::OkStatus();
}

absl::Status NoSuchInvite() {
  return absl::NotFoundError("no such invite; ask the operator for a new one");
}

v1::SignedPlan PlanFromRow(std::vector<SqlCell>& row) {
  v1::SignedPlan plan;
  plan.set_plan(std::move(row[0].bytes));
  plan.set_signature(std::move(row[1].bytes));
  plan.set_key_id(std::move(row[2].bytes));
  return plan;
}

// Takes the invite for `agent`: its role, or nothing when this key took it before.
absl::StatusOr<std::optional<v1::AgentRole>> RedeemInvite(SqlSession& session,
                                                          absl::string_view token_hash,
                                                          const AgentRecord& agent) {
  // The second look finds who took it between the first look and the update.
  for (int look = 0; look < 2; ++look) {
    absl::StatusOr<SqlResult> found = session.Run(kSelectInvite, {SqlBytes{token_hash}});
    if (!found.ok()) return found.status();
    if (found->rows.empty()) return NoSuchInvite();
    const std::vector<SqlCell>& invite = found->rows[0];
    if (invite[2].bytes == agent.agent_id) return std::optional<v1::AgentRole>();
    if (!invite[2].bytes.empty()) {
      return absl::FailedPreconditionError(
          "the invite was used by another key; ask the operator for a new one");
    }
    const absl::Time expire_time = absl::FromUnixMillis(invite[1].number);
    if (agent.enroll_time >= expire_time) {
      return absl::FailedPreconditionError(
          absl::StrCat("the invite expired at ", absl::FormatTime(expire_time, absl::UTCTimeZone()),
                       "; ask the operator for a new one"));
    }
    absl::StatusOr<SqlResult> taken =
        session.Run(kRedeemInvite, {SqlBytes{agent.agent_id}, SqlBytes{token_hash}, SqlBytes{""}});
    if (!taken.ok()) return taken.status();
    if (taken->affected == 1) {
      return std::optional<v1::AgentRole>(static_cast<v1::AgentRole>(invite[0].number));
    }
  }
  return absl::AbortedError("the invite is being redeemed by somebody else; try again");
}

absl::Status EnrollIn(SqlSession& session, absl::string_view token_hash, const AgentRecord& agent,
                      AgentRecord* enrolled) {
  const absl::StatusOr<std::optional<v1::AgentRole>> role =
      RedeemInvite(session, token_hash, agent);
  if (!role.ok()) return role.status();
  if (role->has_value()) {
    const absl::StatusOr<SqlResult> added =
        session.Run(kInsertAgent, {SqlBytes{agent.agent_id}, SqlBytes{agent.public_key},
                                   int64_t{**role}, SqlText{agent.region},
                                   absl::ToUnixMillis(agent.enroll_time), SqlBytes{GenesisHash()}});
    if (!added.ok()) return added.status();
    if (added->affected == 0) {
      return absl::AlreadyExistsError(
          "this key is enrolled by another invite; keep it, or enroll with a new state folder");
    }
  }
  absl::StatusOr<AgentRecord> found = SelectAgent(session, agent.agent_id);
  if (!found.ok()) return found.status();
  *enrolled = *std::move(found);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SqlResult> SqlStore::Query(absl::string_view sql, absl::Span<const SqlValue> args) {
  absl::StatusOr<SqlResult> result;
  const absl::Status status = database_->Read([&](SqlSession& session) {
    result = session.Run(sql, args);
    return result.status();
  });
  if (!status.ok()) return status;
  return result;
}

absl::Status SqlStore::AddInvites(absl::Span<const InviteRecord> invites) {
  std::vector<SqlValues> rows;
  rows.reserve(invites.size());
  for (const InviteRecord& invite : invites) {
    absl::Status status = CheckHash("token_hash", invite.token_hash);
    if (!status.ok()) return status;
    rows.push_back({SqlBytes{invite.token_hash}, int64_t{invite.role},
                    absl::ToUnixMillis(invite.expire_time), SqlBytes{""}});
  }
  const absl::Status status = database_->Write(
      [&](SqlSession& session) { return session.RunEach(kInsertInvite, rows).status(); });
  if (absl::IsAlreadyExists(status)) {
    return absl::AlreadyExistsError("one of the invites is stored already; none was added");
  }
  return status;
}

absl::StatusOr<AgentRecord> SqlStore::Enroll(absl::string_view token_hash,
                                             const AgentRecord& agent) {
  absl::Status status = CheckNewAgent(agent);
  if (!status.ok()) return status;
  AgentRecord enrolled;
  status = database_->Write(
      [&](SqlSession& session) { return EnrollIn(session, token_hash, agent, &enrolled); });
  if (!status.ok()) return status;
  return enrolled;
}

absl::StatusOr<v1::AgentRole> SqlStore::FindInviteRole(absl::string_view token_hash) {
  const absl::StatusOr<SqlResult> found = Query(kSelectInvite, {SqlBytes{token_hash}});
  if (!found.ok()) return found.status();
  if (found->rows.empty()) return NoSuchInvite();
  return static_cast<v1::AgentRole>(found->rows[0][0].number);
}

absl::Status SqlStore::AddPlan(uint64_t version, const v1::SignedPlan& plan) {
  if (version == 0 || version > uint64_t{std::numeric_limits<int64_t>::max()}) {
    return absl::InvalidArgumentError(
        absl::StrCat("plan version ", version, " must be from 1 to 2^63 - 1"));
  }
  return database_->Write([&](SqlSession& session) {
    const absl::StatusOr<SqlResult> added =
        session.Run(kInsertPlan, {ToSqlInt(version), SqlBytes{plan.plan()},
                                  SqlBytes{plan.signature()}, SqlBytes{plan.key_id()}});
    if (!added.ok()) return added.status();
    if (added->affected == 1) return absl::OkStatus();
    absl::StatusOr<SqlResult> held = session.Run(kSelectPlan, {ToSqlInt(version)});
    if (!held.ok()) return held.status();
    if (held->rows.empty()) return absl::AbortedError("the plan is being stored; try again");
    const v1::SignedPlan other = PlanFromRow(held->rows[0]);
    if (other.plan() == plan.plan() && other.signature() == plan.signature() &&
        other.key_id() == plan.key_id()) {
      return absl::OkStatus();
    }
    return absl::AlreadyExistsError(absl::StrCat("another plan has version ", version,
                                                 "; raise the version and sign it again"));
  });
}

absl::StatusOr<std::vector<v1::SignedPlan>> SqlStore::ListPlans() {
  absl::StatusOr<SqlResult> found = Query(kSelectPlans, {});
  if (!found.ok()) return found.status();
  std::vector<v1::SignedPlan> plans;
  plans.reserve(found->rows.size());
  for (std::vector<SqlCell>& row : found->rows) plans.push_back(PlanFromRow(row));
  return plans;
}

absl::StatusOr<std::string> SqlStore::BucketKey(int64_t day) {
  absl::StatusOr<SqlResult> found = Query(kSelectBucketKey, {day});
  if (!found.ok()) return found.status();
  if (found->rows.empty()) {
    const std::string fresh = RandomBytes(kHashBytes);
    const absl::Status status = database_->Write([&](SqlSession& session) {
      return session.Run(kInsertBucketKey, {day, SqlBytes{fresh}}).status();
    });
    if (!status.ok()) return status;
    found = Query(kSelectBucketKey, {day});  // whose key won
    if (!found.ok()) return found.status();
  }
  if (found->rows.empty() || found->rows[0][0].bytes.size() != kHashBytes) {
    return absl::DataLossError(absl::StrCat("the bucket key of day ", day, " is damaged"));
  }
  return std::move(found->rows[0][0].bytes);
}

}  // namespace sightline
