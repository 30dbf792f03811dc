#ifndef SIGHTLINE_AGENT_PROBE_DNS_WIRE_H_
#define SIGHTLINE_AGENT_PROBE_DNS_WIRE_H_

// DNS messages as bytes (RFC 1035); ldns packs and parses. Pure; thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/probe/destination.h"

namespace sightline::probe {

inline constexpr int kAddressesPerResponseMax = 16;

enum class DnsType {
  kA,     // IPv4 addresses.
  kAaaa,  // IPv6 addresses.
};

// One question as it goes over the wire.
struct DnsQuery {
  // ASCII; upper and lower case are the same name.
  absl::string_view host;
  DnsType type = DnsType::kA;
  uint16_t id = 0;
};

// Recursion desired, without EDNS, so that replies over UDP keep to 512 bytes. INVALID_ARGUMENT
// when the host is no DNS name.
absl::StatusOr<std::string> PackDnsQuery(const DnsQuery& query);

enum class DnsMatch {
  kAnswer,      // Answers the question, or refuses with an error and without repeating it.
  kWrongId,     // The same, but under another id.
  kUnrelated,   // Not a response, or to another question.
  kUnreadable,  // Not DNS.
};

struct DnsReply {
  DnsMatch match = DnsMatch::kUnreadable;
  uint32_t rcode = 0;
  // The server cut the answer and wants to be asked over TCP.
  bool truncated = false;
  // Of the answer section, in its order, whoever owns them and of either family, whichever was
  // asked for: an injector may not care. At most kAddressesPerResponseMax.
  std::vector<IpAddress> addresses;
  uint32_t ttl_min_s = 0;
};

// Reads a message (a datagram, or what follows the length over TCP) that came in reply to
// PackDnsQuery(query).
DnsReply ParseDnsReply(absl::string_view message, const DnsQuery& query);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_DNS_WIRE_H_
