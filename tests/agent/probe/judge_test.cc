#include "agent/probe/judge.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sightline::probe {
namespace {

constexpr auto kDns = v1::CHECK_PROTOCOL_DNS;
constexpr auto kTcp = v1::CHECK_PROTOCOL_TCP;
constexpr auto kTls = v1::CHECK_PROTOCOL_TLS;
constexpr auto kHttp = v1::CHECK_PROTOCOL_HTTP;
constexpr auto kHttps = v1::CHECK_PROTOCOL_HTTPS;

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

void SetTls(const std::string& failure, v1::Attempt* attempt) {
  attempt->mutable_tls()->set_failure(failure);
  attempt->mutable_tls()->set_verified(failure.empty());
}

void SetHttp(uint32_t status, bool expected, v1::Attempt* attempt) {
  attempt->mutable_http()->set_status(status);
  attempt->mutable_http()->set_expected(expected);
}

v1::Attempt At(const std::string& address, Met met) {
  v1::Attempt attempt;
  attempt.set_address(address);
  switch (met) {
    case Met::kProof:
      SetTls("", &attempt);
      SetHttp(200, true, &attempt);
      break;
    case Met::kPlain:
      SetHttp(200, true, &attempt);
      break;
    case Met::kConnectOnly:
      break;
    case Met::kOtherName:
      SetTls("ssl_invalid_hostname", &attempt);
      break;
    case Met::kStranger:
      SetTls("ssl_unknown_authority", &attempt);
      break;
    case Met::kExpired:
      SetTls("ssl_invalid_certificate", &attempt);
      break;
    case Met::kReset:
      SetTls("connection_reset", &attempt);
      break;
    case Met::kBlackHole:
      attempt.set_connect_failure("generic_timeout_error");
      break;
    case Met::kNoDescriptors:
      attempt.set_connect_failure("unknown_failure: errno 24");
      break;
    case Met::k503:
      SetTls("", &attempt);
      SetHttp(503, false, &attempt);
      break;
    case Met::kPlain503:
      SetHttp(503, false, &attempt);
      break;
    case Met::k403:
      SetTls("", &attempt);
      SetHttp(403, false, &attempt);
      break;
    case Met::kWrongBody:
      SetTls("", &attempt);
      SetHttp(200, false, &attempt);
      break;
    case Met::kHttpReset:
      SetTls("", &attempt);
      attempt.mutable_http()->set_failure("connection_reset");
      break;
  }
  return attempt;
}

struct Tried {
  const char* address;
  Met met;
};

struct Case {
  const char* why;
  v1::CheckProtocol protocol;
  // One list of addresses per response; an empty list is NXDOMAIN.
  std::vector<std::vector<std::string>> answers;
  const char* dns_failure;
  std::vector<Tried> tried;
  // dns tcp tls http app: o OK, b BLOCKED, d DOWN, u UNTESTED, - no such layer.
  const char* layers;
  const char* operation;
  const char* failure;
};

std::string Letters(const v1::LayerVector& layers) {
  const std::string names = "-obdtu";
  std::string letters;
  for (const v1::LayerState state :
       {layers.dns(), layers.tcp(), layers.tls(), layers.http(), layers.app()}) {
    letters += names.at(static_cast<size_t>(state));
  }
  return letters;
}

void ExpectCase(const Case& in) {
  v1::Check check;
  check.set_protocol(in.protocol);
  check.set_status_min(200);
  check.set_status_max(299);
  v1::DnsEvidence dns;
  dns.set_failure(in.dns_failure);
  for (const auto& addresses : in.answers) {
    v1::DnsResponse* response = dns.add_responses();
    response->set_rcode(addresses.empty() ? 3 : 0);
    for (const std::string& address : addresses) response->add_addresses(address);
  }
  Attempts attempts;
  for (const Tried& tried : in.tried) *attempts.Add() = At(tried.address, tried.met);
  const Judgement out = Judge(check, &dns, attempts);
  EXPECT_EQ(Letters(out.layers), in.layers) << in.why;
  EXPECT_EQ(out.failed_operation, in.operation) << in.why;
  EXPECT_EQ(out.failure, in.failure) << in.why;
}

TEST(JudgeTest, OneVoice) {
  const std::vector<Case> cases = {
      {"everything works", kHttps, {{"A"}}, "", {{"A", Met::kProof}}, "ooooo", "", ""},
      {"second address of the same answer",
       kHttps,
       {{"A", "B"}},
       "",
       {{"A", Met::kBlackHole}, {"B", Met::kProof}},
       "ooooo",
       "",
       ""},
      {"reset on the name",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::kReset}},
       "oobuu",
       "tls_handshake",
       "connection_reset"},
      {"address blocked",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::kBlackHole}},
       "obuuu",
       "connect",
       "generic_timeout_error"},
      {"the address that got farthest counts",
       kHttps,
       {{"A", "B"}},
       "",
       {{"A", Met::kBlackHole}, {"B", Met::kReset}},
       "oobuu",
       "tls_handshake",
       "connection_reset"},
      {"the answer leads elsewhere",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::kOtherName}},
       "bobuu",
       "tls_handshake",
       "ssl_invalid_hostname"},
      {"somebody in the middle",
       kTls,
       {{"A"}},
       "",
       {{"A", Met::kStranger}},
       "bob-u",
       "tls_handshake",
       "ssl_unknown_authority"},
      {"a stranger beside the genuine one accuses nobody",
       kHttps,
       {{"A", "B"}},
       "",
       {{"A", Met::kStranger}, {"B", Met::kProof}},
       "ooooo",
       "",
       ""},
      {"expired, but the right name: the answer was right",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::kExpired}},
       "oobuu",
       "tls_handshake",
       "ssl_invalid_certificate"},
      {"no time left for an attempt", kHttps, {{"A"}}, "", {}, "ouuuu", "", ""},
      {"connected when time ran out",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::kConnectOnly}},
       "oouuu",
       "",
       ""},
      {"this machine's own trouble",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::kNoDescriptors}},
       "ouuuu",
       "connect",
       "unknown_failure: errno 24"},
      {"name resolution alone", kDns, {{"A"}}, "", {}, "o----", "", ""},
      {"connect alone", kTcp, {{"A"}}, "", {{"A", Met::kConnectOnly}}, "oo---", "", ""},
      {"TLS alone", kTls, {{"A"}}, "", {{"A", Met::kProof}}, "ooo-o", "", ""},
  };
  for (const Case& in : cases) ExpectCase(in);
}

TEST(JudgeTest, NoUsableAnswer) {
  const std::vector<Case> cases = {
      {"no such name",
       kHttps,
       {{}},
       "dns_nxdomain_error",
       {},
       "buuuu",
       "resolve",
       "dns_nxdomain_error"},
      {"silence",
       kHttps,
       {},
       "generic_timeout_error",
       {},
       "buuuu",
       "resolve",
       "generic_timeout_error"},
      {"reserved range",
       kHttps,
       {{"10.0.0.0/8"}},
       "dns_bogon_error",
       {},
       "buuuu",
       "resolve",
       "dns_bogon_error"},
      {"this machine's own trouble",
       kHttps,
       {},
       "unknown_failure: errno 24",
       {},
       "uuuuu",
       "resolve",
       "unknown_failure: errno 24"},
      {"name resolution alone",
       kDns,
       {{}},
       "dns_nxdomain_error",
       {},
       "b----",
       "resolve",
       "dns_nxdomain_error"},
  };
  for (const Case& in : cases) ExpectCase(in);
}

TEST(JudgeTest, VoicesThatDisagree) {
  const std::vector<Case> cases = {
      {"forged first",
       kHttps,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kOtherName}, {"G", Met::kProof}},
       "boooo",
       "tls_handshake",
       "ssl_invalid_hostname"},
      {"forged last",
       kHttps,
       {{"G"}, {"F"}},
       "",
       {{"G", Met::kProof}, {"F", Met::kBlackHole}},
       "boooo",
       "connect",
       "generic_timeout_error"},
      {"forged, and the genuine address resets: all causes",
       kHttps,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kOtherName}, {"G", Met::kReset}},
       "bobuu",
       "tls_handshake",
       "ssl_invalid_hostname"},
      {"forged into silence, and the genuine address resets",
       kHttps,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kBlackHole}, {"G", Met::kReset}},
       "bobuu",
       "connect",
       "generic_timeout_error"},
      {"a forger's server says nothing about the genuine black hole",
       kHttps,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kOtherName}, {"G", Met::kBlackHole}},
       "bbuuu",
       "tls_handshake",
       "ssl_invalid_hostname"},
      {"two forgers",
       kHttps,
       {{"F"}, {"E"}, {"G"}},
       "",
       {{"F", Met::kOtherName}, {"E", Met::kOtherName}, {"G", Met::kProof}},
       "boooo",
       "tls_handshake",
       "ssl_invalid_hostname"},
      {"a forged denial",
       kHttps,
       {{}, {"G"}},
       "",
       {{"G", Met::kProof}},
       "boooo",
       "resolve",
       "dns_nxdomain_error"},
      {"a forged reserved address",
       kHttps,
       {{"10.0.0.0/8"}, {"G"}},
       "",
       {{"G", Met::kProof}},
       "boooo",
       "resolve",
       "dns_bogon_error"},
      {"both answers prove identity",
       kHttps,
       {{"G"}, {"H"}},
       "",
       {{"G", Met::kProof}, {"H", Met::kProof}},
       "ooooo",
       "",
       ""},
      {"the same answer twice",
       kHttps,
       {{"G", "H"}, {"H", "G"}},
       "",
       {{"G", Met::kProof}},
       "ooooo",
       "",
       ""},
      {"without identity nobody can be believed",
       kTcp,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kConnectOnly}, {"G", Met::kConnectOnly}},
       "bo---",
       "resolve",
       "dns_server_misbehaving"},
  };
  for (const Case& in : cases) ExpectCase(in);
}

TEST(JudgeTest, WhatTheServiceSays) {
  const std::vector<Case> cases = {
      {"the genuine service is out of order",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::k503}},
       "ooodd",
       "http_round_trip",
       "http_unexpected_status_code"},
      {"one address out of order, one fine",
       kHttps,
       {{"A", "B"}},
       "",
       {{"A", Met::k503}, {"B", Met::kProof}},
       "ooooo",
       "",
       ""},
      {"503 in the clear may be anybody's",
       kHttp,
       {{"A"}},
       "",
       {{"A", Met::kPlain503}},
       "oo-b-",
       "http_round_trip",
       "http_unexpected_status_code"},
      {"unexpected status",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::k403}},
       "ooobb",
       "http_round_trip",
       "http_unexpected_status_code"},
      {"unexpected body",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::kWrongBody}},
       "ooobb",
       "http_round_trip",
       "http_request_failed"},
      {"cut after the handshake",
       kHttps,
       {{"A"}},
       "",
       {{"A", Met::kHttpReset}},
       "ooobu",
       "http_round_trip",
       "connection_reset"},
      {"in the clear there is no proof", kHttp, {{"A"}}, "", {{"A", Met::kPlain}}, "oo-o-", "", ""},
  };
  for (const Case& in : cases) ExpectCase(in);
}

TEST(JudgeTest, WithoutAQuestionNothingIsSaid) {
  v1::Check check;
  check.set_protocol(kHttps);
  const Judgement out = Judge(check, nullptr, {});
  EXPECT_EQ(Letters(out.layers), "uuuuu");
  EXPECT_EQ(out.failure, "");
}

TEST(JudgeTest, EveryVoiceIsHeardBeforeAnyIsHeardTwice) {
  v1::DnsEvidence dns;
  for (const auto& addresses : std::vector<std::vector<std::string>>{
           {"A1", "A2", "A3"}, {"B1"}, {}, {"10.0.0.0/8"}, {"A1"}, {"C1", "C2"}}) {
    v1::DnsResponse* response = dns.add_responses();
    for (const std::string& address : addresses) response->add_addresses(address);
  }
  EXPECT_EQ(AddressesToTry(dns), (std::vector<std::string>{"A1", "B1", "C1", "A2"}));
}

}  // namespace
}  // namespace sightline::probe
