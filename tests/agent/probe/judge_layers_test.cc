#include <gtest/gtest.h>

#include <vector>

#include "tests/agent/probe/judge_case.h"

namespace sightline::probe {
namespace {

TEST(JudgeLayersTest, OneAnswer) {
  const std::vector<JudgeCase> cases = {
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
  };
  for (const JudgeCase& in : cases) ExpectJudgement(in);
}

TEST(JudgeLayersTest, WhatWasNotAttemptedIsUntested) {
  const std::vector<JudgeCase> cases = {
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
  };
  for (const JudgeCase& in : cases) ExpectJudgement(in);
}

TEST(JudgeLayersTest, ProtocolsHaveTheirOwnLayers) {
  const std::vector<JudgeCase> cases = {
      {"name resolution alone", kDns, {{"A"}}, "", {}, "o----", "", ""},
      {"connect alone", kTcp, {{"A"}}, "", {{"A", Met::kConnectOnly}}, "oo---", "", ""},
      {"TLS alone", kTls, {{"A"}}, "", {{"A", Met::kProof}}, "ooo-o", "", ""},
  };
  for (const JudgeCase& in : cases) ExpectJudgement(in);
}

TEST(JudgeLayersTest, WhatTheServiceSays) {
  const std::vector<JudgeCase> cases = {
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
  for (const JudgeCase& in : cases) ExpectJudgement(in);
}

}  // namespace
}  // namespace sightline::probe
