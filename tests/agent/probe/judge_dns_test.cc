#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/probe/judge.h"
#include "tests/agent/probe/judge_case.h"
#include "tests/agent/probe/layer_letters.h"

namespace sightline::probe {
namespace {

TEST(JudgeDnsTest, NoUsableAnswer) {
  const std::vector<JudgeCase> cases = {
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
  for (const JudgeCase& in : cases) ExpectJudgement(in);
}

TEST(JudgeDnsTest, LoneAnswerIsContradictedByTheServerItLeadsTo) {
  const std::vector<JudgeCase> cases = {
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
      {"known by the forger's server, not by the silence beside it",
       kHttps,
       {{"A", "B"}},
       "",
       {{"A", Met::kBlackHole}, {"B", Met::kOtherName}},
       "bbuuu",
       "tls_handshake",
       "ssl_invalid_hostname"},
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
  };
  for (const JudgeCase& in : cases) ExpectJudgement(in);
}

TEST(JudgeDnsTest, VoicesThatDisagreeAreAMisbehavingResolver) {
  const std::vector<JudgeCase> cases = {
      {"forged first",
       kHttps,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kOtherName}, {"G", Met::kProof}},
       "boooo",
       "resolve",
       "dns_server_misbehaving"},
      {"forged last",
       kHttps,
       {{"G"}, {"F"}},
       "",
       {{"G", Met::kProof}, {"F", Met::kBlackHole}},
       "boooo",
       "resolve",
       "dns_server_misbehaving"},
      {"forged, and the genuine address resets: all causes",
       kHttps,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kOtherName}, {"G", Met::kReset}},
       "bobuu",
       "resolve",
       "dns_server_misbehaving"},
      {"forged into silence, and the genuine address resets",
       kHttps,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kBlackHole}, {"G", Met::kReset}},
       "bobuu",
       "resolve",
       "dns_server_misbehaving"},
      {"a forger's server says nothing about the genuine black hole",
       kHttps,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kOtherName}, {"G", Met::kBlackHole}},
       "bbuuu",
       "resolve",
       "dns_server_misbehaving"},
      {"two forgers",
       kHttps,
       {{"F"}, {"E"}, {"G"}},
       "",
       {{"F", Met::kOtherName}, {"E", Met::kOtherName}, {"G", Met::kProof}},
       "boooo",
       "resolve",
       "dns_server_misbehaving"},
      {"without identity nobody can be believed",
       kTcp,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kConnectOnly}, {"G", Met::kConnectOnly}},
       "bo---",
       "resolve",
       "dns_server_misbehaving"},
      {"neither answer leads to anybody",
       kHttps,
       {{"F"}, {"G"}},
       "",
       {{"F", Met::kBlackHole}, {"G", Met::kBlackHole}},
       "bbuuu",
       "resolve",
       "dns_server_misbehaving"},
  };
  for (const JudgeCase& in : cases) ExpectJudgement(in);
}

TEST(JudgeDnsTest, ForgedDenialAndReservedAddressHaveTheirOwnWords) {
  const std::vector<JudgeCase> cases = {
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
      {"a forged denial that comes late",
       kHttps,
       {{"G"}, {}},
       "",
       {{"G", Met::kProof}},
       "boooo",
       "resolve",
       "dns_nxdomain_error"},
  };
  for (const JudgeCase& in : cases) ExpectJudgement(in);
}

TEST(JudgeDnsTest, VoicesThatComeToTheSameAccuseNobody) {
  const std::vector<JudgeCase> cases = {
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
  };
  for (const JudgeCase& in : cases) ExpectJudgement(in);
}

TEST(JudgeDnsTest, WithoutAQuestionNothingIsSaid) {
  v1::Check check;
  check.set_protocol(kHttps);
  const Judgement out = Judge(check, v1::Observation());
  EXPECT_EQ(Letters(out.layers), "uuuuu");
  EXPECT_EQ(out.failure, "");
}

TEST(JudgeDnsTest, EveryVoiceIsHeardBeforeAnyIsHeardTwice) {
  v1::DnsEvidence dns;
  for (const auto& addresses : std::vector<std::vector<std::string>>{
           {"A1", "A2", "A3"}, {"B1"}, {}, {"10.0.0.0/8"}, {"A1"}, {"C1", "C2"}}) {
    v1::DnsResponse* response = dns.add_responses();
    for (const std::string& address : addresses) response->add_addresses(address);
  }
  // A forger that fills an answer with IPv6 addresses must not crowd the genuine one out.
  dns.mutable_responses(0)->set_addresses(0, "2001::1");
  EXPECT_EQ(AddressesToTry(dns, {}), (std::vector<std::string>{"B1", "A1", "C1", "A2"}));
  dns.mutable_responses(0)->set_addresses(0, "A1");
  EXPECT_EQ(AddressesToTry(dns, {}), (std::vector<std::string>{"A1", "B1", "C1", "A2"}));
}

}  // namespace
}  // namespace sightline::probe
