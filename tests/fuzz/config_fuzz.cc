// Files of the agent's folder that a person may edit, and the invite that a person hands on.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/state.h"
#include "agent/status_board.h"
#include "agent/status_text.h"
#include "common/invite.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void TakeIdentity(const std::string& text) {
  const auto identity = sightline::agent::IdentityFromToml(text);
  if (!identity.ok()) {
    Require(!identity.status().message().empty());
    return;
  }
  const auto again = sightline::agent::IdentityFromToml(IdentityToToml(*identity));
  Require(again.ok() && again->agent_id == identity->agent_id &&
          again->region == identity->region && again->collectors == identity->collectors);
}

void TakeStatus(const std::string& text) {
  const auto status = sightline::agent::StatusFromToml(text);
  if (!status.ok()) {
    Require(!status.status().message().empty());
    return;
  }
  const sightline::agent::Identity identity;
  sightline::agent::StatusView view{identity};
  view.status = &*status;
  view.running = true;
  FormatStatusJson(view);
  FormatStatusText(view);
}

void TakeInvite(const std::string& text) {
  const auto invite = sightline::DecodeInvite(text);
  if (!invite.ok()) {
    Require(!invite.status().message().empty());
    return;
  }
  Require(invite->token().size() == 32 && invite->operator_public_key().size() == 32);
  Require(sightline::DecodeInvite(sightline::EncodeInvite(*invite)).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  TakeIdentity(text);
  TakeStatus(text);
  TakeInvite(text);
  // The fuzzer cannot guess the check digits of an invite: with them its bytes get further.
  sightline::v1::Invite invite;
  if (invite.ParseFromString(text)) TakeInvite(sightline::EncodeInvite(invite));
  return 0;
}
