#include "agent/probe/engine.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/agent/probe/engine_fixture.h"

namespace sightline::probe {
namespace {

TEST_F(EngineTest, GenuineServiceIsOpenWithEvidence) {
  check_.set_body_contains("WhatsApp");
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, kPage));
  EXPECT_EQ(Letters(seen.layers()), "ooooo") << seen.DebugString();
  EXPECT_EQ(seen.failure(), "");
  EXPECT_EQ(seen.failed_operation(), "");
  EXPECT_EQ(seen.check_id(), "whatsapp-web");
  ASSERT_EQ(seen.dns().responses_size(), 1);
  EXPECT_EQ(seen.dns().responses(0).addresses(0), kGenuine);
  EXPECT_EQ(seen.dns().responses(0).ttl_s(), 300U);
  EXPECT_GT(seen.dns().responses(0).delay_us(), 0U);
  ASSERT_EQ(seen.attempts_size(), 1);
  const v1::Attempt& attempt = seen.attempts(0);
  EXPECT_GT(attempt.connect_us(), 0U);
  EXPECT_GT(attempt.tls().handshake_us(), 0U);
  EXPECT_EQ(attempt.tls().server_name(), kHost);
  EXPECT_EQ(attempt.tls().version(), "TLSv1.3");
  EXPECT_TRUE(attempt.tls().verified());
  ASSERT_EQ(attempt.tls().chain_sha256_size(), 1);
  EXPECT_EQ(attempt.tls().chain_sha256(0), Sha256Of(*genuine_->certificate));
  EXPECT_EQ(attempt.http().status(), 200U);
  EXPECT_EQ(attempt.http().body_bytes(), 14U);
  EXPECT_GT(attempt.http().exchange_us(), 0U);
}

TEST_F(EngineTest, ResetOnTheServerName) {
  const v1::Observation seen = RunWith(ResetAfterFirstBytes);
  EXPECT_EQ(Letters(seen.layers()), "oobuu");
  EXPECT_EQ(seen.failure(), "connection_reset");
  EXPECT_EQ(seen.failed_operation(), "tls_handshake");
}

TEST_F(EngineTest, EndOfStreamOnTheServerName) {
  const v1::Observation seen = RunWith(CloseAfterFirstBytes);
  EXPECT_EQ(Letters(seen.layers()), "oobuu");
  EXPECT_EQ(seen.failure(), "eof_error");
}

TEST_F(EngineTest, ServerThatIsNotTls) {
  const v1::Observation seen = RunWith(TalkNonsense);
  EXPECT_EQ(Letters(seen.layers()), "oobuu");
  EXPECT_EQ(seen.failure(), "ssl_failed_handshake");
}

TEST_F(EngineTest, SilenceAfterTheServerNameEndsAtTheDeadline) {
  const SilentServer server(kGenuine, 0);
  check_.set_port(server.port());
  SetTimeout(400);
  const v1::Observation seen = Run({{{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "oobuu");
  EXPECT_EQ(seen.failure(), "generic_timeout_error");
  EXPECT_EQ(seen.failed_operation(), "tls_handshake");
  EXPECT_GE(seen.duration_ms(), 399U);
}

TEST_F(EngineTest, RefusedConnection) {
  uint16_t port = 0;
  { port = SilentServer(kGenuine, 0).port(); }
  check_.set_port(port);
  const v1::Observation seen = Run({{{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "obuuu");
  EXPECT_EQ(seen.failure(), "connection_refused");
  EXPECT_EQ(seen.failed_operation(), "connect");
}

TEST_F(EngineTest, BlackHoleTimesOutInTheConnect) {
  const BlackHole hole(kGenuine, 0);
  check_.set_port(hole.port());
  SetTimeout(400);
  const v1::Observation seen = Run({{{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "obuuu");
  EXPECT_EQ(seen.failure(), "generic_timeout_error");
  EXPECT_EQ(seen.failed_operation(), "connect");
  EXPECT_EQ(seen.attempts(0).connect_us(), 0U);
}

TEST_F(EngineTest, ABlackHoleDoesNotStarveTheNextAddress) {
  TcpServer server(kForged, 0, HttpsServer(*genuine_, kPage));
  const BlackHole hole(kGenuine, server.port());
  check_.set_port(server.port());
  SetTimeout(3000);
  const v1::Observation seen = Run({{{kGenuine, kForged}}});
  EXPECT_EQ(Letters(seen.layers()), "ooooo") << seen.DebugString();
  ASSERT_EQ(seen.attempts_size(), 2);
  EXPECT_EQ(seen.attempts(0).connect_failure(), "generic_timeout_error");
}

TEST_F(EngineTest, OnlyAnswerLeadsToAnotherName) {
  const v1::Observation seen = RunWith(HttpsServer(*impostor_, kPage));
  EXPECT_EQ(Letters(seen.layers()), "bobuu");
  EXPECT_EQ(seen.failure(), "ssl_invalid_hostname");
  EXPECT_EQ(seen.failed_operation(), "tls_handshake");
  EXPECT_EQ(seen.attempts(0).tls().chain_sha256(0), Sha256Of(*impostor_->certificate));
  EXPECT_FALSE(seen.attempts(0).has_http()) << "nothing is asked of a server without proof";
}

TEST_F(EngineTest, UnknownAuthority) {
  const Identity stranger = MakeRoot("Somebody else");
  const v1::Observation seen = RunWith(HttpsServer(MakeLeaf(stranger, kHost), kPage));
  EXPECT_EQ(Letters(seen.layers()), "bobuu");
  EXPECT_EQ(seen.failure(), "ssl_unknown_authority");
}

TEST_F(EngineTest, NameInTheSubjectAloneDoesNotCount) {
  const v1::Observation seen = RunWith(HttpsServer(MakeRoot(kHost), kPage));
  EXPECT_EQ(seen.failure(), "ssl_invalid_hostname");
}

TEST_F(EngineTest, ExpiredCertificateDoesNotAccuseTheResolver) {
  const v1::Observation seen = RunWith(HttpsServer(MakeLeaf(*root_, kHost, -30, -1), kPage));
  EXPECT_EQ(Letters(seen.layers()), "oobuu");
  EXPECT_EQ(seen.failure(), "ssl_invalid_certificate");
}

TEST_F(EngineTest, ShallowChecksStopAtTheirLayer) {
  TcpServer server(kGenuine, 0, HttpsServer(*genuine_, kPage));
  check_.set_port(server.port());
  check_.set_protocol(v1::CHECK_PROTOCOL_DNS);
  EXPECT_EQ(Letters(Run({{{kGenuine}}}).layers()), "o----");
  EXPECT_EQ(server.connections(), 0);
  check_.set_protocol(v1::CHECK_PROTOCOL_TCP);
  EXPECT_EQ(Letters(Run({{{kGenuine}}}).layers()), "oo---");
  check_.set_protocol(v1::CHECK_PROTOCOL_TLS);
  const v1::Observation seen = Run({{{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "ooo-o");
  EXPECT_FALSE(seen.attempts(0).has_http());
}

TEST_F(EngineTest, UnusableRootSetsSayNothingAboutThePath) {
  check_.set_port(443);
  check_.set_root_set("missing");
  v1::Observation seen = Run({{{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "uuuuu");
  EXPECT_EQ(seen.failure(), "unknown_failure: unusable root set");
  plan_.mutable_root_sets(0)->set_pem("not a certificate");
  check_.set_root_set("test");
  seen = Run({{{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "uuuuu");
}

TEST_F(EngineTest, RootsOfANewerPlanReplaceTheOldOnes) {
  EXPECT_EQ(Letters(RunWith(HttpsServer(*genuine_, kPage)).layers()), "ooooo");
  plan_.mutable_root_sets(0)->set_pem(ToPem(*MakeRoot("New root").certificate));
  EXPECT_EQ(RunWith(HttpsServer(*genuine_, kPage)).failure(), "ssl_unknown_authority");
}

TEST_F(EngineTest, ManyChecksComeBackInOrder) {
  TcpServer server(kGenuine, 0, HttpsServer(*genuine_, kPage));
  DnsServer dns({{{kGenuine}}});
  plan_.add_resolvers(dns.address());
  std::vector<v1::Check> checks;
  std::vector<const v1::Check*> pointers;
  for (int i = 0; i < 20; ++i) {
    checks.push_back(check_);
    checks.back().set_port(server.port());
    checks.back().set_check_id("check-" + std::to_string(i));
  }
  for (const v1::Check& check : checks) pointers.push_back(&check);
  const auto seen = engine_->RunRound(plan_, pointers, RoundOptions()).observations;
  ASSERT_EQ(seen.size(), checks.size());
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].check_id(), checks[i].check_id());
    EXPECT_EQ(Letters(seen[i].layers()), "ooooo");
  }
}

TEST_F(EngineTest, RoundThatIsNoLongerWantedEndsButTheNextOneRuns) {
  DnsServer dns({{{kGenuine}}});
  plan_.add_resolvers(dns.address());
  {
    TcpServer silent(kGenuine, 0, [](int fd) {
      char byte = 0;  // Holds the connection until the engine has let go of it.
      while (recv(fd, &byte, 1, 0) > 0) {
      }
    });
    check_.set_port(silent.port());
    check_.set_protocol(v1::CHECK_PROTOCOL_TLS);
    RoundOptions options;
    options.keep_going = [] { return false; };
    const auto start = std::chrono::steady_clock::now();
    const auto seen = engine_->RunRound(plan_, {&check_}, options).observations;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    EXPECT_EQ(Letters(seen.at(0).layers()), "uuu-u");
  }
  check_.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
  EXPECT_EQ(Letters(RunWith(HttpsServer(*genuine_, kPage)).layers()), "ooooo");
}

TEST_F(EngineTest, StopFromAnotherThreadLeavesNothingHalfSaid) {
  DnsServer dns({{{kGenuine}}});
  plan_.add_resolvers(dns.address());
  std::thread stopper;
  {
    TcpServer server(kGenuine, 0, [&](int fd) {
      stopper = std::thread([this] { engine_->Stop(); });
      char byte = 0;  // Holds the connection until the engine has let go of it.
      while (recv(fd, &byte, 1, 0) > 0) {
      }
    });
    check_.set_port(server.port());
    // One at a time: the second check waits for its turn in vain.
    RoundOptions options;
    options.max_concurrency = 1;
    check_.set_protocol(v1::CHECK_PROTOCOL_TLS);
    const auto seen = engine_->RunRound(plan_, {&check_, &check_}, options).observations;
    ASSERT_EQ(seen.size(), 2U);
    for (const v1::Observation& observation : seen) {
      EXPECT_EQ(Letters(observation.layers()), "uuu-u");
      EXPECT_FALSE(observation.has_dns());
      EXPECT_EQ(observation.failure(), "");
    }
  }
  stopper.join();
  const auto later = engine_->RunRound(plan_, {&check_}, RoundOptions()).observations;
  EXPECT_EQ(Letters(later.at(0).layers()), "uuu-u") << "later rounds do not start";
}

}  // namespace
}  // namespace sightline::probe
