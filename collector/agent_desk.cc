#include "collector/agent_desk.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/agent_keys.h"
#include "collector/agent_watch.h"
#include "collector/log.h"
#include "common/crypto.h"
#include "common/message.h"
#include "common/wire.h"

namespace sightline {
namespace {

// Enough of an agent_id to find it in a log.
std::string ShortId(absl::string_view agent_id) {
  return absl::BytesToHexString(agent_id.substr(0, 6));
}

absl::Status CheckAgentId(absl::string_view agent_id) {
  if (agent_id.size() == kHashBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("agent_id: must have ", kHashBytes, " bytes, has ", agent_id.size()));
}

// Characters of UTF-8 text: all but what continues one.
size_t CountCharacters(absl::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

absl::Time WholeMs(absl::Time time) { return absl::FromUnixMillis(absl::ToUnixMillis(time)); }

// The agent's keys as the registry has them, and the statements that they follow from.
struct Chain {
  AgentKeys keys;
  std::vector<v1::KeySuccession> successions;
};

absl::StatusOr<Chain> ReadChain(Store& store, const std::string& agent_id) {
  const absl::StatusOr<AgentRecord> agent = store.FindAgent(agent_id);
  if (absl::IsNotFound(agent.status())) {
    return absl::NotFoundError("agent_id: no such agent is enrolled here");
  }
  if (!agent.ok()) return agent.status();
  absl::StatusOr<std::vector<v1::KeySuccession>> successions = store.ReadKeySuccessions(agent_id);
  if (!successions.ok()) return successions.status();
  absl::StatusOr<AgentKeys> keys = AgentKeys::Follow(agent_id, agent->public_key, *successions);
  if (!keys.ok()) return absl::DataLossError(keys.status().message());
  return Chain{*std::move(keys), *std::move(successions)};
}

void LogRefusal(const char* event, absl::string_view agent_id, const absl::Status& status) {
  Log(LogLevel::kWarn, "registry", event,
      {{"claimed_agent", ShortId(agent_id)},
       {"code", absl::StatusCodeToString(status.code())},
       {"detail", status.message()}});
}

}  // namespace

v1::AgentInfo ToAgentInfo(const AgentRecord& agent) {
  v1::AgentInfo info;
  info.set_agent_id(agent.agent_id);
  info.set_role(agent.role);
  info.set_region(agent.region);
  *info.mutable_enroll_time() = ToProto(agent.enroll_time);
  info.set_last_seq(agent.last_seq);
  info.set_equivocated(agent.equivocated);
  info.set_key_generation(agent.key_generation);
  info.set_end(agent.end);
  if (agent.end != v1::AGENT_END_UNSPECIFIED) *info.mutable_end_time() = ToProto(agent.end_time);
  return info;
}

// The change is stored; should the stream not be told now, the watch tells it.
void AgentDesk::Tell(absl::string_view agent_id) {
  const absl::Status status = TellStream(store_, streams_, agent_id);
  if (status.ok() || absl::IsNotFound(status)) return;
  Log(LogLevel::kError, "registry", "store_failed", {{"detail", status.ToString()}});
}

absl::StatusOr<v1::RevokeAgentResponse> AgentDesk::Revoke(const v1::RevokeAgentRequest& request) {
  if (absl::Status status = CheckAgentId(request.agent_id()); !status.ok()) return status;
  if (CountCharacters(request.reason()) > kRevokeReasonMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("reason: must have at most ", kRevokeReasonMax, " characters"));
  }
  const absl::StatusOr<AgentRecord> agent =
      store_.EndAgent(request.agent_id(), v1::AGENT_END_REVOKED, WholeMs(clock_.Now()));
  if (absl::IsNotFound(agent.status())) {
    return absl::NotFoundError(absl::StrCat(
        "agent_id: no agent ", absl::BytesToHexString(request.agent_id()), " is enrolled"));
  }
  if (!agent.ok()) return agent.status();
  Log(LogLevel::kInfo, "registry", "revoked", {{"agent", ShortId(agent->agent_id)}});
  Tell(agent->agent_id);
  v1::RevokeAgentResponse response;
  *response.mutable_agent() = ToAgentInfo(*agent);
  return response;
}

absl::Status AgentDesk::Change(const v1::KeySuccession& succession) {
  if (absl::Status status = CheckAgentId(succession.agent_id()); !status.ok()) return status;
  absl::StatusOr<Chain> chain = ReadChain(store_, succession.agent_id());
  if (!chain.ok()) return chain.status();
  // What is held was checked when it came.
  for (const v1::KeySuccession& held : chain->successions) {
    if (held.SerializeAsString() == succession.SerializeAsString()) return absl::OkStatus();
  }
  const absl::Status fits = chain->keys.With(succession).status();
  return fits.ok() ? store_.AddKeySuccession(succession) : fits;
}

absl::StatusOr<v1::RotateKeyResponse> AgentDesk::RotateKey(const v1::RotateKeyRequest& request) {
  const v1::KeySuccession& succession = request.succession();
  if (absl::Status status = Change(succession); !status.ok()) {
    LogRefusal("rotation_refused", succession.agent_id(), status);
    return status;
  }
  Log(LogLevel::kInfo, "registry", "key_changed",
      {{"agent", ShortId(succession.agent_id())},
       {"generation", succession.generation()},
       {"from_batch", succession.from_seq()}});
  Tell(succession.agent_id());
  return v1::RotateKeyResponse();
}

absl::StatusOr<bool> AgentDesk::Drop(const v1::LeaveRequest& request) {
  if (absl::Status status = CheckAgentId(request.agent_id()); !status.ok()) return status;
  const absl::StatusOr<Chain> chain = ReadChain(store_, request.agent_id());
  if (!chain.ok()) return chain.status();
  if (!chain->keys.current().Verify(kLeaveDomain, request.agent_id(), request.signature())) {
    return absl::UnauthenticatedError("signature: the agent's present key did not sign this");
  }
  return store_.ForgetOrEndAgent(request.agent_id(), WholeMs(clock_.Now()));
}

absl::StatusOr<v1::LeaveResponse> AgentDesk::Leave(const v1::LeaveRequest& request) {
  const absl::StatusOr<bool> forgotten = Drop(request);
  if (!forgotten.ok()) {
    LogRefusal("leave_refused", request.agent_id(), forgotten.status());
    return forgotten.status();
  }
  // Of an agent that is forgotten the log does not know the name either.
  Log(LogLevel::kInfo, "registry", "left",
      {{"agent", *forgotten ? "" : ShortId(request.agent_id())},
       {"forgotten", *forgotten ? "true" : "false"}});
  Tell(request.agent_id());
  v1::LeaveResponse response;
  response.set_forgotten(*forgotten);
  return response;
}

}  // namespace sightline
