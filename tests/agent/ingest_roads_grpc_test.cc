// Calls to a collector that is reached directly or through a CONNECT proxy, over real gRPC and TLS
// on loopback.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "agent/ingest_client_grpc.h"
#include "agent/road.h"
#include "sightline/v1/ingest.grpc.pb.h"
#include "tests/agent/agent_fixture.h"
#include "tests/agent/connect_proxy.h"
#include "tests/agent/test_certificate.h"

namespace sightline::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Names that the environment gave to a proxy must not matter.
class ProxyEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    for (const char* name : {"grpc_proxy", "https_proxy", "http_proxy"}) {
      setenv(name, "http://127.0.0.1:1", 1);
    }
    setenv("no_proxy", "127.0.0.1,localhost", 1);
    IgnoreProxyEnvironment();
  }
};
const ::testing::Environment* const kEnvironment =
    ::testing::AddGlobalTestEnvironment(new ProxyEnvironment);

class SmallCollector : public v1::Ingest::Service {
 public:
  SmallCollector() {
    grpc::SslServerCredentialsOptions ssl;
    ssl.pem_key_cert_pairs = {{certificate_.key_pem, certificate_.certificate_pem}};
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(ssl), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  ~SmallCollector() override { server_->Shutdown(std::chrono::system_clock::now()); }

  grpc::Status RotateKey(grpc::ServerContext*, const v1::RotateKeyRequest* request,
                         v1::RotateKeyResponse*) override {
    ++calls;
    if (request->succession().generation() == 1) return grpc::Status::OK;
    return {grpc::StatusCode::FAILED_PRECONDITION, "another generation than the next"};
  }
  grpc::Status Leave(grpc::ServerContext*, const v1::LeaveRequest* request,
                     v1::LeaveResponse* response) override {
    ++calls;
    if (request->agent_id().size() != 32) return {grpc::StatusCode::NOT_FOUND, "no such agent"};
    response->set_forgotten(true);
    return grpc::Status::OK;
  }
  grpc::Status Submit(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::SubmitResponse, v1::SubmitRequest>* stream) override {
    ++calls;
    v1::SubmitResponse response;
    response.mutable_challenge()->set_nonce(std::string(32, 'n'));
    stream->Write(response);
    v1::SubmitRequest request;
    stream->Read(&request);
    response.mutable_welcome();
    stream->Write(response);
    while (stream->Read(&request)) {
      v1::Batch batch;
      batch.ParseFromString(request.batch().batch());
      response.mutable_ack()->set_last_seq(batch.batch_seq());
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  const std::string& address() const { return address_; }
  IngestClientOptions Options() const {
    IngestClientOptions options;
    options.roots_pem = certificate_.certificate_pem;
    options.call_timeout = absl::Seconds(60);
    return options;
  }
  std::atomic<int> calls = 0;

 private:
  const TestCertificate certificate_ = MakeTestCertificate();
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

class IngestRoadsTest : public AgentFixture {
 protected:
  v1::LeaveRequest Leave() {
    v1::LeaveRequest request;
    request.set_agent_id(chain_.key().public_key().Id());
    return request;
  }
  std::string ProxyRoad() { return RoadsTo({collector_.address()}, proxy_.url()).back(); }

  SmallCollector collector_;
  ConnectProxy proxy_;
};

TEST_F(IngestRoadsTest, AnswersAndRefusalsComeBackAsTheCollectorSaidThem) {
  v1::RotateKeyRequest rotate;
  rotate.mutable_succession()->set_generation(1);
  EXPECT_TRUE(CallRotateKey(collector_.address(), collector_.Options(), rotate).ok());
  rotate.mutable_succession()->set_generation(7);
  const auto refused = CallRotateKey(collector_.address(), collector_.Options(), rotate);
  EXPECT_EQ(refused.status(), absl::FailedPreconditionError("another generation than the next"));
  const auto left = CallLeave(collector_.address(), collector_.Options(), Leave());
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_TRUE(left->forgotten());
  EXPECT_TRUE(absl::IsNotFound(
      CallLeave(collector_.address(), collector_.Options(), v1::LeaveRequest()).status()));
}

TEST_F(IngestRoadsTest, DirectRoadUsesNoProxyWhateverTheEnvironmentSays) {
  ASSERT_TRUE(CallLeave(collector_.address(), collector_.Options(), Leave()).ok());
  EXPECT_THAT(proxy_.requests(), IsEmpty());
}

TEST_F(IngestRoadsTest, ProxyRoadGoesThroughTheProxyAndKeepsTlsToTheCollector) {
  const auto left = CallLeave(ProxyRoad(), collector_.Options(), Leave());
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_THAT(proxy_.requests(),
              ElementsAre(absl::StrCat("CONNECT ", collector_.address(), " HTTP/1.1")));
  // The proxy sees the bytes of TLS and none of what they mean.
  EXPECT_THAT(proxy_.passed(), Not(HasSubstr(Leave().agent_id())));
  EXPECT_THAT(proxy_.passed(), Not(HasSubstr("sightline")));
}

TEST_F(IngestRoadsTest, ProxyThatIsAnotherCollectorIsNotBelieved) {
  IngestClientOptions options = collector_.Options();
  options.roots_pem = MakeTestCertificate().certificate_pem;
  EXPECT_TRUE(absl::IsUnavailable(CallLeave(ProxyRoad(), options, Leave()).status()));
  EXPECT_EQ(collector_.calls, 0);
}

// The collector's address is blocked; reports still arrive.
TEST_F(IngestRoadsTest, ReportsReachABlockedCollectorThroughTheProxy) {
  Append(5);
  const std::unique_ptr<Transport> transport = MakeGrpcTransport(collector_.Options());
  UplinkOptions options;
  options.collectors = {"127.0.0.1:1", ProxyRoad()};
  options.retry_initial = absl::Milliseconds(10);
  options.retry_max = absl::Milliseconds(50);
  Uplink uplink({chain_.key(), *spool_, *plans_, board_, clock_, *transport}, options);
  while (spool_->totals().batches > 0) std::this_thread::yield();
  uplink.Stop();
  EXPECT_EQ(spool_->totals().acked.seq, 5u);
  EXPECT_FALSE(proxy_.requests().empty());
}

TEST_F(IngestRoadsTest, DeadProxyIsNoAnswer) {
  const std::string road = RoadsTo({collector_.address()}, "http://127.0.0.1:1").back();
  EXPECT_TRUE(IsNoAnswer(CallLeave(road, collector_.Options(), Leave()).status()));
  EXPECT_EQ(collector_.calls, 0);
}

}  // namespace
}  // namespace sightline::agent
