// Peers that keep to no rule, over real connections: each is ended, and an honest agent delivers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "collector/outbox.h"
#include "collector/streams.h"
#include "common/certificate.h"
#include "common/wire.h"
#include "sightline/v1/ingest.grpc.pb.h"
#include "tests/e2e/wire_fixture_grpc.h"

namespace sightline::e2e {
namespace {

using ::testing::HasSubstr;

// A stream without an agent behind it.
class RawStream {
 public:
  explicit RawStream(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::Ingest::NewStub(channel)) {
    // Later than any wait of the test, so that it is not this that ends the stream.
    context_.set_deadline(std::chrono::system_clock::now() + 2 * kPatience);
    stream_ = stub_->Submit(&context_);
  }
  // Empty when the collector has ended the stream.
  v1::SubmitResponse Read() {
    v1::SubmitResponse response;
    if (!stream_->Read(&response)) response.Clear();
    return response;
  }
  void Write(const v1::SubmitRequest& request) { stream_->Write(request); }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() { return stream_->Finish(); }

 private:
  grpc::ClientContext context_;
  const std::unique_ptr<v1::Ingest::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SubmitRequest, v1::SubmitResponse>> stream_;
};

class WireBoundsTest : public WireTest {
 protected:
  v1::SubmitRequest HelloOf(const EnrolledAgent& agent, const v1::SubmitResponse& challenge) {
    v1::SubmitRequest request;
    v1::Hello& hello = *request.mutable_hello();
    hello.set_agent_id(agent.id());
    hello.set_plan_version(1);
    hello.set_signature(agent.key().Sign(
        kHelloDomain, HelloPayload(challenge.challenge().nonce(), agent.id(), 1,
                                   ReadCertificate(collector_.roots_pem())->hash)));
    return request;
  }
  void WaitForStreams(double count) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (collector_.metrics().streams.Value() != count) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }
};

TEST_F(WireBoundsTest, StreamThatNeverSaysHelloIsEnded) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  RawStream silent(collector_.Public());
  EXPECT_TRUE(silent.Read().has_challenge());
  clock_.Advance(Streams::kHelloTimeMax);
  EXPECT_EQ(silent.Read().message_case(), v1::SubmitResponse::MESSAGE_NOT_SET);
  const grpc::Status status = silent.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(status.error_message(), HasSubstr("no hello"));
  ExpectDelivers(agent);
}

TEST_F(WireBoundsTest, NewerStreamOfAnAgentEndsTheOlder) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  RawStream older(collector_.Public());
  older.Write(HelloOf(agent, older.Read()));
  EXPECT_TRUE(older.Read().has_welcome());
  ExpectDelivers(agent);
  EXPECT_EQ(older.Read().message_case(), v1::SubmitResponse::MESSAGE_NOT_SET);
  EXPECT_EQ(older.Finish().error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(WireBoundsTest, HugeMessageEndsItsStreamOnly) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  RawStream hostile(collector_.Public());
  hostile.Write(HelloOf(agent, hostile.Read()));
  EXPECT_TRUE(hostile.Read().has_welcome());
  v1::SubmitRequest request;
  request.mutable_batch()->set_batch(std::string(size_t{64} * 1024 * 1024, 'x'));
  hostile.Write(request);
  EXPECT_EQ(hostile.Read().message_case(), v1::SubmitResponse::MESSAGE_NOT_SET);
  EXPECT_FALSE(hostile.Finish().ok());
  EXPECT_EQ(collector_.metrics().bytes_received.Value(), 0);
  ExpectDelivers(agent);
}

TEST_F(WireBoundsTest, CompressedMessagesAreNotTaken) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  for (const grpc_compression_algorithm how : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    context.set_compression_algorithm(how);
    // A few kilobytes on the wire that would be 64 MiB.
    v1::EnrollRequest request;
    request.set_token(std::string(size_t{64} << 20, 'x'));
    v1::EnrollResponse response;
    const grpc::Status status =
        v1::Ingest::NewStub(collector_.Public())->Enroll(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr("ompression"));
  }
  ExpectDelivers(agent);
}

TEST_F(WireBoundsTest, PeerThatDoesNotReadIsBrokenOffInTheEnd) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = collector_.roots_pem();
  grpc::ChannelArguments narrow;
  narrow.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 5);
  narrow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  RawStream deaf(
      grpc::CreateCustomChannel(collector_.address(), grpc::SslCredentials(tls), narrow));
  WaitForStreams(1);
  // The end waits behind a challenge that is never taken.
  clock_.Advance(Streams::kHelloTimeMax);
  while (collector_.metrics().streams_rejected.Value() < 1) std::this_thread::yield();
  clock_.Advance(Outbox::kSendTimeMax + absl::Seconds(1));
  WaitForStreams(0);
  // It would hear of it only if it read.
  deaf.Cancel();
  EXPECT_FALSE(deaf.Finish().ok());
}

}  // namespace
}  // namespace sightline::e2e
