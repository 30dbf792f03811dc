#include "tests/agent/probe/judge_case.h"

#include <gtest/gtest.h>

#include "agent/probe/judge.h"
#include "tests/agent/probe/layer_letters.h"

namespace sightline::probe {
namespace {

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

}  // namespace

void ExpectJudgement(const JudgeCase& in) {
  v1::Check check;
  check.set_protocol(in.protocol);
  check.set_status_min(200);
  check.set_status_max(299);
  v1::Observation seen;
  v1::DnsEvidence& dns = *seen.mutable_dns();
  dns.set_failure(in.dns_failure);
  for (const auto& addresses : in.answers) {
    v1::DnsResponse* response = dns.add_responses();
    response->set_rcode(addresses.empty() ? 3 : 0);
    for (const std::string& address : addresses) response->add_addresses(address);
  }
  for (const Tried& tried : in.tried) *seen.add_attempts() = At(tried.address, tried.met);
  const Judgement out = Judge(check, seen);
  EXPECT_EQ(Letters(out.layers), in.layers) << in.why;
  EXPECT_EQ(out.failed_operation, in.operation) << in.why;
  EXPECT_EQ(out.failure, in.failure) << in.why;
}

}  // namespace sightline::probe
