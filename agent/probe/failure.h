#ifndef SIGHTLINE_AGENT_PROBE_FAILURE_H_
#define SIGHTLINE_AGENT_PROBE_FAILURE_H_

// OONI's failure strings (OONI data format df-007), so that results compare. Pure; thread-safe.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "common/rcode.h"

namespace sightline::probe {

inline constexpr absl::string_view kTimeout = "generic_timeout_error";
inline constexpr absl::string_view kConnectionReset = "connection_reset";
inline constexpr absl::string_view kEof = "eof_error";

inline constexpr absl::string_view kDnsBogon = "dns_bogon_error";
inline constexpr absl::string_view kDnsWrongId = "dns_reply_with_wrong_query_id";
inline constexpr absl::string_view kDnsMisbehaving = "dns_server_misbehaving";

inline constexpr absl::string_view kTlsInvalidHostname = "ssl_invalid_hostname";
inline constexpr absl::string_view kTlsUnknownAuthority = "ssl_unknown_authority";
inline constexpr absl::string_view kTlsInvalidCertificate = "ssl_invalid_certificate";
inline constexpr absl::string_view kTlsFailedHandshake = "ssl_failed_handshake";

inline constexpr absl::string_view kHttpRequestFailed = "http_request_failed";
inline constexpr absl::string_view kHttpUnexpectedStatus = "http_unexpected_status_code";
inline constexpr absl::string_view kHttpUnexpectedRedirect = "http_unexpected_redirect_url";
inline constexpr absl::string_view kHttpInvalidRedirect = "http_invalid_redirect_location_host";

inline constexpr absl::string_view kResolve = "resolve";
inline constexpr absl::string_view kConnect = "connect";
inline constexpr absl::string_view kTlsHandshake = "tls_handshake";
inline constexpr absl::string_view kHttpRoundTrip = "http_round_trip";
// Not OONI's: it has no Noise handshake.
inline constexpr absl::string_view kNoiseHandshake = "noise_handshake";

// For an errno of a socket call. What OONI has no word for is "unknown_failure: errno N": never the
// system's text, which could hold an address.
std::string FailureFromErrno(int error);

// Whether a failure is this machine's own doing (out of descriptors, a local firewall rule, a word
// that OONI does not have), and so says nothing about the path.
bool IsLocalFailure(absl::string_view failure);

// Whether the failure names something that a Noise responder said wrongly ("noise_...").
bool IsNoiseFailure(absl::string_view failure);

using ::sightline::FailureFromRcode;

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_FAILURE_H_
