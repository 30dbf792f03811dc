// The agent's uplink over real gRPC and TLS, against a small collector on loopback.

#include "agent/ingest_client_grpc.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sightline/v1/ingest.grpc.pb.h"
#include "tests/agent/agent_fixture.h"
#include "tests/agent/test_certificate.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;

const TestCertificate& Certificate() {
  static const TestCertificate kCertificate = MakeTestCertificate();
  return kCertificate;
}

// Keeps the chain of one agent and checks that it is one.
class FakeCollector : public v1::Ingest::Service {
 public:
  FakeCollector() { Start(); }
  ~FakeCollector() override { Kill(); }

  void Start() {
    grpc::SslServerCredentialsOptions ssl;
    ssl.pem_key_cert_pairs = {{Certificate().key_pem, Certificate().certificate_pem}};
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address_.empty() ? "127.0.0.1:0" : address_,
                             grpc::SslServerCredentials(ssl), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    address_ = "127.0.0.1:" + std::to_string(port_);
  }
  // Ends the server and every stream at once.
  void Kill() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_ = nullptr;
  }
  const std::string& address() const { return address_; }

  grpc::Status Enroll(grpc::ServerContext*, const v1::EnrollRequest* request,
                      v1::EnrollResponse* response) override {
    if (request->region() != "CN-BJ") {
      return {grpc::StatusCode::INVALID_ARGUMENT, "region: not in the list"};
    }
    response->set_agent_id(Sha256(request->public_key()));
    return grpc::Status::OK;
  }

  grpc::Status Submit(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::SubmitResponse, v1::SubmitRequest>* stream) override {
    v1::SubmitResponse response;
    response.mutable_challenge()->set_nonce(std::string(32, 'n'));
    stream->Write(response);
    v1::SubmitRequest request;
    if (!stream->Read(&request) || !request.has_hello()) return grpc::Status::OK;
    v1::Welcome& welcome = *response.mutable_welcome();
    welcome.set_last_seq(held.seq);
    welcome.set_head(held.head);
    if (offered_plan) *welcome.mutable_plan() = *offered_plan;
    stream->Write(response);
    while (stream->Read(&request)) {
      if (request.has_plan_refusal()) plan_refusal = request.plan_refusal();
      if (!request.has_batch()) continue;
      if (held.seq == refuse_at) {
        response.mutable_refusal()->set_reason(v1::REFUSAL_REASON_UNKNOWN_REGION);
        stream->Write(response);
        return grpc::Status::OK;
      }
      Take(request.batch());
      if (held.seq == break_at) return {grpc::StatusCode::UNAVAILABLE, "broken on purpose"};
      response.mutable_ack()->set_last_seq(held.seq);
      stream->Write(response);
    }
    ++closed_streams;
    return grpc::Status::OK;
  }

  ChainPoint held{0, GenesisHash()};
  std::optional<v1::SignedPlan> offered_plan;
  std::optional<v1::PlanRefusal> plan_refusal;
  uint64_t refuse_at = UINT64_MAX;
  uint64_t break_at = UINT64_MAX;
  int closed_streams = 0;

 private:
  void Take(const v1::SignedBatch& signed_batch) {
    v1::Batch batch;
    ASSERT_TRUE(batch.ParseFromString(signed_batch.batch()));
    ASSERT_EQ(FirstSeq(batch), held.seq + 1);
    ASSERT_EQ(batch.prev_hash(), held.head);
    held = {batch.batch_seq(), ChainHash(signed_batch, batch)};
  }

  std::string address_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class IngestClientTest : public AgentFixture {
 protected:
  IngestClientOptions Options() {
    IngestClientOptions options;
    options.roots_pem = Certificate().certificate_pem;
    options.connect_timeout = absl::Seconds(5);
    options.call_timeout = absl::Seconds(60);
    return options;
  }
  // One stream; the session's state after it.
  SessionState RunOnce(const std::string& address) {
    UplinkSession session(chain_.key(), *spool_, *plans_, clock_);
    status_ = MakeGrpcTransport(Options())->Run(address, session);
    result_ = session.result();
    return session.state();
  }

  FakeCollector collector_;
  absl::Status status_;
  SessionResult result_;
};

TEST_F(IngestClientTest, DeliversEverythingAndClosesTheStream) {
  Append(30);
  EXPECT_EQ(RunOnce(collector_.address()), SessionState::kDone);
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(collector_.held.seq, 30u);
  EXPECT_EQ(collector_.closed_streams, 1);
  EXPECT_EQ(spool_->totals().batches, 0u);
}

TEST_F(IngestClientTest, BatchWhoseAckWasLostIsNotSentTwice) {
  Append(9);
  collector_.break_at = 5;
  EXPECT_EQ(RunOnce(collector_.address()), SessionState::kWaiting);
  EXPECT_THAT(std::string(status_.message()), HasSubstr("broken on purpose"));
  collector_.break_at = UINT64_MAX;
  EXPECT_EQ(RunOnce(collector_.address()), SessionState::kDone);
  EXPECT_EQ(collector_.held.seq, 9u);
}

TEST_F(IngestClientTest, RefusalArrivesByNameAndTheBatchStays) {
  Append(3);
  collector_.refuse_at = 1;
  EXPECT_EQ(RunOnce(collector_.address()), SessionState::kRefused);
  EXPECT_EQ(result_.refusal->reason(), v1::REFUSAL_REASON_UNKNOWN_REGION);
  EXPECT_EQ(spool_->totals().batches, 2u);
}

TEST_F(IngestClientTest, PlanIsPushedOrRefused) {
  collector_.offered_plan = SignPlan(TestPlan(2), operator_);
  EXPECT_EQ(RunOnce(collector_.address()), SessionState::kDone);
  EXPECT_EQ(plans_->version(), 2u);
  collector_.offered_plan = SignPlan(TestPlan(3), SigningKey::Generate());
  EXPECT_EQ(RunOnce(collector_.address()), SessionState::kDone);
  EXPECT_EQ(plans_->version(), 2u);
  EXPECT_EQ(collector_.plan_refusal->reason(), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
}

TEST_F(IngestClientTest, CollectorWithAnotherCertificateGetsNothing) {
  Append(1);
  IngestClientOptions options = Options();
  options.roots_pem = MakeTestCertificate().certificate_pem;
  UplinkSession session(chain_.key(), *spool_, *plans_, clock_);
  EXPECT_TRUE(absl::IsUnavailable(MakeGrpcTransport(options)->Run(collector_.address(), session)));
  EXPECT_EQ(collector_.held.seq, 0u);
}

TEST_F(IngestClientTest, EnrollBringsTheCollectorsOwnWords) {
  v1::EnrollRequest request;
  request.set_public_key(chain_.key().public_key().raw());
  request.set_region("CN-XX");
  EXPECT_EQ(CallEnroll(collector_.address(), Options(), request).status().message(),
            "region: not in the list");
  request.set_region("CN-BJ");
  const auto response = CallEnroll(collector_.address(), Options(), request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->agent_id(), chain_.key().public_key().Id());
}

// The whole uplink: the first address is dead, the server dies in the middle and comes back.
TEST_F(IngestClientTest, UplinkSurvivesADeadAddressAndAKilledCollector) {
  Append(20);
  collector_.break_at = 11;
  const std::unique_ptr<Transport> transport = MakeGrpcTransport(Options());
  UplinkOptions options;
  options.collectors = {"127.0.0.1:1", collector_.address()};
  options.retry_initial = absl::Milliseconds(10);
  options.retry_max = absl::Milliseconds(50);
  Uplink uplink({chain_.key(), *spool_, *plans_, board_, clock_, *transport}, options);
  while (board_.Get().collector_state != "unreachable") std::this_thread::yield();
  EXPECT_THAT(board_.Get().collector_detail, HasSubstr("127.0.0.1:1: "));
  collector_.Kill();
  collector_.break_at = UINT64_MAX;
  collector_.Start();
  while (spool_->totals().batches > 0) std::this_thread::yield();
  uplink.Stop();
  EXPECT_EQ(collector_.held.seq, 20u);
  EXPECT_EQ(collector_.held.head, spool_->totals().acked.head);
}

TEST_F(IngestClientTest, StopBreaksOffAStreamThatHangs) {
  // A listener that accepts and says nothing.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name = {};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  ASSERT_EQ(listen(listener, 4), 0);
  socklen_t size = sizeof(name);
  getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size);
  const std::unique_ptr<Transport> transport = MakeGrpcTransport(Options());
  UplinkOptions options;
  options.collectors = {"127.0.0.1:" + std::to_string(ntohs(name.sin_port))};
  const absl::Time start = absl::Now();
  {
    Uplink uplink({chain_.key(), *spool_, *plans_, board_, clock_, *transport}, options);
    const int accepted = accept(listener, nullptr, nullptr);
    uplink.Stop();
    close(accepted);
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
  close(listener);
}

}  // namespace
}  // namespace sightline::agent
