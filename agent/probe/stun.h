#ifndef SIGHTLINE_AGENT_PROBE_STUN_H_
#define SIGHTLINE_AGENT_PROBE_STUN_H_

// STUN binding requests and their responses as bytes (RFC 8489, and RFC 5389 before it), enough to
// learn one's own address. No authentication, no fingerprint. Pure; thread-safe.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/probe/destination.h"

namespace sightline::probe {

// Must be random, from the system's generator: it is all that tells an answer from a forgery.
using StunTransactionId = std::array<uint8_t, 12>;

// 20 bytes.
std::string PackStunRequest(const StunTransactionId& id);

// The address that a binding success response to PackStunRequest(id) tells: XOR-MAPPED-ADDRESS,
// else MAPPED-ADDRESS, which older servers send. nullopt for anything else, including another
// transaction, a length that is not the datagram's, an attribute that leaves the message, and
// unknown attributes that must be understood.
std::optional<IpAddress> ParseStunResponse(absl::string_view datagram, const StunTransactionId& id);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_STUN_H_
