#include "agent/enroll.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <sstream>

#include "common/invite.h"
#include "common/plan.h"
#include "common/wire.h"
#include "tests/agent/memory_files.h"
#include "tests/common/fake_clock.h"
#include "tests/common/temp_folder.h"
#include "tests/common/test_plan.h"

namespace sightline::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EnrollTest : public ::testing::Test {
 protected:
  EnrollTest() {
    v1::Invite invite;
    invite.set_token(std::string(32, 't'));
    invite.add_collectors("one:1");
    invite.add_collectors("two:2");
    invite.set_operator_public_key(operator_.public_key().raw());
    invite.set_collector_roots_pem("roots");
    invite.set_role(v1::AGENT_ROLE_VOLUNTEER);
    options_.invite = EncodeInvite(invite);
    options_.region = "CN-BJ";
    options_.state_folder = temp_ / "state";
    options_.accept = true;
  }

  // Answers as a collector does.
  absl::StatusOr<v1::EnrollResponse> Answer(const std::string& address, const std::string&,
                                            const v1::EnrollRequest& request) {
    called_.push_back(address);
    keys_.push_back(request.public_key());
    if (!verdict_.ok()) return verdict_;
    const auto key = VerifyKey::FromRaw(request.public_key());
    EXPECT_TRUE(key->Verify(kEnrollDomain,
                            EnrollPayload(request.token(), request.public_key(), request.region()),
                            request.proof()));
    v1::EnrollResponse response;
    response.set_agent_id(key->Id());
    *response.mutable_plan() = SignPlan(TestPlan(2), plan_key_ ? *plan_key_ : operator_);
    return response;
  }

  absl::Status Run(const std::string& typed = "") {
    std::istringstream in(typed);
    out_.str("");
    return Enroll(
        options_, SystemFiles(), FakeClock(kTestNow),
        [this](const auto&... arguments) { return Answer(arguments...); }, in, out_);
  }
  StateFolder Folder() { return StateFolder(SystemFiles(), options_.state_folder); }

  TempFolder temp_;
  SigningKey operator_ = SigningKey::Generate();
  const SigningKey* plan_key_ = nullptr;
  EnrollOptions options_;
  absl::Status verdict_;
  std::vector<std::string> called_;
  std::vector<std::string> keys_;
  std::ostringstream out_;
};

TEST_F(EnrollTest, SavesIdentityKeyAndPlan) {
  const absl::Status status = Run();
  ASSERT_TRUE(status.ok()) << status;
  const auto identity = Folder().LoadIdentity();
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->agent_id, Folder().LoadKey()->public_key().Id());
  EXPECT_EQ(identity->region, "CN-BJ");
  EXPECT_THAT(identity->collectors, ElementsAre("one:1", "two:2"));
  EXPECT_EQ(identity->collector_roots_pem, "roots");
  EXPECT_TRUE(Folder().LoadPlan().ok());
  EXPECT_THAT(out_.str(), HasSubstr("whatsapp"));
}

TEST_F(EnrollTest, ExplainsTheRiskBeforeAnythingElse) {
  options_.accept = false;
  options_.terminal = true;
  EXPECT_EQ(Run("no\n").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(out_.str(), HasSubstr("Risk."));
  EXPECT_TRUE(called_.empty());
  EXPECT_FALSE(SystemFiles().List(options_.state_folder).ok());
  EXPECT_TRUE(Run(" Yes \n").ok());
}

TEST_F(EnrollTest, ExplainsAndAsksInChineseToo) {
  options_.accept = false;
  options_.terminal = true;
  options_.language = Language::kChinese;
  EXPECT_EQ(Run("否\n").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(out_.str(), HasSubstr("风险"));
  EXPECT_TRUE(called_.empty());
  EXPECT_TRUE(Run("是\n").ok());
}

TEST_F(EnrollTest, ProxyIsTriedAfterTheAddressesAndKept) {
  options_.proxy = "http://p:8080";
  verdict_ = absl::UnavailableError("connection refused");
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_THAT(called_, ElementsAre("one:1", "two:2", "one:1 through http://p:8080",
                                   "two:2 through http://p:8080"));
  verdict_ = absl::OkStatus();
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Folder().LoadIdentity()->proxy, "http://p:8080");
}

TEST_F(EnrollTest, FolderThatOthersUseIsNotTaken) {
  const std::string shared = temp_ / "shared";
  ASSERT_EQ(mkdir(shared.c_str(), 0700), 0);
  ASSERT_TRUE(SystemFiles().WriteAtomically(shared + "/theirs", "", 0644).ok());
  ASSERT_EQ(chmod(shared.c_str(), 0755), 0);
  options_.state_folder = shared;
  EXPECT_THAT(std::string(Run().message()), HasSubstr("others on this machine can look into it"));
  EXPECT_TRUE(called_.empty());
}

TEST_F(EnrollTest, EmptyFolderThatOthersCanSeeIsClosed) {
  const std::string open_folder = temp_ / "open";
  ASSERT_EQ(mkdir(open_folder.c_str(), 0700), 0);
  ASSERT_EQ(chmod(open_folder.c_str(), 0755), 0);
  options_.state_folder = open_folder;
  ASSERT_TRUE(Run().ok());
  struct stat info = {};
  ASSERT_EQ(stat(open_folder.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(EnrollTest, WithoutTerminalConsentNeedsTheFlag) {
  options_.accept = false;
  const absl::Status status = Run("yes\n");
  EXPECT_THAT(std::string(status.message()), HasSubstr("--accept"));
  EXPECT_TRUE(called_.empty());
}

TEST_F(EnrollTest, InviteFromAFile) {
  ASSERT_TRUE(SystemFiles().WriteAtomically(temp_ / "invite", options_.invite + "\n", 0600).ok());
  options_.invite = "@" + (temp_ / "invite");
  EXPECT_TRUE(Run().ok());
}

TEST_F(EnrollTest, DamagedInviteAndBadRegionAreNamed) {
  const std::string invite = options_.invite;
  options_.invite = invite.substr(0, 40);
  EXPECT_THAT(std::string(Run().message()), HasSubstr("cut short"));
  options_.invite = "@/nonexistent/invite";
  EXPECT_THAT(std::string(Run().message()), HasSubstr("/nonexistent/invite"));
  options_.invite = invite;
  options_.region = "Beijing";
  EXPECT_THAT(std::string(Run().message()), HasSubstr("such as CN-BJ"));
  EXPECT_TRUE(called_.empty());
}

TEST_F(EnrollTest, SilentCollectorsAreAllNamedAndTheKeyIsKeptForTheNextTry) {
  verdict_ = absl::UnavailableError("connection refused");
  const absl::Status status = Run();
  EXPECT_THAT(std::string(status.message()), HasSubstr("one:1 (connection refused), two:2"));
  verdict_ = absl::OkStatus();
  ASSERT_TRUE(Run().ok());
  ASSERT_EQ(keys_.size(), 3u);
  EXPECT_EQ(keys_[0], keys_[2]);
}

TEST_F(EnrollTest, RefusalByNameIsFinal) {
  verdict_ = absl::InvalidArgumentError("region: \"CN-XX\" is not in the list; it has CN-BJ");
  const absl::Status status = Run();
  EXPECT_THAT(called_, ElementsAre("one:1"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("it has CN-BJ"));
  EXPECT_TRUE(absl::IsNotFound(Folder().LoadIdentity().status()));
}

TEST_F(EnrollTest, PlanOfAnotherKeyIsNotTaken) {
  const SigningKey other = SigningKey::Generate();
  plan_key_ = &other;
  EXPECT_THAT(std::string(Run().message()), HasSubstr("UNKNOWN_KEY"));
  EXPECT_TRUE(absl::IsNotFound(Folder().LoadIdentity().status()));
}

TEST_F(EnrollTest, EnrolledFolderIsLeftAlone) {
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Run().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(called_.size(), 1u);
}

}  // namespace
}  // namespace sightline::agent
