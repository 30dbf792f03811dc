#include "agent/forget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <sstream>

#include "agent/pause.h"
#include "common/wire.h"
#include "tests/agent/enrolled_folder.h"
#include "tests/agent/faulty_files.h"

namespace sightline::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char kProxy[] = "http://proxy:8080";

class ForgetTest : public ::testing::Test {
 protected:
  ForgetTest() {
    folder_.Fill(3, 1);
    EXPECT_TRUE(PauseAgent(folder_.path(), SystemFiles(), kTestNow, "").ok());
    EXPECT_TRUE(SystemFiles().WriteAtomically(folder_.state().StatusPath(), "", 0600).ok());
    EXPECT_TRUE(folder_.state().SaveOperatorKeys({known_}).ok());
    options_.state_folder = folder_.path();
    options_.question.accept = true;
  }

  // Answers as a collector does that knows `known_`.
  absl::StatusOr<v1::LeaveResponse> Answer(const std::string& road, const std::string& roots,
                                           const v1::LeaveRequest& request) {
    roads_.push_back(road);
    EXPECT_EQ(roots, "roots");
    EXPECT_EQ(request.agent_id(), identity_.agent_id);
    if (!verdict_.ok()) return verdict_;
    if (!known_.Verify(kLeaveDomain, request.agent_id(), request.signature())) {
      return absl::UnauthenticatedError("signature");
    }
    ++told_;
    return v1::LeaveResponse();
  }
  absl::Status Run(Files& files = SystemFiles(), const std::string& typed = "") {
    std::istringstream in(typed);
    out_.str("");
    return Forget(
        options_, files, [this](const auto&... arguments) { return Answer(arguments...); }, in,
        out_);
  }
  bool Gone() const { return !std::filesystem::exists(folder_.path()); }
  bool Has(const std::string& path) const { return std::filesystem::exists(path); }

  EnrolledFolder folder_;
  const Identity identity_ = *folder_.state().LoadIdentity();
  VerifyKey known_ = folder_.state().LoadKey()->public_key();
  ForgetOptions options_;
  absl::Status verdict_;
  std::vector<std::string> roads_;
  int told_ = 0;
  std::ostringstream out_;
};

TEST_F(ForgetTest, TellsTheCollectorAndDeletesEverything) {
  const absl::Status status = Run();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(Gone());
  EXPECT_THAT(out_.str(), HasSubstr("stay in its log under the random name"));
}

TEST_F(ForgetTest, NothingHappensWithoutConsent) {
  options_.question = {Language::kChinese, false, true};
  EXPECT_THAT(std::string(Run(SystemFiles(), "否\n").message()), HasSubstr("did not agree"));
  EXPECT_THAT(out_.str(), HasSubstr("彻底删除"));
  EXPECT_TRUE(roads_.empty());
  EXPECT_TRUE(folder_.state().LoadKey().ok());
  EXPECT_TRUE(Run(SystemFiles(), "是\n").ok());
  EXPECT_TRUE(Gone());
}

TEST_F(ForgetTest, AgentThatRunsIsLeftAlone) {
  {
    const auto lock = FolderLock::Take(folder_.state());
    EXPECT_THAT(std::string(Run().message()), HasSubstr("stop it first"));
  }
  EXPECT_TRUE(roads_.empty());
  EXPECT_TRUE(folder_.state().LoadKey().ok());
}

TEST_F(ForgetTest, NothingIsDeletedUntilACollectorAnswers) {
  options_.proxy = kProxy;
  verdict_ = absl::UnavailableError("connection refused");
  const absl::Status status = Run();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--offline"));
  EXPECT_THAT(roads_, ElementsAre("a:1", "b:2", "a:1 through http://proxy:8080",
                                  "b:2 through http://proxy:8080"));
  EXPECT_TRUE(folder_.state().LoadKey().ok());
  EXPECT_EQ(SystemFiles().List(folder_.state().SpoolFolder())->size(), 1u);
}

TEST_F(ForgetTest, RefusalByNameDeletesNothing) {
  known_ = SigningKey::Generate().public_key();
  EXPECT_TRUE(absl::IsUnauthenticated(Run()));
  EXPECT_TRUE(folder_.state().LoadKey().ok());
}

TEST_F(ForgetTest, CollectorThatDoesNotKnowTheAgentIsNoObstacle) {
  verdict_ = absl::NotFoundError("no such agent");
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(out_.str(), HasSubstr("does not know this agent"));
  EXPECT_TRUE(Gone());
}

TEST_F(ForgetTest, OfflineDeletesWithoutAnyConnectionAndSaysSo) {
  options_.offline = true;
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(roads_.empty());
  EXPECT_THAT(out_.str(), HasSubstr("The collector was not told"));
  EXPECT_TRUE(Gone());
}

TEST_F(ForgetTest, KeyThatOthersCanReadIsNotUsed) {
  ASSERT_EQ(chmod(folder_.state().KeyPath().c_str(), 0644), 0);
  EXPECT_THAT(std::string(Run().message()), HasSubstr("chmod 600"));
  EXPECT_TRUE(roads_.empty());
}

TEST_F(ForgetTest, WhateverElseIsInTheFolderStays) {
  const std::string letter = folder_.path() + "/letter.txt";
  ASSERT_TRUE(SystemFiles().WriteAtomically(letter, "mine", 0600).ok());
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(*SystemFiles().List(folder_.path()), ElementsAre("letter.txt"));
}

TEST_F(ForgetTest, EmptyFolderHoldsNoAgent) {
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(absl::IsNotFound(Run()));
}

// While a change of the key is not finished the collector knows one of the two.
TEST_F(ForgetTest, EitherKeyOfAnUnfinishedChangeSigns) {
  const SigningKey next = SigningKey::Generate();
  ASSERT_TRUE(folder_.state().SaveKey(next, folder_.state().NextKeyPath()).ok());
  known_ = next.public_key();
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(Gone());
}

// Every operation fails once, and all after it: a crash there. Then the command is given again.
TEST(ForgetFaultTest, CrashAtAnyPointLeavesAWholeAgentOrNoKeyAndTheNextRunFinishes) {
  for (const auto fault : {FaultyFiles::Fault::kNothingDone, FaultyFiles::Fault::kDone}) {
    bool reached_the_end = false;
    for (int n = 0; !reached_the_end; ++n) {
      SCOPED_TRACE(n);
      ASSERT_LT(n, 100);
      EnrolledFolder folder;
      folder.Fill(2, 0);
      ASSERT_TRUE(
          folder.state().SaveKey(SigningKey::Generate(), folder.state().NextKeyPath()).ok());
      int told = 0;
      const LeaveCall call = [&](const auto&...) -> absl::StatusOr<v1::LeaveResponse> {
        ++told;
        return v1::LeaveResponse();
      };
      ForgetOptions options;
      options.state_folder = folder.path();
      options.question.accept = true;
      std::istringstream in;
      std::ostringstream out;
      FaultyFiles files(SystemFiles());
      files.FailAt(n, 1000, fault);
      const absl::Status status = Forget(options, files, call, in, out);
      reached_the_end = files.operations() <= n;
      EXPECT_EQ(status.ok(), reached_the_end) << status;
      EXPECT_EQ(told, 1);
      // Either nothing is gone, or the keys went first.
      if (std::filesystem::exists(folder.state().KeyPath())) {
        EXPECT_TRUE(folder.state().LoadIdentity().ok());
        EXPECT_EQ(SystemFiles().List(folder.state().SpoolFolder())->size(), 1u);
      }
      const absl::Status again = Forget(options, SystemFiles(), call, in, out);
      EXPECT_TRUE(again.ok() || absl::IsNotFound(again)) << again;
      EXPECT_LE(told, 2);
      std::vector<std::string> left;
      if (std::filesystem::exists(folder.path())) left = *SystemFiles().List(folder.path());
      EXPECT_THAT(left, ElementsAre());
    }
  }
}

}  // namespace
}  // namespace sightline::agent
