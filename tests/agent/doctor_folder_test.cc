// What the doctor says of the agent's folder.
#include "agent/doctor_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "agent/doctor.h"
#include "tests/agent/enrolled_folder.h"
#include "tests/common/fake_clock.h"

namespace sightline::agent {
namespace {

using ::testing::AllOf;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Matcher;

Matcher<Finding> Is(Level level, const std::string& text = "") {
  return AllOf(Field(&Finding::level, level), Field(&Finding::text, HasSubstr(text)));
}

FolderFacts GoodFolder() {
  FolderFacts facts;
  facts.path = "/var/lib/sightline-agent";
  facts.exists = true;
  facts.owner = facts.self = 999;
  facts.mode = 0700;
  return facts;
}

TEST(DoctorFolderTest, Folder) {
  EXPECT_THAT(JudgeFolder(GoodFolder()), Is(Level::kOk));
  FolderFacts facts = GoodFolder();
  facts.exists = false;
  EXPECT_THAT(JudgeFolder(facts), Is(Level::kProblem, "is not there"));
  facts = GoodFolder();
  facts.self = 1000;
  EXPECT_THAT(JudgeFolder(facts), Is(Level::kProblem, "belongs to user 999"));
  facts = GoodFolder();
  facts.foreign = {"spool/0000000001.seg", "paused.toml"};
  const Finding foreign = JudgeFolder(facts);
  EXPECT_THAT(foreign, Is(Level::kProblem, "spool/0000000001.seg, paused.toml"));
  EXPECT_THAT(foreign.advice, HasSubstr("chown"));
  facts = GoodFolder();
  facts.mode = 0750;
  EXPECT_THAT(JudgeFolder(facts), Is(Level::kProblem, "others on this machine"));
  facts = GoodFolder();
  facts.open = {"plan.pb"};
  EXPECT_THAT(JudgeFolder(facts), Is(Level::kProblem, "plan.pb"));
}

TEST(DoctorFolderTest, IdentityAndKey) {
  Identity identity;
  identity.agent_id = std::string(32, 'a');
  identity.region = "CN-BJ";
  EXPECT_THAT(JudgeIdentity(identity), Is(Level::kOk, "as 6161616161616161 for CN-BJ"));
  const Finding nobody = JudgeIdentity(absl::NotFoundError("no"));
  EXPECT_THAT(nobody, Is(Level::kProblem, "nobody enrolled"));
  EXPECT_THAT(nobody.advice, HasSubstr("sightline-agent enroll"));
  EXPECT_THAT(JudgeIdentity(absl::InvalidArgumentError("line 3")), Is(Level::kProblem, "line 3"));
  EXPECT_THAT(JudgeKey(absl::OkStatus()), Is(Level::kOk));
  EXPECT_THAT(JudgeKey(absl::FailedPreconditionError("mode 0644")),
              Is(Level::kProblem, "mode 0644"));
  EXPECT_THAT(JudgeKey(absl::DataLossError("do not belong together")),
              Is(Level::kProblem, "do not belong together"));
}

TEST(DoctorFolderTest, RunningAndPause) {
  EXPECT_THAT(JudgeRunning(true, "s"), Is(Level::kOk));
  const Finding stopped = JudgeRunning(false, "s");
  EXPECT_THAT(stopped, Is(Level::kWarning, "nothing is probed"));
  EXPECT_THAT(stopped.advice, HasSubstr("systemctl start"));
  EXPECT_THAT(JudgePause(std::nullopt, kTestNow), Is(Level::kOk));
  EXPECT_THAT(JudgePause(Pause{kTestNow + absl::Hours(3)}, kTestNow),
              Is(Level::kWarning, "paused for 3 hours more"));
  EXPECT_THAT(JudgePause(Pause{}, kTestNow), Is(Level::kWarning, "until somebody ends it"));
}

TEST(DoctorFolderTest, Plan) {
  PlanFacts plan;
  plan.version = 7;
  plan.issue_time = kTestNow - absl::Hours(50);
  plan.expire_time = kTestNow + absl::Hours(24 * 28);
  EXPECT_THAT(JudgePlan(plan, kTestNow), Is(Level::kOk,
                                            "version 7, signed by the operator, issued "
                                            "2 days ago, expires in 28 days"));
  EXPECT_THAT(JudgePlan(plan, plan.expire_time - absl::Hours(5)),
              Is(Level::kWarning, "expires in 5 hours"));
  EXPECT_THAT(JudgePlan(plan, plan.expire_time), Is(Level::kProblem, "expired"));
  plan.status = absl::DataLossError("signature");
  EXPECT_THAT(JudgePlan(plan, kTestNow), Is(Level::kProblem, "signature"));
}

TEST(DoctorFolderTest, Spool) {
  SpoolView spool;
  EXPECT_THAT(JudgeSpool(spool, true, kTestNow), Is(Level::kOk, "0 reports wait"));
  spool.batches = 2;
  spool.oldest_round = kTestNow - absl::Minutes(20);
  EXPECT_THAT(JudgeSpool(spool, true, kTestNow), Is(Level::kOk, "the oldest 20 minutes old"));
  spool.torn_bytes = 12;
  EXPECT_THAT(JudgeSpool(spool, false, kTestNow), Is(Level::kOk, "cut off while it wrote"));
  spool.oldest_round = kTestNow - absl::Hours(7);
  EXPECT_THAT(JudgeSpool(spool, true, kTestNow), Is(Level::kWarning, "7 hours old"));
  spool.bytes = 15 * 1024 * 1024;
  EXPECT_THAT(JudgeSpool(spool, true, kTestNow), Is(Level::kWarning, "nearly full"));
  spool.batches_damaged = 1;
  EXPECT_THAT(JudgeSpool(spool, true, kTestNow), Is(Level::kProblem, "damaged"));
  EXPECT_THAT(JudgeSpool(absl::DataLossError("cannot be continued"), true, kTestNow),
              Is(Level::kProblem, "cannot be continued"));
}

// An agent that works.
AgentFacts GoodAgent() {
  AgentFacts facts;
  facts.running = true;
  facts.plan.round_interval = absl::Minutes(10);
  AgentStatus status;
  status.start_time = kTestNow - absl::Hours(9);
  status.last_round_time = kTestNow - absl::Minutes(8);
  status.last_round_checks = 5;
  status.collector_state = "delivered";
  status.last_delivery_time = kTestNow - absl::Minutes(8);
  facts.status = status;
  return facts;
}

TEST(DoctorFolderTest, Rounds) {
  EXPECT_THAT(JudgeRounds(GoodAgent(), kTestNow), Is(Level::kOk, "8 minutes ago, with 5 checks"));
  AgentFacts facts = GoodAgent();
  facts.status->last_round_time = kTestNow - absl::Hours(5);
  EXPECT_THAT(JudgeRounds(facts, kTestNow), Is(Level::kWarning, "although the agent runs"));
  facts.pause = Pause();
  EXPECT_THAT(JudgeRounds(facts, kTestNow), Is(Level::kOk));
  facts = GoodAgent();
  facts.status->probing_problem = "plan version 1 expired";
  EXPECT_THAT(JudgeRounds(facts, kTestNow), Is(Level::kProblem, "plan version 1 expired"));
  facts = GoodAgent();
  facts.status->lost_batches = 4;
  EXPECT_THAT(JudgeRounds(facts, kTestNow), Is(Level::kWarning, "4 reports were given up"));
  facts.status = absl::InvalidArgumentError("line 1");
  EXPECT_THAT(JudgeRounds(facts, kTestNow), Is(Level::kWarning, "line 1"));
  facts.status = absl::NotFoundError("");
  EXPECT_THAT(JudgeRounds(facts, kTestNow), Is(Level::kOk, "has not run yet"));
}

TEST(DoctorFolderTest, Delivery) {
  EXPECT_THAT(JudgeDelivery(GoodAgent(), kTestNow), Is(Level::kOk, "took reports 8 minutes ago"));
  AgentFacts facts = GoodAgent();
  facts.status->collector_state = "unreachable";
  facts.status->collector_detail = "a:1: refused";
  EXPECT_THAT(JudgeDelivery(facts, kTestNow), Is(Level::kWarning, "a:1: refused"));
  facts.status->collector_state = "diverged";
  EXPECT_THAT(JudgeDelivery(facts, kTestNow), Is(Level::kProblem, "refuses"));
  facts = GoodAgent();
  facts.status->last_refusal = "RATE";
  facts.status->last_refusal_time = kTestNow - absl::Hours(2);
  EXPECT_THAT(JudgeDelivery(facts, kTestNow), Is(Level::kWarning, "2 hours ago: RATE"));
  EXPECT_THAT(JudgeDelivery(facts, kTestNow + absl::Hours(30)), Is(Level::kOk));
  facts = GoodAgent();
  facts.status->plan_refusal = "expired";
  EXPECT_THAT(JudgeDelivery(facts, kTestNow), Is(Level::kWarning, "expired"));
}

class DoctorOnFolderTest : public ::testing::Test {
 protected:
  AgentFacts Look() { return LookAtFolder(folder_.path(), SystemFiles(), clock_); }
  std::vector<Finding> Judge() { return JudgeAgent(Look(), clock_.Now()); }
  size_t Doctor(bool json, bool offline) {
    out_.str("");
    return agent::Doctor({folder_.path(), {}, offline, json, absl::Milliseconds(500)},
                         SystemFiles(), clock_, out_);
  }

  EnrolledFolder folder_;
  FakeClock clock_{kTestNow};
  std::ostringstream out_;
};

TEST_F(DoctorOnFolderTest, AnEnrolledFolderIsWell) {
  folder_.Fill(3, 1);
  const std::vector<Finding> findings = Judge();
  EXPECT_EQ(CountOf(findings, Level::kProblem), 0u) << FormatFindings(findings);
  EXPECT_EQ(Look().spool->batches, 2u);
  EXPECT_EQ(Look().plan.version, 1u);
}

TEST_F(DoctorOnFolderTest, EachFileThatIsWrongIsFound) {
  const StateFolder& state = folder_.state();
  ASSERT_EQ(chmod(state.KeyPath().c_str(), 0644), 0);
  EXPECT_THAT(JudgeKey(Look().key), Is(Level::kProblem, "mode 0644"));
  EXPECT_THAT(JudgeFolder(Look().folder), Is(Level::kProblem, "agent.key"));
  ASSERT_TRUE(folder_.state().SaveKey(SigningKey::Generate(), state.KeyPath()).ok());
  EXPECT_THAT(JudgeKey(Look().key), Is(Level::kProblem, "do not belong together"));
  ASSERT_TRUE(SystemFiles().WriteAtomically(state.PlanPath(), "x", 0600).ok());
  EXPECT_THAT(JudgePlan(Look().plan, kTestNow), Is(Level::kProblem));
  ASSERT_TRUE(SystemFiles().WriteAtomically(state.StatusPath(), "=", 0600).ok());
  EXPECT_THAT(JudgeRounds(Look(), kTestNow), Is(Level::kWarning, "status.toml"));
  ASSERT_TRUE(SystemFiles().Remove(state.IdentityPath()).ok());
  EXPECT_THAT(Judge(), ::testing::SizeIs(2));
}

TEST_F(DoctorOnFolderTest, ARunningAgentIsSeen) {
  const auto lock = FolderLock::Take(folder_.state());
  EXPECT_TRUE(Look().running);
}

// Names and roads of this folder's collectors would fail if they were tried.
TEST_F(DoctorOnFolderTest, PausedOrOfflineNothingConnects) {
  clock_.Advance(absl::Now() - kTestNow);  // The clock is judged, too; the plan is then old.
  Doctor(false, true);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("2 to the collectors; not tried"), HasSubstr("not asked")));
  ASSERT_TRUE(PauseAgent(folder_.path(), SystemFiles(), clock_.Now(), "2h").ok());
  Doctor(false, false);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("paused for"), HasSubstr("2 to the collectors; not tried"),
                    HasSubstr("not asked")));
}

TEST_F(DoctorOnFolderTest, WritesNothingIntoTheFolder) {
  folder_.Fill(2, 0);
  const auto names = [&] {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      all.push_back(entry.path());
    }
    std::sort(all.begin(), all.end());
    return all;
  };
  const std::vector<std::string> before = names();
  Doctor(false, true);
  EXPECT_EQ(names(), before);
}

TEST_F(DoctorOnFolderTest, JsonSaysTheSame) {
  const size_t problems = Doctor(true, true);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("\"problems\" : " + std::to_string(problems)),
                    HasSubstr("\"check\" : \"spool\""), HasSubstr("\"level\" : \"ok\"")));
}

}  // namespace
}  // namespace sightline::agent
