#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/agent/probe/engine_fixture.h"

namespace sightline::probe {
namespace {

using EngineDnsTest = EngineTest;

TEST_F(EngineDnsTest, ForgedAnswerThatArrivesFirst) {
  TcpServer genuine(kGenuine, 0, HttpsServer(*genuine_, kPage));
  TcpServer forged(kForged, genuine.port(), HttpsServer(*impostor_, kPage));
  check_.set_port(genuine.port());
  SetHold(300);
  const v1::Observation seen = Run({{{kForged}}, {{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "boooo") << seen.DebugString();
  EXPECT_EQ(seen.dns().responses_size(), 2);
  EXPECT_EQ(seen.attempts_size(), 2);
  EXPECT_EQ(seen.failed_operation(), "resolve");
  EXPECT_EQ(seen.failure(), "dns_server_misbehaving");
  EXPECT_EQ(seen.dns().failure(), "");
  EXPECT_EQ(seen.attempts(0).tls().failure(), "ssl_invalid_hostname");
}

TEST_F(EngineDnsTest, ForgedAnswerThatArrivesLast) {
  TcpServer genuine(kGenuine, 0, HttpsServer(*genuine_, kPage));
  TcpServer forged(kForged, genuine.port(), HttpsServer(*impostor_, kPage));
  check_.set_port(genuine.port());
  SetHold(300);
  const v1::Observation seen = Run({{{kGenuine}}, {{kForged}}});
  EXPECT_EQ(Letters(seen.layers()), "boooo") << seen.DebugString();
  EXPECT_EQ(seen.attempts_size(), 2);
}

TEST_F(EngineDnsTest, ForgedAnswerAndResetAtTheGenuineAddressAreBothTold) {
  TcpServer genuine(kGenuine, 0, ResetAfterFirstBytes);
  TcpServer forged(kForged, genuine.port(), HttpsServer(*impostor_, kPage));
  check_.set_port(genuine.port());
  SetHold(300);
  const v1::Observation seen = Run({{{kForged}}, {{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "bobuu") << seen.DebugString();
  EXPECT_EQ(seen.failure(), "dns_server_misbehaving");
  EXPECT_EQ(seen.attempts(1).tls().failure(), "connection_reset");
}

TEST_F(EngineDnsTest, RepeatedAnswersDoNotDisagree) {
  TcpServer genuine(kGenuine, 0, HttpsServer(*genuine_, kPage));
  check_.set_port(genuine.port());
  SetHold(300);
  const v1::Observation seen = Run({{{kGenuine}}, {{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "ooooo");
  EXPECT_EQ(seen.dns().responses_size(), 2);
  EXPECT_EQ(genuine.connections(), 1);
}

TEST_F(EngineDnsTest, ResolutionFailures) {
  struct Case {
    std::vector<FakeReply> replies;
    const char* failure;
  };
  const std::vector<Case> cases = {
      {{{{}, 3}}, "dns_nxdomain_error"},
      {{{{}, 2}}, "dns_servfail_error"},
      {{{{}, 5}}, "dns_refused_error"},
      {{{{}, 0}}, "dns_no_answer"},
      {{{{}, 4}}, "dns_server_misbehaving"},
      {{}, "generic_timeout_error"},
      {{{{kGenuine}, 0, true}}, "dns_reply_with_wrong_query_id"},
      {{{{"10.10.34.35"}}}, "dns_bogon_error"},
      {{{{"198.18.3.4", "192.168.1.1"}}}, "dns_bogon_error"},
  };
  check_.set_port(443);
  SetTimeout(300);
  for (const Case& in : cases) {
    const v1::Observation seen = Run(in.replies);
    EXPECT_EQ(Letters(seen.layers()), "buuuu") << in.failure;
    EXPECT_EQ(seen.failure(), in.failure);
    EXPECT_EQ(seen.dns().failure(), in.failure);
    EXPECT_EQ(seen.failed_operation(), "resolve") << in.failure;
    EXPECT_EQ(seen.attempts_size(), 0) << in.failure;
  }
}

TEST_F(EngineDnsTest, WrongIdIsForgottenWhenTheAnswerComes) {
  TcpServer server(kGenuine, 0, HttpsServer(*genuine_, kPage));
  check_.set_port(server.port());
  const v1::Observation seen = Run({{{kForged}, 0, true}, {{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "ooooo");
  EXPECT_EQ(seen.dns().responses_size(), 1);
}

TEST_F(EngineDnsTest, BogonIsReportedAsItsRange) {
  check_.set_port(443);
  const v1::Observation seen = Run({{{"10.10.34.35"}}});
  EXPECT_EQ(seen.dns().responses(0).addresses(0), "10.0.0.0/8");
}

TEST_F(EngineDnsTest, ThePolicyOfTheProgramsNeverConnectsToThisMachine) {
  TcpServer server(kGenuine, 0, HttpsServer(*genuine_, kPage));
  DnsServer dns({{{kGenuine}}});
  plan_.add_resolvers(dns.address());
  check_.set_port(server.port());
  const std::unique_ptr<Engine> strict = *Engine::Create();
  const v1::Observation seen =
      strict->RunRound(plan_, {&check_}, RoundOptions()).observations.at(0);
  EXPECT_EQ(Letters(seen.layers()), "uuuuu");
  EXPECT_EQ(dns.questions(), 0);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(EngineDnsTest, PrivateDestinationsAreRefusedWhateverTheResolverSays) {
  TcpServer server(kGenuine, 0, HttpsServer(*genuine_, kPage));
  check_.set_port(server.port());
  const auto resolver_only = [](const IpAddress& address) {
    return address.bytes[3] == 1 ? absl::string_view() : ReservedRange(address);
  };
  engine_ = *Engine::CreateForTesting(resolver_only);
  const v1::Observation seen = Run({{{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "buuuu");
  EXPECT_EQ(seen.failure(), "dns_bogon_error");
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace sightline::probe
