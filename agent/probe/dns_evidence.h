#ifndef SIGHTLINE_AGENT_PROBE_DNS_EVIDENCE_H_
#define SIGHTLINE_AGENT_PROBE_DNS_EVIDENCE_H_

// From DNS replies to evidence. Pure; thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/probe/destination.h"
#include "agent/probe/dns_wire.h"
#include "sightline/v1/observation.pb.h"

namespace sightline::probe {

inline constexpr int kResponsesMax = 16;

// A host that no question can carry: the plan's fault, not the path's.
inline constexpr absl::string_view kNotADnsName = "unknown_failure: not a DNS name";

// How the addresses of an answer are written down. Both outlive the reader.
struct AnswerRules {
  const DestinationPolicy& policy;
  const std::vector<AddressRange>& forged_ranges;
};

// Adds what `reply` says. An address that the policy refuses becomes its range; it may make a
// forged range known all the same.
void AddResponse(const DnsReply& reply, uint32_t delay_us, const AnswerRules& rules,
                 v1::DnsEvidence* evidence);

// Sets the failure of the whole: none when some response holds a public address, else what the
// responses come to, else, without any, `nothing`.
void SetFailure(std::string nothing, v1::DnsEvidence* evidence);

// Whether one cannot rely on what a question brought: it failed, or some response denies the name,
// holds a reserved address, one of a forged range or of another family than the one asked for, or
// is cut, or the responses disagree.
bool Suspicious(const v1::DnsEvidence& evidence);

// The evidence about a name that is an address, which nobody is asked about: one response at once.
v1::DnsEvidence LiteralEvidence(const IpAddress& address, const AnswerRules& rules);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_DNS_EVIDENCE_H_
