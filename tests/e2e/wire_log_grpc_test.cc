// The collector's log names nobody's address, whatever peers do.
#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/plan.h"
#include "sightline/v1/summaries.grpc.pb.h"
#include "tests/agent/test_certificate.h"
#include "tests/e2e/wire_fixture_grpc.h"

namespace sightline::e2e {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

MATCHER(HasAnAddress, "") {
  static const std::regex kAddress(
      R"(\d+\.\d+\.\d+\.\d+|::1|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:]*\]|localhost)");
  return std::regex_search(arg, kAddress);
}

class WireLogTest : public WireTest {
 protected:
  // A call that fails because no connection comes about.
  static void FailToConnect(const std::string& address,
                            const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::ListTargetsResponse response;
    const grpc::Status status = v1::Summaries::NewStub(grpc::CreateChannel(address, credentials))
                                    ->ListTargets(&context, v1::ListTargetsRequest(), &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  }
};

TEST_F(WireLogTest, SessionWithManyRefusalsLeavesNoAddress) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  agent.Deliver(collector_,
                Changing([](v1::SignedBatch& batch) { batch.mutable_signature()->front() ^= 1; }));
  agent.Deliver(collector_, Changing([&](v1::SignedBatch& signed_batch) {
                  Reseal(agent, signed_batch, [](v1::Batch& batch) { batch.set_batch_seq(3); });
                }));
  agent.Deliver(collector_,
                Tampering({nullptr, [](v1::SubmitResponse& response) {
                             if (response.has_challenge()) {
                               response.mutable_challenge()->set_nonce(std::string(32, 'x'));
                             }
                             return true;
                           }}));
  // What a peer writes is no way around.
  agent.Deliver(collector_,
                Tampering({[](v1::SubmitRequest& request) {
                             if (request.has_plan_refusal()) {
                               request.mutable_plan_refusal()->set_detail(
                                   "from 192.0.2.77 and ipv6:%5B2001:db8::77%5D:1\nlevel=error "
                                   "part=forged");
                             }
                             return true;
                           },
                           [this](v1::SubmitResponse& response) {
                             if (response.has_welcome()) {
                               *response.mutable_welcome()->mutable_plan() =
                                   SignPlan(TestPlan(1), operator_key_);
                             }
                             return true;
                           }}));
  EXPECT_FALSE(collector_.Publish(SignPlan(TestPlan(2), SigningKey::Generate())).ok());
  agent.SealRound();
  ExpectDelivers(agent);

  const std::vector<std::string> lines = log_.OfCollector();
  EXPECT_THAT(lines, Contains(HasSubstr("reason=BAD_SIGNATURE")));
  EXPECT_THAT(lines, Contains(HasSubstr("reason=SEQUENCE_GAP")));
  EXPECT_THAT(lines, Contains(HasSubstr("reason=BAD_CHALLENGE")));
  EXPECT_THAT(lines, Contains(HasSubstr(R"(detail="from (address) and ipv6:(address)\nlevel=)")));
  EXPECT_THAT(lines, Each(Not(HasAnAddress())));
  EXPECT_THAT(lines, Each(Not(StartsWith("level=error part=forged"))));
  // The pattern finds what it looks for: the agent's own log may name the collector.
  EXPECT_THAT(log_.Get(), Contains(HasAnAddress()));
}

TEST_F(WireLogTest, HandshakeThatFailsLeavesNoAddress) {
  testing::internal::CaptureStderr();
  // Without TLS; and with TLS by a client that trusts somebody else.
  FailToConnect(collector_.address(), grpc::InsecureChannelCredentials());
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = agent::MakeTestCertificate().certificate_pem;
  FailToConnect(collector_.address(), grpc::SslCredentials(tls));
  // What the library says of it at other times and verbosities.
  gpr_log("src/core/x.cc", 12, GPR_LOG_SEVERITY_ERROR, "%s",
          "Handshake failed: ipv4:192.0.2.1:555 [2001:db8::1]:443");
  gpr_log("src/core/x.cc", 13, GPR_LOG_SEVERITY_INFO, "ipv4:192.0.2.1:556");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  const std::vector<std::string> lines = log_.OfCollector();
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("level=warn part=grpc event=error source=x.cc:12 "),
                                    HasSubstr("ipv4:(address) (address)"))));
  EXPECT_THAT(lines, Each(Not(HasAnAddress())));
  EXPECT_THAT(lines, Each(Not(HasSubstr("x.cc:13"))));
}

}  // namespace
}  // namespace sightline::e2e
