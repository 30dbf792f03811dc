#ifndef SIGHTLINE_AGENT_PROBE_EVIDENCE_H_
#define SIGHTLINE_AGENT_PROBE_EVIDENCE_H_

// What single pieces of evidence say. Pure; thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

inline constexpr int kAddressesPerCheckMax = 4;

using Attempts = google::protobuf::RepeatedPtrField<v1::Attempt>;
using Lookups = google::protobuf::RepeatedPtrField<v1::DnsEvidence>;

bool ProtocolHasTls(v1::CheckProtocol protocol);
// HTTP exchange or WebSocket upgrade.
bool ProtocolHasHttp(v1::CheckProtocol protocol);
bool ProtocolHasWebSocket(v1::CheckProtocol protocol);
bool ProtocolHasNoise(v1::CheckProtocol protocol);
// Whether the protocol can prove who answered.
bool ProtocolProves(v1::CheckProtocol protocol);

// Whether the target is a contrast that works everywhere: a domestic or foreign anchor.
bool IsAnchor(const v1::Target& target);

// A reserved range in an answer is told from an address by its slash.
bool IsRange(absl::string_view address);

// Whether the responses hold different sets of addresses, or some hold none and others do.
bool AnswersDisagree(const v1::DnsEvidence& dns);

// Whether the resolver says that there is no such name or address.
bool IsDenial(absl::string_view failure);

// IPv4 addresses worth a try, at most kAddressesPerCheckMax: the first of each response of `first`
// in order of arrival, then the first of each response in `others` (but for the injection control's
// and AAAA), then the rest, so that each voice is heard before any is heard twice. Responses in
// ranges that forgers are known for are left out.
std::vector<std::string> AddressesToTry(const v1::DnsEvidence& first, const Lookups& others);

// Whether the attempt did all that the check's protocol asks for, with the expected result.
bool AttemptSucceeded(const v1::Check& check, const v1::Attempt& attempt);

// Whether the attempt ended in a redirect that the check wants to see followed.
bool LeadsOn(const v1::Check& check, const v1::Attempt& attempt);

// Whether the attempt proved the identity of the service, by its certificate or its Noise chain.
bool ProvedIdentity(const v1::Attempt& attempt);

// Whether a server answered that proves another identity than the one asked for.
bool IsImpersonator(const v1::Attempt& attempt);

// Whether the service, having proved itself, said that it is out of order.
bool ServiceSaysDown(const v1::Attempt& attempt);

// Whether the connection was cut or fell silent, as a censor makes it.
bool IsCut(absl::string_view failure);

// The attempt that says most about the path to the genuine service; nullptr when there is none.
const v1::Attempt* BestAttempt(const v1::Check& check,
                               const std::vector<const v1::Attempt*>& attempts);

// Failure of one attempt and its operation; empty strings when it did what the check asks for.
struct AttemptFailure {
  absl::string_view operation;
  std::string failure;
};
AttemptFailure FailureOf(const v1::Check& check, const v1::Attempt& attempt);

// Whether the check takes the HTTP status for an answer of the service.
bool StatusExpected(const v1::Check& check, uint32_t status);

// Bits per second that came beyond what the round trips of the exchange explain; 0 when too few
// bytes came to tell.
double ThroughputBps(const v1::Attempt& attempt);
// Whether so little came through that throttling is worth a look.
bool IsSlow(const v1::Attempt& attempt);

// Which contrasts count; 0 or empty means any.
struct ContrastFilter {
  uint32_t port = 0;
  absl::string_view address;
  absl::string_view server_name;
};

// OK when any contrast of this kind is OK, else BLOCKED when any is, else TAINTED when any is, else
// UNTESTED.
v1::LayerState ContrastState(const v1::Observation& seen, v1::ContrastKind kind,
                             const ContrastFilter& filter = {});

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_EVIDENCE_H_
