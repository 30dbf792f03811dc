// What the connection itself promises: TLS 1.3, a hello that holds on one connection, and a
// certificate that changes while streams are open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <csignal>

#include "absl/strings/str_cat.h"
#include "agent/ingest_client_grpc.h"
#include "common/certificate.h"
#include "common/wire.h"
#include "sightline/v1/ingest.grpc.pb.h"
#include "tests/agent/test_certificate.h"
#include "tests/e2e/tls_peer.h"
#include "tests/e2e/wire_fixture_grpc.h"

namespace sightline::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Brings everything to one port, whatever the address, as a hijacked route would.
class Diverted : public agent::Transport {
 public:
  Diverted(std::string roots_pem, int port)
      : address_(absl::StrCat("127.0.0.1:", port)),
        inner_(agent::MakeGrpcTransport(
            {std::move(roots_pem), absl::FromChrono(kPatience), absl::FromChrono(kPatience)})) {}
  absl::Status Run(const std::string& /*address*/, agent::UplinkSession& session) override {
    return inner_->Run(address_, session);
  }
  void Cancel() override { inner_->Cancel(); }

 private:
  const std::string address_;
  const std::unique_ptr<agent::Transport> inner_;
};

class WireTlsTest : public WireTest {
 protected:
  // The relay may write to an end that has hung up: an error of that call, not of the process.
  static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }

  int port() const {
    const std::string address = collector_.address();
    return std::stoi(address.substr(address.rfind(':') + 1));
  }
  std::string ShownHash() const { return ShakeHands(port(), TLS1_3_VERSION).certificate_hash; }
  static std::string HashOf(const std::string& pem) { return ReadCertificate(pem)->hash; }
  void Install(const agent::TestCertificate& certificate) {
    const absl::Status status =
        collector_.certificate().Install({certificate.certificate_pem, certificate.key_pem});
    EXPECT_TRUE(status.ok()) << status;
  }
};

TEST_F(WireTlsTest, CollectorSpeaksTls13AndNothingBelow) {
  const TlsHandshake good = ShakeHands(port(), TLS1_3_VERSION);
  EXPECT_TRUE(good.ok) << good.error;
  EXPECT_EQ(good.version, "TLSv1.3");
  EXPECT_THAT(good.cipher, ::testing::AnyOf("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256",
                                            "TLS_CHACHA20_POLY1305_SHA256"));
  EXPECT_EQ(good.certificate_hash, HashOf(collector_.roots_pem()));
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION}) {
    const TlsHandshake old = ShakeHands(port(), version);
    EXPECT_FALSE(old.ok) << old.version << " " << old.cipher;
    EXPECT_EQ(old.certificate_hash, "");
  }
}

TEST_F(WireTlsTest, AgentTellsNothingToAServerThatSpeaksOnlyTls12) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const agent::TestCertificate certificate = agent::MakeTestCertificate();
  const auto old = TlsListener::Silent(certificate, TLS1_2_VERSION);
  const Delivery delivery = agent.Deliver(
      collector_, std::make_unique<Diverted>(certificate.certificate_pem, old->port()));
  EXPECT_EQ(old->connections(), 0);
  EXPECT_EQ(delivery.status.collector_state, "unreachable");
  EXPECT_THAT(delivery.status.collector_detail, HasSubstr("TLS 1.3"));
  ExpectDelivers(agent);
}

TEST_F(WireTlsTest, HelloThroughARelayWithAnotherCertificateIsRefused) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  // The agent trusts it, so TLS alone does not help.
  const agent::TestCertificate other = agent::MakeTestCertificate();
  const auto relay = TlsListener::Relay(other, port());
  const Delivery delivery =
      agent.Deliver(collector_, std::make_unique<Diverted>(other.certificate_pem, relay->port()));
  EXPECT_EQ(relay->connections(), 1);
  EXPECT_EQ(delivery.session.state, agent::SessionState::kRefused);
  ASSERT_TRUE(delivery.session.refusal.has_value()) << delivery.session.detail;
  EXPECT_EQ(delivery.session.refusal->reason(), v1::REFUSAL_REASON_BAD_CHALLENGE);
  EXPECT_THAT(delivery.session.refusal->detail(), HasSubstr("another certificate"));
  EXPECT_FALSE(delivery.session.welcomed);
  EXPECT_THAT(collector_.Log(), IsEmpty());
  EXPECT_EQ(collector_.metrics().Refused(v1::REFUSAL_REASON_BAD_CHALLENGE).Value(), 1);
  ExpectDelivers(agent);
}

TEST_F(WireTlsTest, RelayWithTheCollectorsOwnCertificatePasses) {
  // So it is the certificate that the test above fails for, and not the relay.
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  const auto own = collector_.certificate().Current();
  const auto relay = TlsListener::Relay({own->key_pem, own->certificate_pem}, port());
  const Delivery delivery =
      agent.Deliver(collector_, std::make_unique<Diverted>(own->certificate_pem, relay->port()));
  EXPECT_EQ(delivery.session.state, agent::SessionState::kDone) << delivery.session.detail;
  EXPECT_THAT(collector_.Log(), SizeIs(1));
}

TEST_F(WireTlsTest, RecordedHelloIsRefusedOnANewStream) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  v1::Hello recorded;
  const auto record = [&](v1::SubmitRequest& request) {
    if (request.has_hello()) recorded = request.hello();
    return true;
  };
  ASSERT_EQ(agent.Deliver(collector_, Tampering({record, nullptr})).session.state,
            agent::SessionState::kDone);
  agent.SealRound();
  const auto replay = [&](v1::SubmitRequest& request) {
    if (request.has_hello()) *request.mutable_hello() = recorded;
    return true;
  };
  ExpectRefused(agent, agent.Deliver(collector_, Tampering({replay, nullptr})),
                v1::REFUSAL_REASON_BAD_CHALLENGE, 0, "does not sign this stream's challenge");
  EXPECT_THAT(collector_.Log(), SizeIs(1));
  ExpectDelivers(agent);
}

TEST_F(WireTlsTest, NewCertificateIsShownToNewConnectionsAndOpenStreamsGoOn) {
  EnrolledAgent agent(collector_, clock_);
  const std::string first = HashOf(collector_.roots_pem());
  ASSERT_EQ(ShownHash(), first);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto stub = v1::Ingest::NewStub(collector_.Public());
  const auto stream = stub->Submit(&context);
  v1::SubmitResponse response;
  ASSERT_TRUE(stream->Read(&response));

  const agent::TestCertificate second = agent::MakeTestCertificate();
  Install(second);
  EXPECT_EQ(ShownHash(), HashOf(second.certificate_pem));

  // The open stream began with the first one, and its hello says so.
  v1::SubmitRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_agent_id(agent.id());
  hello.set_plan_version(1);
  hello.set_signature(agent.key().Sign(
      kHelloDomain, HelloPayload(response.challenge().nonce(), agent.id(), 1, first)));
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_TRUE(response.has_welcome());
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());

  // A new stream of the agent takes the new one, once it trusts that.
  agent.SealRound();
  const Delivery delivery =
      agent.Deliver(collector_, std::make_unique<Diverted>(second.certificate_pem, port()));
  EXPECT_EQ(delivery.session.state, agent::SessionState::kDone) << delivery.session.detail;
}

TEST_F(WireTlsTest, PairThatDoesNotBelongTogetherIsRefusedAndTheOldOneShown) {
  const agent::TestCertificate one = agent::MakeTestCertificate();
  const agent::TestCertificate two = agent::MakeTestCertificate();
  const absl::Status mixed = collector_.certificate().Install({one.certificate_pem, two.key_pem});
  EXPECT_TRUE(absl::IsInvalidArgument(mixed)) << mixed;
  EXPECT_THAT(std::string(mixed.message()),
              AllOf(HasSubstr("--tls-key"), HasSubstr("do not belong together")));
  EXPECT_FALSE(collector_.certificate().Install({"no certificate", one.key_pem}).ok());
  EXPECT_FALSE(collector_.certificate().Install({one.certificate_pem, "no key"}).ok());
  EXPECT_EQ(ShownHash(), HashOf(collector_.roots_pem()));
}

}  // namespace
}  // namespace sightline::e2e
