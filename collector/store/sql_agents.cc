// The agents of SqlStore: finding them, how they end, and how their keys change.
#include "collector/store/sql_agents.h"

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/store/sql_numbers.h"
#include "collector/store/sql_rows.h"
#include "collector/store/sql_store.h"
#include "common/crypto.h"

namespace sightline {
namespace {

constexpr absl::string_view kFlagEquivocation =
    "UPDATE agents SET equivocated = TRUE WHERE agent_id = $1";
constexpr absl::string_view kEndAgent =
    "UPDATE agents SET end_kind = $1, end_time_ms = $2 WHERE agent_id = $3 AND end_kind = 0";
constexpr absl::string_view kForgetAgent =
    "DELETE FROM agents WHERE agent_id = $1 AND last_seq = 0";
constexpr absl::string_view kForgetSuccessions = "DELETE FROM key_successions WHERE agent_id = $1";
constexpr absl::string_view kForgetChanges =
    "UPDATE agent_changes SET agent_id = $1 WHERE agent_id = $2";
constexpr absl::string_view kForgetRedeemer =
    "UPDATE invites SET agent_id = $1 WHERE agent_id = $2";
constexpr absl::string_view kMoveKey =
    "UPDATE agents SET key_generation = $1 WHERE agent_id = $2 AND key_generation = $3 AND "
    "last_seq < $4 AND end_kind = 0";
constexpr absl::string_view kInsertSuccession =
    "INSERT INTO key_successions (agent_id, generation, from_seq, public_key, signature, proof) "
    "VALUES ($1, $2, $3, $4, $5, $6)";
constexpr absl::string_view kSelectSuccessions =
    "SELECT generation, from_seq, public_key, signature, proof FROM key_successions "
    "WHERE agent_id = $1 ORDER BY generation";
constexpr absl::string_view kSelectNewestChange =
    "SELECT change_seq FROM agent_changes ORDER BY change_seq DESC LIMIT 1";
constexpr absl::string_view kInsertChange =
    "INSERT INTO agent_changes (change_seq, agent_id) VALUES ($1, $2)";
constexpr absl::string_view kSelectChanges =
    "SELECT change_seq, agent_id FROM agent_changes WHERE change_seq > $1 ORDER BY change_seq "
    "LIMIT $2";

std::string SelectAgents(absl::string_view rest) {
  return absl::StrCat("SELECT ", absl::StrJoin(kAgentColumns, ", "), " FROM agents ", rest);
}

absl::Status NoSuchAgent(absl::string_view agent_id) {
  return absl::NotFoundError(
      absl::StrCat("no agent ", absl::BytesToHexString(agent_id), " is enrolled"));
}

// What stands where the name of an agent stood that was forgotten: nobody's name, and not empty.
// Its row stays: an invite is used for good, and no number of a change is given twice.
std::string Nobody() { return std::string(kHashBytes, '\0'); }

absl::Status AddChange(SqlSession& session, absl::string_view agent_id) {
  const absl::StatusOr<SqlResult> newest = session.Run(kSelectNewestChange, {});
  if (!newest.ok()) return newest.status();
  const int64_t seq = (newest->rows.empty() ? 0 : newest->rows[0][0].number) + 1;
  return session.Run(kInsertChange, {seq, SqlBytes{agent_id}}).status();
}

// Ends the agent if nothing did so before.
absl::Status EndIn(SqlSession& session, absl::string_view agent_id, v1::AgentEnd end,
                   absl::Time time) {
  const absl::StatusOr<SqlResult> ended =
      session.Run(kEndAgent, {int64_t{end}, absl::ToUnixMillis(time), SqlBytes{agent_id}});
  if (!ended.ok()) return ended.status();
  return ended->affected == 0 ? absl::OkStatus() : AddChange(session, agent_id);
}

// Deletes the agent if it never had a batch in the log; whether it did.
absl::StatusOr<bool> ForgetIn(SqlSession& session, absl::string_view agent_id) {
  const absl::StatusOr<SqlResult> forgotten = session.Run(kForgetAgent, {SqlBytes{agent_id}});
  if (!forgotten.ok()) return forgotten.status();
  if (forgotten->affected == 0) return false;
  absl::Status status = session.Run(kForgetSuccessions, {SqlBytes{agent_id}}).status();
  const std::string nobody = Nobody();
  for (const absl::string_view forget : {kForgetChanges, kForgetRedeemer}) {
    if (status.ok()) status = session.Run(forget, {SqlBytes{nobody}, SqlBytes{agent_id}}).status();
  }
  if (!status.ok()) return status;
  return true;
}

absl::StatusOr<std::vector<v1::KeySuccession>> SelectSuccessions(SqlSession& session,
                                                                 absl::string_view agent_id) {
  absl::StatusOr<SqlResult> found = session.Run(kSelectSuccessions, {SqlBytes{agent_id}});
  if (!found.ok()) return found.status();
  std::vector<v1::KeySuccession> successions;
  for (std::vector<SqlCell>& row : found->rows) {
    v1::KeySuccession& succession = successions.emplace_back();
    succession.set_agent_id(std::string(agent_id));
    succession.set_generation(static_cast<uint64_t>(row[0].number));
    succession.set_from_seq(static_cast<uint64_t>(row[1].number));
    succession.set_public_key(std::move(row[2].bytes));
    succession.set_signature(std::move(row[3].bytes));
    succession.set_proof(std::move(row[4].bytes));
  }
  return successions;
}

bool SameSuccession(const v1::KeySuccession& a, const v1::KeySuccession& b) {
  return a.generation() == b.generation() && a.from_seq() == b.from_seq() &&
         a.public_key() == b.public_key() && a.signature() == b.signature() &&
         a.proof() == b.proof();
}

// Why a change of the key could not be made; OK when it was made before.
absl::Status WhyNotMoved(SqlSession& session, const v1::KeySuccession& succession) {
  const absl::StatusOr<AgentRecord> agent = SelectAgent(session, succession.agent_id());
  if (!agent.ok()) return agent.status();
  const absl::StatusOr<std::vector<v1::KeySuccession>> held =
      SelectSuccessions(session, succession.agent_id());
  if (!held.ok()) return held.status();
  for (const v1::KeySuccession& each : *held) {
    if (SameSuccession(each, succession)) return absl::OkStatus();
  }
  if (agent->end != v1::AGENT_END_UNSPECIFIED) {
    return absl::FailedPreconditionError("agent_id: nothing is taken from this agent any more");
  }
  if (succession.generation() != agent->key_generation + 1) {
    return absl::FailedPreconditionError(absl::StrCat(
        "generation: the next is ", agent->key_generation + 1, ", not ", succession.generation()));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "from_seq: batches up to ", agent->last_seq,
      " are stored; the new key must begin behind them, not with ", succession.from_seq()));
}

absl::Status AddSuccession(SqlSession& session, const v1::KeySuccession& succession) {
  const int64_t generation = ToSqlInt(succession.generation());
  const absl::StatusOr<SqlResult> moved =
      session.Run(kMoveKey, {generation, SqlBytes{succession.agent_id()}, generation - 1,
                             ToSqlInt(succession.from_seq())});
  if (!moved.ok()) return moved.status();
  if (moved->affected == 0) return WhyNotMoved(session, succession);
  const absl::Status status =
      session
          .Run(kInsertSuccession,
               {SqlBytes{succession.agent_id()}, generation, ToSqlInt(succession.from_seq()),
                SqlBytes{succession.public_key()}, SqlBytes{succession.signature()},
                SqlBytes{succession.proof()}})
          .status();
  return status.ok() ? AddChange(session, succession.agent_id()) : status;
}

absl::Status CheckSuccessionFields(const v1::KeySuccession& succession) {
  if (succession.agent_id().size() != kHashBytes ||
      succession.public_key().size() != kPublicKeyBytes ||
      succession.signature().size() != kSignatureBytes ||
      succession.proof().size() != kSignatureBytes || succession.generation() == 0 ||
      succession.from_seq() == 0) {
    return absl::InvalidArgumentError(
        "succession: must have agent_id and public_key of 32 bytes, signature and proof of 64, and "
        "generation and from_seq above 0");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AgentRecord> SelectAgent(SqlSession& session, absl::string_view agent_id) {
  absl::StatusOr<SqlResult> found =
      session.Run(SelectAgents("WHERE agent_id = $1"), {SqlBytes{agent_id}});
  if (!found.ok()) return found.status();
  if (found->rows.empty()) return NoSuchAgent(agent_id);
  return AgentFromRow(found->rows[0]);
}

absl::StatusOr<AgentRecord> SqlStore::FindAgent(absl::string_view agent_id) {
  absl::StatusOr<AgentRecord> agent;
  const absl::Status status = database_->Read([&](SqlSession& session) {
    agent = SelectAgent(session, agent_id);
    return agent.status();
  });
  if (!status.ok()) return status;
  return agent;
}

absl::StatusOr<std::vector<AgentRecord>> SqlStore::ListAgents(absl::string_view after,
                                                              size_t limit) {
  absl::StatusOr<SqlResult> found =
      Query(SelectAgents("WHERE agent_id > $1 ORDER BY agent_id LIMIT $2"),
            {SqlBytes{after}, ToSqlInt(limit)});
  if (!found.ok()) return found.status();
  std::vector<AgentRecord> agents;
  agents.reserve(found->rows.size());
  for (std::vector<SqlCell>& row : found->rows) {
    absl::StatusOr<AgentRecord> agent = AgentFromRow(row);
    if (!agent.ok()) return agent.status();
    agents.push_back(*std::move(agent));
  }
  return agents;
}

absl::Status SqlStore::FlagEquivocation(absl::string_view agent_id) {
  return database_->Write([&](SqlSession& session) {
    const absl::StatusOr<SqlResult> changed = session.Run(kFlagEquivocation, {SqlBytes{agent_id}});
    if (!changed.ok()) return changed.status();
    return changed->affected == 1 ? absl::OkStatus() : NoSuchAgent(agent_id);
  });
}

absl::StatusOr<AgentRecord> SqlStore::EndAgent(absl::string_view agent_id, v1::AgentEnd end,
                                               absl::Time time) {
  if (end == v1::AGENT_END_UNSPECIFIED) {
    return absl::InvalidArgumentError("end: must say why the agent ends");
  }
  absl::StatusOr<AgentRecord> agent;
  const absl::Status status = WriteNumbered(*database_, [&](SqlSession& session) {
    if (absl::Status ended = EndIn(session, agent_id, end, time); !ended.ok()) return ended;
    agent = SelectAgent(session, agent_id);
    return agent.status();
  });
  if (!status.ok()) return status;
  return agent;
}

absl::StatusOr<bool> SqlStore::ForgetOrEndAgent(absl::string_view agent_id, absl::Time time) {
  absl::StatusOr<bool> forgotten = false;
  const absl::Status status = WriteNumbered(*database_, [&](SqlSession& session) {
    forgotten = ForgetIn(session, agent_id);
    if (!forgotten.ok() || *forgotten) return forgotten.status();
    absl::Status ended = EndIn(session, agent_id, v1::AGENT_END_LEFT, time);
    return ended.ok() ? SelectAgent(session, agent_id).status() : ended;
  });
  if (!status.ok()) return status;
  return forgotten;
}

absl::Status SqlStore::AddKeySuccession(const v1::KeySuccession& succession) {
  if (absl::Status status = CheckSuccessionFields(succession); !status.ok()) return status;
  return WriteNumbered(*database_,
                       [&](SqlSession& session) { return AddSuccession(session, succession); });
}

absl::StatusOr<std::vector<v1::KeySuccession>> SqlStore::ReadKeySuccessions(
    absl::string_view agent_id) {
  absl::StatusOr<std::vector<v1::KeySuccession>> successions;
  const absl::Status status = database_->Read([&](SqlSession& session) {
    successions = SelectSuccessions(session, agent_id);
    return successions.status();
  });
  if (!status.ok()) return status;
  return successions;
}

absl::StatusOr<std::vector<AgentChangeRecord>> SqlStore::ReadAgentChanges(int64_t after,
                                                                          size_t limit) {
  absl::StatusOr<SqlResult> found = Query(kSelectChanges, {after, ToSqlInt(limit)});
  if (!found.ok()) return found.status();
  std::vector<AgentChangeRecord> changes;
  for (std::vector<SqlCell>& row : found->rows) {
    changes.push_back({row[0].number, std::move(row[1].bytes)});
  }
  return changes;
}

}  // namespace sightline
