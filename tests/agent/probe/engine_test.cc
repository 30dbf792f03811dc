#include "agent/probe/engine.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/agent/probe/certificates.h"
#include "tests/agent/probe/fake_servers.h"

namespace sightline::probe {
namespace {

constexpr char kHost[] = "web.whatsapp.com";
constexpr char kOther[] = "www.example.com";
constexpr char kGenuine[] = "127.0.0.2";
constexpr char kForged[] = "127.0.0.3";
constexpr char kPage[] = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<html>WhatsApp";

// As the programs' policy, but with loopback.
absl::string_view LoopbackToo(const IpAddress& address) {
  return !address.v6 && address.bytes[0] == 127 ? absl::string_view() : ReservedRange(address);
}

std::string Page(const std::string& status, const std::string& body = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

// "dns tcp tls http app", one letter each: o OK, b BLOCKED, d DOWN, u UNTESTED, - no such layer.
std::string Letters(const v1::LayerVector& layers) {
  const std::string names = "-obdtu";
  std::string letters;
  for (const v1::LayerState state :
       {layers.dns(), layers.tcp(), layers.tls(), layers.http(), layers.app()}) {
    letters += names.at(static_cast<size_t>(state));
  }
  return letters;
}

class EngineTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new Identity(MakeRoot("Test root"));
    genuine_ = new Identity(MakeLeaf(*root_, kHost));
    impostor_ = new Identity(MakeLeaf(*root_, kOther));
  }
  static void TearDownTestSuite() {
    delete root_;
    delete genuine_;
    delete impostor_;
  }

  EngineTest() {
    v1::RootSet* roots = plan_.add_root_sets();
    roots->set_name("test");
    roots->set_pem(ToPem(*root_->certificate));
    plan_.mutable_check_timeout()->set_seconds(20);
    SetHold(50);
    check_.set_check_id("whatsapp-web");
    check_.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
    check_.set_host(kHost);
    check_.set_root_set("test");
    check_.set_path("/");
    check_.set_status_min(200);
    check_.set_status_max(299);
    engine_ = *Engine::CreateForTesting(LoopbackToo);
  }

  void SetHold(int ms) { plan_.mutable_dns_hold()->set_nanos(ms * 1'000'000); }
  void SetTimeout(int ms) {
    plan_.mutable_check_timeout()->set_seconds(ms / 1000);
    plan_.mutable_check_timeout()->set_nanos(ms % 1000 * 1'000'000);
  }

  v1::Observation Run(std::vector<FakeReply> replies) {
    DnsServer dns(std::move(replies));
    plan_.clear_resolvers();
    plan_.add_resolvers(dns.address());
    return engine_->RunRound(plan_, {&check_}, RoundOptions()).at(0);
  }

  // With one server that the name leads to.
  v1::Observation RunWith(Behaviour behaviour) {
    TcpServer server(kGenuine, 0, std::move(behaviour));
    check_.set_port(server.port());
    return Run({{{kGenuine}}});
  }

  static const Identity* root_;
  static const Identity* genuine_;
  static const Identity* impostor_;

  v1::Plan plan_;
  v1::Check check_;
  std::unique_ptr<Engine> engine_;
};

const Identity* EngineTest::root_ = nullptr;
const Identity* EngineTest::genuine_ = nullptr;
const Identity* EngineTest::impostor_ = nullptr;

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

TEST_F(EngineTest, ForgedAnswerThatArrivesFirst) {
  TcpServer genuine(kGenuine, 0, HttpsServer(*genuine_, kPage));
  TcpServer forged(kForged, genuine.port(), HttpsServer(*impostor_, kPage));
  check_.set_port(genuine.port());
  SetHold(300);
  const v1::Observation seen = Run({{{kForged}}, {{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "boooo") << seen.DebugString();
  EXPECT_EQ(seen.dns().responses_size(), 2);
  EXPECT_EQ(seen.attempts_size(), 2);
  EXPECT_EQ(seen.failure(), "ssl_invalid_hostname");
}

TEST_F(EngineTest, ForgedAnswerThatArrivesLast) {
  TcpServer genuine(kGenuine, 0, HttpsServer(*genuine_, kPage));
  TcpServer forged(kForged, genuine.port(), HttpsServer(*impostor_, kPage));
  check_.set_port(genuine.port());
  SetHold(300);
  const v1::Observation seen = Run({{{kGenuine}}, {{kForged}}});
  EXPECT_EQ(Letters(seen.layers()), "boooo") << seen.DebugString();
  EXPECT_EQ(seen.attempts_size(), 2);
}

TEST_F(EngineTest, ForgedAnswerAndResetAtTheGenuineAddressAreBothTold) {
  TcpServer genuine(kGenuine, 0, ResetAfterFirstBytes);
  TcpServer forged(kForged, genuine.port(), HttpsServer(*impostor_, kPage));
  check_.set_port(genuine.port());
  SetHold(300);
  const v1::Observation seen = Run({{{kForged}}, {{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "bobuu") << seen.DebugString();
  EXPECT_EQ(seen.attempts(1).tls().failure(), "connection_reset");
}

TEST_F(EngineTest, RepeatedAnswersDoNotDisagree) {
  TcpServer genuine(kGenuine, 0, HttpsServer(*genuine_, kPage));
  check_.set_port(genuine.port());
  SetHold(300);
  const v1::Observation seen = Run({{{kGenuine}}, {{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "ooooo");
  EXPECT_EQ(seen.dns().responses_size(), 2);
  EXPECT_EQ(genuine.connections(), 1);
}

TEST_F(EngineTest, ResolutionFailures) {
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

TEST_F(EngineTest, WrongIdIsForgottenWhenTheAnswerComes) {
  TcpServer server(kGenuine, 0, HttpsServer(*genuine_, kPage));
  check_.set_port(server.port());
  const v1::Observation seen = Run({{{kForged}, 0, true}, {{kGenuine}}});
  EXPECT_EQ(Letters(seen.layers()), "ooooo");
  EXPECT_EQ(seen.dns().responses_size(), 1);
}

TEST_F(EngineTest, BogonIsReportedAsItsRange) {
  check_.set_port(443);
  const v1::Observation seen = Run({{{"10.10.34.35"}}});
  EXPECT_EQ(seen.dns().responses(0).addresses(0), "10.0.0.0/8");
}

TEST_F(EngineTest, ThePolicyOfTheProgramsNeverConnectsToThisMachine) {
  TcpServer server(kGenuine, 0, HttpsServer(*genuine_, kPage));
  DnsServer dns({{{kGenuine}}});
  plan_.add_resolvers(dns.address());
  check_.set_port(server.port());
  const std::unique_ptr<Engine> strict = *Engine::Create();
  const v1::Observation seen = strict->RunRound(plan_, {&check_}, RoundOptions()).at(0);
  EXPECT_EQ(Letters(seen.layers()), "uuuuu");
  EXPECT_EQ(dns.questions(), 0);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(EngineTest, PrivateDestinationsAreRefusedWhateverTheResolverSays) {
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

TEST_F(EngineTest, ServerErrorOverVerifiedTlsIsTheServiceItself) {
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, Page("503 Unavailable")));
  EXPECT_EQ(Letters(seen.layers()), "ooodd");
  EXPECT_EQ(seen.failure(), "http_unexpected_status_code");
}

TEST_F(EngineTest, AnyStatusPassesWhenTheCheckSaysSo) {
  check_.clear_status_min();
  check_.clear_status_max();
  EXPECT_EQ(Letters(RunWith(HttpsServer(*genuine_, Page("503 Unavailable"))).layers()), "ooooo");
}

TEST_F(EngineTest, UnexpectedStatus) {
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, Page("403 Forbidden")));
  EXPECT_EQ(Letters(seen.layers()), "ooobb");
  EXPECT_EQ(seen.failure(), "http_unexpected_status_code");
  EXPECT_EQ(seen.failed_operation(), "http_round_trip");
  EXPECT_EQ(seen.attempts(0).http().failure(), "") << "a response was read";
}

TEST_F(EngineTest, UnexpectedBody) {
  check_.set_body_contains("WhatsApp");
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, Page("200 OK", "blocked")));
  EXPECT_EQ(Letters(seen.layers()), "ooobb");
  EXPECT_EQ(seen.failure(), "http_request_failed");
}

TEST_F(EngineTest, BodyBeyondTheLimitIsLeftUnread) {
  check_.set_body_contains("needle");
  std::string body(700 * 1024, 'x');
  body.replace(512 * 1024 - 6, 6, "needle");
  const v1::Observation found = RunWith(HttpsServer(*genuine_, Page("200 OK", body)));
  EXPECT_EQ(found.attempts(0).http().body_bytes(), 512U * 1024);
  EXPECT_EQ(Letters(found.layers()), "ooooo");

  body.assign(700 * 1024, 'x');
  body.replace(512 * 1024 - 5, 6, "needle");
  const v1::Observation missed = RunWith(HttpsServer(*genuine_, Page("200 OK", body)));
  EXPECT_EQ(Letters(missed.layers()), "ooobb") << "one byte of the text lies beyond the limit";
}

TEST_F(EngineTest, TextAcrossTwoReadsIsFound) {
  check_.set_body_contains("needle");
  std::string body(40 * 1024, 'x');
  body.replace(16 * 1024 - 3, 6, "needle");
  EXPECT_EQ(Letters(RunWith(HttpsServer(*genuine_, Page("200 OK", body))).layers()), "ooooo");
}

TEST_F(EngineTest, AHugeDeclaredLengthCostsNothing) {
  const std::string page = "HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\nshort";
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, page));
  EXPECT_EQ(Letters(seen.layers()), "ooobu");
  EXPECT_EQ(seen.failure(), "eof_error");
}

TEST_F(EngineTest, HeaderBeyondTheLimit) {
  const std::string page = "HTTP/1.1 200 OK\r\nX-Long: " + std::string(20 * 1024, 'x') + "\r\n\r\n";
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, page));
  EXPECT_EQ(Letters(seen.layers()), "ooobu");
  EXPECT_EQ(seen.failure(), "http_request_failed");
}

TEST_F(EngineTest, BodyThatEndsWithTheConnection) {
  check_.set_body_contains("until the end");
  const v1::Observation seen =
      RunWith(HttpsServer(*genuine_, "HTTP/1.1 200 OK\r\n\r\nuntil the end"));
  EXPECT_EQ(Letters(seen.layers()), "ooooo");
}

TEST_F(EngineTest, ResetInPlaceOfTheResponse) {
  const v1::Observation seen = RunWith(ResetAfterRequest(*genuine_));
  EXPECT_EQ(Letters(seen.layers()), "ooobu");
  EXPECT_EQ(seen.failure(), "connection_reset");
  EXPECT_EQ(seen.failed_operation(), "http_round_trip");
}

TEST_F(EngineTest, HttpInTheClearNeverProvesWhoAnswered) {
  check_.set_protocol(v1::CHECK_PROTOCOL_HTTP);
  EXPECT_EQ(Letters(RunWith(HttpServer(kPage)).layers()), "oo-o-");
  const v1::Observation seen = RunWith(HttpServer(Page("503 Unavailable")));
  EXPECT_EQ(Letters(seen.layers()), "oo-b-") << "a censor can send a 503 as well";
  EXPECT_EQ(seen.failure(), "http_unexpected_status_code");
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
  const auto seen = engine_->RunRound(plan_, pointers, RoundOptions());
  ASSERT_EQ(seen.size(), checks.size());
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].check_id(), checks[i].check_id());
    EXPECT_EQ(Letters(seen[i].layers()), "ooooo");
  }
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
    const auto seen = engine_->RunRound(plan_, {&check_, &check_}, options);
    ASSERT_EQ(seen.size(), 2U);
    for (const v1::Observation& observation : seen) {
      EXPECT_EQ(Letters(observation.layers()), "uuu-u");
      EXPECT_FALSE(observation.has_dns());
      EXPECT_EQ(observation.failure(), "");
    }
  }
  stopper.join();
  const auto later = engine_->RunRound(plan_, {&check_}, RoundOptions());
  EXPECT_EQ(Letters(later.at(0).layers()), "uuu-u") << "later rounds do not start";
}

}  // namespace
}  // namespace sightline::probe
