#ifndef SIGHTLINE_AGENT_PROBE_JUDGE_H_
#define SIGHTLINE_AGENT_PROBE_JUDGE_H_

// From what a check saw to a state per layer. The rules are in README.md. Pure; thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

inline constexpr int kAddressesPerCheckMax = 4;

using Attempts = google::protobuf::RepeatedPtrField<v1::Attempt>;

struct Judgement {
  v1::LayerVector layers;
  std::string failure;
  std::string failed_operation;
};

// `dns` is nullptr when no question was sent. A reserved range in an answer is told from an address
// by its slash.
Judgement Judge(const v1::Check& check, const v1::DnsEvidence* dns, const Attempts& attempts);

// The state of a check that was not run: UNTESTED for each layer of its protocol.
v1::LayerVector UntestedLayers(v1::CheckProtocol protocol);

// Whether the responses hold different sets of addresses, or some hold none and others do.
bool AnswersDisagree(const v1::DnsEvidence& dns);

// Public addresses of the responses, at most kAddressesPerCheckMax: the first of each response in
// order of arrival, then the others, so that each voice in a race is heard before any is heard
// twice.
std::vector<std::string> AddressesToTry(const v1::DnsEvidence& dns);

// The attempt that says most about the path to the genuine service; nullptr when there is none.
const v1::Attempt* BestAttempt(v1::CheckProtocol protocol, const Attempts& attempts);

// Failure of one attempt and its operation; empty strings when it did what the check asks for.
struct AttemptFailure {
  absl::string_view operation;
  std::string failure;
};
AttemptFailure FailureOf(const v1::Check& check, const v1::Attempt& attempt);

// Whether the attempt did all that the check's protocol asks for, with the expected result.
bool AttemptSucceeded(v1::CheckProtocol protocol, const v1::Attempt& attempt);

// Whether a server answered with a certificate that proves another identity than the one asked for.
bool IsImpersonator(const v1::Attempt& attempt);

// Whether the check takes the HTTP status for an answer of the service.
bool StatusExpected(const v1::Check& check, uint32_t status);

bool ProtocolHasTls(v1::CheckProtocol protocol);
bool ProtocolHasHttp(v1::CheckProtocol protocol);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_JUDGE_H_
