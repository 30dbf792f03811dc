// The doctor on real roads: gRPC and TLS on loopback, from what refuses to what works.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "agent/doctor.h"
#include "agent/ingest_client_grpc.h"
#include "agent/pause.h"
#include "agent/road.h"
#include "agent/road_check.h"
#include "common/tls_policy.h"
#include "sightline/v1/ingest.grpc.pb.h"
#include "tests/agent/connect_proxy.h"
#include "tests/agent/enrolled_folder.h"
#include "tests/agent/test_certificate.h"

namespace sightline::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Begins every stream as a collector does, and counts what agents say.
class Greeter : public v1::Ingest::Service {
 public:
  grpc::Status Submit(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::SubmitResponse, v1::SubmitRequest>* stream) override {
    ++streams;
    v1::SubmitResponse response;
    response.mutable_challenge()->set_nonce(std::string(32, 'n'));
    stream->Write(response);
    v1::SubmitRequest request;
    while (stream->Read(&request)) ++requests;
    return grpc::Status::OK;
  }

  std::atomic<int> streams = 0;
  std::atomic<int> requests = 0;
};

// A server at 127.0.0.1 with this certificate.
class Server {
 public:
  Server(const TestCertificate& certificate, grpc::Service* service) {
    RequireTls13();
    grpc::SslServerCredentialsOptions ssl;
    ssl.pem_key_cert_pairs = {{certificate.key_pem, certificate.certificate_pem}};
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(ssl), &port);
    builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  ~Server() { server_->Shutdown(std::chrono::system_clock::now()); }
  const std::string& address() const { return address_; }

 private:
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

// A port of 127.0.0.1 that is bound and, if `backlog` is 0 or more, listens; nobody accepts.
class Port {
 public:
  explicit Port(int backlog) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in name = {};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
    if (backlog >= 0) {
      EXPECT_EQ(listen(fd_, backlog), 0);
    }
    socklen_t size = sizeof(name_);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&name_), &size);
  }
  ~Port() {
    for (const int fd : waiting_) close(fd);
    close(fd_);
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // Fills the queue, so that the kernel drops whoever knocks next.
  void Fill() {
    for (int i = 0; i < 8; ++i) {
      waiting_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      connect(waiting_.back(), reinterpret_cast<const sockaddr*>(&name_), sizeof(name_));
    }
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", ntohs(name_.sin_port)); }

 private:
  int fd_;
  sockaddr_in name_ = {};
  std::vector<int> waiting_;
};

class DoctorRoadTest : public ::testing::Test {
 protected:
  RoadFacts Check(const std::string& road, const std::string& roots,
                  absl::Duration timeout = absl::Seconds(20)) {
    RoadCheckOptions options;
    options.roots_pem = roots;
    options.timeout = timeout;
    options.ask = [&](const std::string& asked) {
      IngestClientOptions client;
      client.roots_pem = roots;
      client.call_timeout = timeout;
      return AskForChallenge(asked, client);
    };
    return CheckRoad(road, options);
  }

  Greeter greeter_;
  const TestCertificate certificate_ = MakeTestCertificate();
};

TEST_F(DoctorRoadTest, ARoadThatWorksAndNothingIsHandedIn) {
  const Server server(certificate_, &greeter_);
  const RoadFacts facts = Check(server.address(), certificate_.certificate_pem);
  EXPECT_EQ(facts.stage, RoadStage::kDone) << facts.status;
  ASSERT_TRUE(facts.certificate_end.has_value());
  EXPECT_LT(absl::AbsDuration(*facts.certificate_end - absl::Now() - absl::Hours(1)),
            absl::Minutes(5));
  EXPECT_EQ(greeter_.streams, 1);
  EXPECT_EQ(greeter_.requests, 0);
}

TEST_F(DoctorRoadTest, ConnectionRefused) {
  const Port port(-1);
  const RoadFacts facts = Check(port.address(), certificate_.certificate_pem);
  EXPECT_EQ(facts.stage, RoadStage::kConnect);
  EXPECT_THAT(std::string(facts.status.message()), HasSubstr("refused"));
}

TEST_F(DoctorRoadTest, NoAnswerToTheConnection) {
  Port port(0);
  port.Fill();
  const RoadFacts facts =
      Check(port.address(), certificate_.certificate_pem, absl::Milliseconds(200));
  EXPECT_EQ(facts.stage, RoadStage::kConnect);
  EXPECT_TRUE(absl::IsDeadlineExceeded(facts.status)) << facts.status;
}

TEST_F(DoctorRoadTest, NoAnswerToTheHandshake) {
  const Port port(8);
  const RoadFacts facts =
      Check(port.address(), certificate_.certificate_pem, absl::Milliseconds(200));
  EXPECT_EQ(facts.stage, RoadStage::kHandshake);
  EXPECT_TRUE(absl::IsDeadlineExceeded(facts.status)) << facts.status;
}

TEST_F(DoctorRoadTest, CertificateOfSomebodyElse) {
  const Server server(MakeTestCertificate(), &greeter_);
  const RoadFacts facts = Check(server.address(), certificate_.certificate_pem);
  EXPECT_EQ(facts.stage, RoadStage::kCertificate);
  EXPECT_EQ(facts.certificate_error, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  EXPECT_EQ(greeter_.streams, 0);
}

TEST_F(DoctorRoadTest, CertificateOfAnotherHost) {
  const TestCertificate other = MakeTestCertificate("IP:127.0.0.2");
  const Server server(other, &greeter_);
  const RoadFacts facts = Check(server.address(), other.certificate_pem);
  EXPECT_EQ(facts.stage, RoadStage::kCertificate);
  EXPECT_EQ(facts.certificate_error, X509_V_ERR_IP_ADDRESS_MISMATCH);
}

TEST_F(DoctorRoadTest, CertificateThatEnded) {
  const TestCertificate ended = MakeTestCertificate("IP:127.0.0.1", -30);
  const Server server(ended, &greeter_);
  const RoadFacts facts = Check(server.address(), ended.certificate_pem);
  EXPECT_EQ(facts.stage, RoadStage::kCertificate);
  EXPECT_EQ(facts.certificate_error, X509_V_ERR_CERT_HAS_EXPIRED);
  ASSERT_TRUE(facts.certificate_end.has_value());
  EXPECT_LT(*facts.certificate_end, absl::Now());
}

TEST_F(DoctorRoadTest, ServerThatIsNoCollector) {
  v1::Ingest::Service nothing;
  const Server server(certificate_, &nothing);
  const RoadFacts facts = Check(server.address(), certificate_.certificate_pem);
  EXPECT_EQ(facts.stage, RoadStage::kAnswer);
  EXPECT_FALSE(facts.status.ok());
}

TEST_F(DoctorRoadTest, ThroughAProxyThatWorksRefusesOrIsGone) {
  const Server server(certificate_, &greeter_);
  ConnectProxy proxy;
  EXPECT_EQ(
      Check(RoadsTo({server.address()}, proxy.url()).back(), certificate_.certificate_pem).stage,
      RoadStage::kDone);
  EXPECT_THAT(proxy.requests(), ::testing::SizeIs(2));
  const Port closed(-1);
  EXPECT_EQ(
      Check(RoadsTo({closed.address()}, proxy.url()).back(), certificate_.certificate_pem).stage,
      RoadStage::kProxy);
  EXPECT_EQ(Check(RoadsTo({server.address()}, "http://" + closed.address()).back(),
                  certificate_.certificate_pem)
                .stage,
            RoadStage::kConnect);
}

class DoctorTest : public DoctorRoadTest {
 protected:
  void EnrolWith(const std::string& address) {
    Identity identity = *folder_.state().LoadIdentity();
    identity.collectors = {address};
    identity.collector_roots_pem = certificate_.certificate_pem;
    ASSERT_TRUE(folder_.state().SaveIdentity(identity).ok());
  }
  std::string Report() {
    std::ostringstream out;
    Doctor({folder_.path(), {}, false, false, absl::Seconds(20)}, SystemFiles(), SystemClock(),
           out);
    return out.str();
  }

  EnrolledFolder folder_;
};

TEST_F(DoctorTest, WalksTheRoadsOfTheEnrolledAgent) {
  const Server server(certificate_, &greeter_);
  EnrolWith(server.address());
  EXPECT_THAT(Report(), AllOf(HasSubstr(server.address() + ": the collector answers"),
                              HasSubstr("the invite says which certificates")));
  EXPECT_EQ(greeter_.streams, 1);
  EXPECT_EQ(greeter_.requests, 0);
}

TEST_F(DoctorTest, PausedItLeavesTheCollectorAlone) {
  const Server server(certificate_, &greeter_);
  EnrolWith(server.address());
  ASSERT_TRUE(PauseAgent(folder_.path(), SystemFiles(), absl::Now(), "1h").ok());
  EXPECT_THAT(Report(), AllOf(HasSubstr("not tried"), Not(HasSubstr("answers"))));
  EXPECT_EQ(greeter_.streams, 0);
}

}  // namespace
}  // namespace sightline::agent
