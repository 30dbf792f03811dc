// The operator's side over the wire: who is let in, what is written down, and what it does to
// agents.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/files.h"
#include "common/invite.h"
#include "common/plan.h"
#include "common/wire.h"
#include "sightline/v1/admin.grpc.pb.h"
#include "sightline/v1/ingest.grpc.pb.h"
#include "tests/agent/test_certificate.h"
#include "tests/collector/cli/run_app.h"
#include "tests/collector/key_chain.h"
#include "tests/common/fake_clock.h"
#include "tests/common/temp_folder.h"
#include "tests/common/test_plan.h"
#include "tests/e2e/loopback_collector_grpc.h"

namespace sightline::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AdminWireTest : public ::testing::Test {
 protected:
  AdminWireTest() {
    EXPECT_TRUE(collector_.Publish(SignPlan(TestPlan(1), operator_key_)).ok());
    roots_ = Write("roots.pem", collector_.roots_pem());
  }

  std::string Write(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(SystemFiles().WriteAtomically(folder_ / name, text, 0600).ok());
    return folder_ / name;
  }

  // The command, on the operators' listener with this certificate.
  cli::Ran RunRemote(std::vector<std::string> arguments,
                     const agent::TestCertificate& certificate) const {
    arguments.insert(arguments.end(),
                     {"--admin", collector_.admin_address(), "--admin-roots", roots_,
                      "--admin-cert", Write("cert.pem", certificate.certificate_pem), "--admin-key",
                      Write("key.pem", certificate.key_pem)});
    return app_.Run(arguments);
  }
  cli::Ran Run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--admin", collector_.admin_socket()});
    return app_.Run(arguments);
  }

  grpc::Status Enroll(const SigningKey& key, const std::string& token) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::EnrollRequest request;
    request.set_token(token);
    request.set_public_key(key.public_key().raw());
    request.set_region("CN-BJ");
    request.set_proof(key.Sign(kEnrollDomain, EnrollPayload(token, request.public_key(), "CN-BJ")));
    v1::EnrollResponse response;
    return v1::Ingest::NewStub(collector_.Public())->Enroll(&context, request, &response);
  }
  grpc::Status EnrollInvited(const SigningKey& key) {
    return Enroll(key, DecodeInvite(collector_.Invite())->token());
  }

  LogLines log_;
  FakeClock clock_{kTestNow};
  const SigningKey operator_key_ = SigningKey::Generate();
  LoopbackCollector collector_{operator_key_, clock_};
  TempFolder folder_;
  std::string roots_;
  const cli::AppUnderTest app_{kTestNow};
  const SigningKey key_ = SigningKey::Generate();
};

TEST_F(AdminWireTest, OnlyACertificateOfTheOperatorsCaOpensTheListener) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = collector_.roots_pem();
  const auto without = grpc::CreateChannel(collector_.admin_address(), grpc::SslCredentials(tls));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::ListAgentsResponse response;
  const grpc::Status refused =
      v1::Admin::NewStub(without)->ListAgents(&context, v1::ListAgentsRequest(), &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE) << refused.error_message();

  const cli::Ran stranger = RunRemote({"agents"}, agent::MakeTestCertificate());
  EXPECT_EQ(stranger.exit_code, cli::kExitFailure);
  EXPECT_EQ(stranger.out, "");

  const cli::Ran let_in = RunRemote({"invite"}, collector_.operator_certificate());
  EXPECT_EQ(let_in.exit_code, cli::kExitOk) << let_in.err;
  EXPECT_THAT(let_in.out, HasSubstr("sl1."));
  // Who it was is written down, and the invite is not.
  const cli::Ran log = Run({"audit-log", "--format", "json"});
  EXPECT_THAT(log.out, HasSubstr("CN=\\\"test\\\" sha256="));
  EXPECT_THAT(log.out, HasSubstr("\"actor\": \"socket\""));
  EXPECT_THAT(log.out, Not(HasSubstr("sl1.")));
}

TEST_F(AdminWireTest, ThePublicPortHasNoAdminService) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::ListAgentsResponse response;
  const grpc::Status status = v1::Admin::NewStub(collector_.Public())
                                  ->ListAgents(&context, v1::ListAgentsRequest(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AdminWireTest, AHostAndPortNeedsCertificateAndKey) {
  const cli::Ran ran = app_.Run({"agents", "--admin", collector_.admin_address()});
  EXPECT_EQ(ran.exit_code, cli::kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("--admin-cert"));
  EXPECT_EQ(app_.Run({"agents"}).exit_code, cli::kExitUsage);
}

TEST_F(AdminWireTest, AnAgentIsRevokedByTheBeginningOfItsNameAndTheLogSaysWhy) {
  ASSERT_TRUE(EnrollInvited(key_).ok());
  const std::string id = absl::BytesToHexString(key_.public_key().Id());
  EXPECT_THAT(Run({"agents", "revoke", id.substr(0, 7), "--reason", "x"}).err,
              HasSubstr("at least the first 8"));
  const std::string other = (id[0] == 'f' ? "0" : "f") + id.substr(1, 7);
  EXPECT_THAT(Run({"agents", "revoke", other, "--reason", "x"}).err, HasSubstr("no agent begins"));
  const cli::Ran ran = Run({"agents", "revoke", id.substr(0, 8), "--reason", "key was stolen"});
  EXPECT_EQ(ran.exit_code, cli::kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(absl::StrCat("Agent ", id, ": REVOKED since ")));
  EXPECT_THAT(Run({"agents"}).out, HasSubstr("REVOKED since "));
  EXPECT_EQ(collector_.store().FindAgent(key_.public_key().Id())->end, v1::AGENT_END_REVOKED);
  const cli::Ran log = Run({"audit-log", "--limit", "1", "--format", "csv"});
  EXPECT_THAT(log.out, HasSubstr("RevokeAgent"));
  EXPECT_THAT(log.out, HasSubstr(id));
  EXPECT_THAT(log.out, HasSubstr("key was stolen"));
  EXPECT_THAT(Run({"audit-log"}).out, HasSubstr("RevokeAgent"));
}

TEST_F(AdminWireTest, AKeyChangesAndAnAgentLeavesOverTheWire) {
  ASSERT_TRUE(EnrollInvited(key_).ok());
  const SigningKey next = SigningKey::Generate();
  const std::string id = key_.public_key().Id();
  const auto stub = v1::Ingest::NewStub(collector_.Public());
  v1::RotateKeyRequest rotate;
  *rotate.mutable_succession() = MakeSuccession(id, 1, 1, key_, next);
  for (int i = 0; i < 2; ++i) {
    grpc::ClientContext context;
    v1::RotateKeyResponse rotated;
    EXPECT_TRUE(stub->RotateKey(&context, rotate, &rotated).ok());
  }
  const auto leave = [&](const SigningKey& key) {
    grpc::ClientContext context;
    v1::LeaveRequest request;
    request.set_agent_id(id);
    request.set_signature(key.Sign(kLeaveDomain, id));
    v1::LeaveResponse left;
    const grpc::Status status = stub->Leave(&context, request, &left);
    EXPECT_EQ(left.forgotten(), status.ok());
    return status.error_code();
  };
  EXPECT_EQ(leave(key_), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(leave(next), grpc::StatusCode::OK);
  EXPECT_EQ(leave(next), grpc::StatusCode::NOT_FOUND);
  EXPECT_FALSE(collector_.store().FindAgent(id).ok());
  for (const std::string& line : log_.OfCollector()) {
    EXPECT_THAT(line, Not(HasSubstr(absl::BytesToHexString(next.public_key().raw()))));
  }
}

TEST_F(AdminWireTest, WhoGuessesTokensIsTurnedAwayAndToldWhenToComeAgain) {
  grpc::Status status;
  int guesses = 0;
  do {
    status = Enroll(key_, std::string(32, static_cast<char>('a' + guesses % 26)));
  } while (status.error_code() == grpc::StatusCode::UNAUTHENTICATED && ++guesses < 100);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(guesses, 6);
  EXPECT_THAT(status.error_message(), HasSubstr("try again in 10s"));
  EXPECT_THAT(status.error_message(), Not(HasSubstr("127.0.0")));
  // An invite does not help: it could be one that was guessed.
  EXPECT_EQ(EnrollInvited(key_).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(EnrollInvited(key_).ok());
  EXPECT_EQ(collector_.metrics().RegistryCalled("Enroll", "UNAUTHENTICATED").Value(), 6);
  for (const std::string& line : log_.OfCollector()) {
    EXPECT_THAT(line, Not(HasSubstr("127.0.0.1:")));
  }
}

}  // namespace
}  // namespace sightline::e2e
