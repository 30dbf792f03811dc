#include "collector/agent_keys.h"

#include "absl/strings/str_cat.h"
#include "common/wire.h"

namespace sightline {

absl::StatusOr<AgentKeys> AgentKeys::Follow(absl::string_view agent_id, absl::string_view first_key,
                                            absl::Span<const v1::KeySuccession> successions) {
  absl::StatusOr<VerifyKey> key = VerifyKey::FromRaw(first_key);
  if (!key.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("public_key: ", key.status().message()));
  }
  if (key->Id() != agent_id) {
    return absl::InvalidArgumentError("agent_id: is not the hash of the agent's first key");
  }
  AgentKeys keys(std::string(agent_id), {{0, *std::move(key)}});
  for (const v1::KeySuccession& succession : successions) {
    absl::StatusOr<AgentKeys> next = keys.With(succession);
    if (!next.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "key_successions: after generation ", keys.generation(), ": ", next.status().message()));
    }
    keys = *std::move(next);
  }
  return keys;
}

absl::StatusOr<AgentKeys> AgentKeys::With(const v1::KeySuccession& succession) const {
  if (succession.agent_id() != agent_id_) {
    return absl::InvalidArgumentError("agent_id: the statement is about another agent");
  }
  if (succession.from_seq() == 0) {
    return absl::InvalidArgumentError("from_seq: the first batch is 1");
  }
  absl::StatusOr<VerifyKey> key = VerifyKey::FromRaw(succession.public_key());
  if (!key.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("public_key: ", key.status().message()));
  }
  if (succession.generation() != generation() + 1) {
    return absl::FailedPreconditionError(absl::StrCat("generation: the next is ", generation() + 1,
                                                      ", not ", succession.generation()));
  }
  if (generation() >= kKeyGenerationsMax) {
    return absl::FailedPreconditionError(absl::StrCat("generation: a key can be changed ",
                                                      kKeyGenerationsMax,
                                                      " times; enrol anew with a new invite"));
  }
  if (succession.from_seq() < periods_.back().from_seq) {
    return absl::FailedPreconditionError(
        absl::StrCat("from_seq: the present key begins with batch ", periods_.back().from_seq,
                     ", the next cannot begin before it with ", succession.from_seq()));
  }
  const std::string payload = RotatePayload(agent_id_, succession.generation(),
                                            succession.from_seq(), succession.public_key());
  if (!current().Verify(kRotateDomain, payload, succession.signature())) {
    return absl::UnauthenticatedError("signature: the present key did not sign the statement");
  }
  if (!key->Verify(kRotateDomain, payload, succession.proof())) {
    return absl::UnauthenticatedError("proof: the new key did not sign the statement");
  }
  std::vector<Period> periods = periods_;
  periods.push_back({succession.from_seq(), *std::move(key)});
  return AgentKeys(agent_id_, std::move(periods));
}

const VerifyKey& AgentKeys::KeyOf(uint64_t batch_seq) const {
  size_t period = periods_.size() - 1;
  while (period > 0 && periods_[period].from_seq > batch_seq) --period;
  return periods_[period].key;
}

}  // namespace sightline
