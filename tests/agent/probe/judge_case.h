#ifndef SIGHTLINE_TESTS_AGENT_PROBE_JUDGE_CASE_H_
#define SIGHTLINE_TESTS_AGENT_PROBE_JUDGE_CASE_H_

// One golden row of the judge: what came back and what was met at each address, the judgement that
// must follow, and why.

#include <string>
#include <vector>

#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

inline constexpr auto kDns = v1::CHECK_PROTOCOL_DNS;
inline constexpr auto kTcp = v1::CHECK_PROTOCOL_TCP;
inline constexpr auto kTls = v1::CHECK_PROTOCOL_TLS;
inline constexpr auto kHttp = v1::CHECK_PROTOCOL_HTTP;
inline constexpr auto kHttps = v1::CHECK_PROTOCOL_HTTPS;

// What happened at an address.
enum class Met {
  kProof,          // Connect, verified TLS, expected response.
  kPlain,          // Connect, expected response, no TLS.
  kConnectOnly,    // Connect, nothing more was asked.
  kOtherName,      // A valid server of another name.
  kStranger,       // A chain to an unexpected authority.
  kExpired,        // The right name, but expired.
  kReset,          // Reset in the handshake.
  kBlackHole,      // No connect.
  kNoDescriptors,  // This machine could not open a socket.
  k503,            // 503 over verified TLS.
  kPlain503,       // 503 in the clear.
  k403,            // Unexpected status over verified TLS.
  kWrongBody,      // Expected status, unexpected body over verified TLS.
  kHttpReset,      // Verified TLS, then a reset.
};

struct Tried {
  const char* address;
  Met met;
};

struct JudgeCase {
  const char* why;
  v1::CheckProtocol protocol;
  // One list of addresses per response; an empty list is NXDOMAIN.
  std::vector<std::vector<std::string>> answers;
  const char* dns_failure;
  std::vector<Tried> tried;
  // As Letters() in layer_letters.h.
  const char* layers;
  const char* operation;
  const char* failure;
};

// Judges the row's evidence by a check that expects a status of 200 to 299.
void ExpectJudgement(const JudgeCase& in);

}  // namespace sightline::probe

#endif  // SIGHTLINE_TESTS_AGENT_PROBE_JUDGE_CASE_H_
