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

// A question for the IPv4 addresses (A) of `host`, recursion desired. INVALID_ARGUMENT when `host`
// is no DNS name.
absl::StatusOr<std::string> PackDnsQuery(absl::string_view host, uint16_t id);

enum class DnsMatch {
  kAnswer,      // Answers the question.
  kWrongId,     // Answers the question, but under another id.
  kUnrelated,   // Not a response, or to another question.
  kUnreadable,  // Not DNS.
};

struct DnsReply {
  DnsMatch match = DnsMatch::kUnreadable;
  uint32_t rcode = 0;
  // Of the answer section, in its order, at most kAddressesPerResponseMax.
  std::vector<IpAddress> addresses;
  uint32_t ttl_min_s = 0;
};

// Reads a datagram that came in reply to PackDnsQuery(host, id).
DnsReply ParseDnsReply(absl::string_view datagram, absl::string_view host, uint16_t id);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_DNS_WIRE_H_
