#include "collector/verdict/follow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/wire.h"
#include "tests/collector/memory_store.h"
#include "tests/collector/verdict/world.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr absl::Duration kMinute = absl::Minutes(1);

// A world whose records lie in a real store.
class FollowerTest : public testing::Test {
 protected:
  FollowerTest() : store_(OpenStore(absl::StrCat("sqlite:", folder_ / "log.db")).value()) {}

  void PublishPlan() {
    v1::SignedPlan signed_plan;
    signed_plan.set_plan(world_.plan.SerializeAsString());
    signed_plan.set_signature(std::string(64, 's'));
    signed_plan.set_key_id(std::string(32, 'k'));
    ASSERT_TRUE(store_->AddPlan(world_.plan.version(), signed_plan).ok());
  }

  void Enroll() {
    for (const TestAgent& agent : world_.agents) {
      const std::string token = Sha256(agent.registry.agent_id);
      const InviteRecord invite{token, agent.registry.role, kTestNow};
      ASSERT_TRUE(store_->AddInvites({invite}).ok());
      const auto enrolled = store_->Enroll(token, agent.registry);
      ASSERT_TRUE(enrolled.ok()) << enrolled.status();
    }
  }

  // Appends the entries that are not in the store yet, in turn to each of `nodes`.
  void AppendNew(const std::vector<std::string>& nodes) {
    for (; appended_ < world_.entries.size(); ++appended_) {
      LogRecord record = world_.entries[appended_].record;
      std::string& head = heads_[record.agent_id];
      record.prev_hash = head.empty() ? GenesisHash() : head;
      record.chain_hash = head = Sha256(record.batch);
      const auto outcome = store_->Append(nodes[appended_ % nodes.size()], {record});
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      ASSERT_EQ(outcome->outcomes.front(), AppendOutcome::kAppended);
    }
  }

  void SetUpTwoCities() {
    PublishPlan();
    world_.JoinSixCities();
    Enroll();
    world_.Round(kTestNow, OpenWhere("whatsapp", [](const TestAgent& agent) {
                   return agent.registry.region == "CN-BJ" || agent.registry.region == "CN-SH";
                 }));
    AppendNew({"n1", "n2"});
  }

  TempFolder folder_;
  World world_;
  std::unique_ptr<Store> store_;
  std::map<std::string, std::string> heads_;
  size_t appended_ = 0;
};

TEST_F(FollowerTest, AnswersFromTheLogOfAllNodes) {
  SetUpTwoCities();
  Follower follower(*store_, TestNames(), {});
  const absl::Time now = kTestNow + 65 * kMinute;
  EXPECT_EQ(follower.Poll(now).value(), 51U);
  EXPECT_EQ(follower.Poll(now).value(), 0U);
  const auto summary = follower.Summary("CN", now);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->SerializeAsString(), world_.Summary().SerializeAsString());
  EXPECT_THAT(VerdictOn(*summary, "whatsapp").open_regions(), ElementsAre("CN-BJ", "CN-SH"));
}

TEST_F(FollowerTest, ReadsOnWhereItStopped) {
  SetUpTwoCities();
  FollowerOptions options;
  options.page_records = 7;
  options.poll_records_max = 20;
  Follower follower(*store_, TestNames(), options);
  EXPECT_EQ(follower.Poll(kTestNow).value(), 20U);
  EXPECT_EQ(follower.Poll(kTestNow).value(), 20U);
  EXPECT_EQ(follower.Poll(kTestNow).value(), 11U);
  EXPECT_EQ(follower.Poll(kTestNow).value(), 0U);
  world_.Round(kTestNow + kMinute, NormalSight);
  AppendNew({"n3"});
  EXPECT_EQ(follower.Poll(kTestNow).value(), 20U);
  EXPECT_EQ(follower.Poll(kTestNow).value(), 20U);
  EXPECT_EQ(follower.Poll(kTestNow).value(), 11U);
  EXPECT_EQ(follower.counters().folded, 102U);
}

TEST_F(FollowerTest, ANewFollowerGetsTheSameBytesAsOneThatSawItAll) {
  SetUpTwoCities();
  Follower first(*store_, TestNames(), {});
  ASSERT_TRUE(first.Poll(kTestNow).ok());
  world_.Round(kTestNow + kMinute, NormalSight);
  AppendNew({"n2", "n1"});
  const absl::Time now = kTestNow + 70 * kMinute;
  ASSERT_TRUE(first.Poll(now).ok());
  Follower second(*store_, TestNames(), {});
  ASSERT_TRUE(second.Poll(now).ok());
  EXPECT_EQ(first.Summary("CN", now)->SerializeAsString(),
            second.Summary("CN", now)->SerializeAsString());
}

TEST_F(FollowerTest, SaysWhatIsMissingOrUnknown) {
  Follower follower(*store_, TestNames(), {});
  const absl::Time now = kTestNow + 65 * kMinute;
  ASSERT_TRUE(follower.Poll(now).ok());
  EXPECT_EQ(follower.Summary("CN", now).status().code(), absl::StatusCode::kUnavailable);
  SetUpTwoCities();
  ASSERT_TRUE(follower.Poll(now).ok());
  EXPECT_EQ(follower.Summary("", now).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(follower.Summary("CN", now - kMinute).status().code(), absl::StatusCode::kUnavailable);
  const absl::Status country = follower.Summary("XX", now).status();
  EXPECT_EQ(country.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(country.message()), HasSubstr("observed: CN"));
}

TEST_F(FollowerTest, ASilentWindowAfterOthersIsUnknown) {
  SetUpTwoCities();
  Follower follower(*store_, TestNames(), {});
  const absl::Time now = kTestNow + absl::Hours(3);
  ASSERT_TRUE(follower.Poll(now).ok());
  const auto summary = follower.Summary("CN", now);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(VerdictOn(*summary, "whatsapp").scope(), v1::SCOPE_UNDETERMINED);
}

TEST_F(FollowerTest, ADamagedRecordStopsItByName) {
  PublishPlan();
  world_.Join("CN-BJ", 4134);
  Enroll();
  world_.Round(kTestNow, NormalSight);
  world_.entries.front().record.batch = "\xff\xff no batch";
  AppendNew({"n1"});
  Follower follower(*store_, TestNames(), {});
  for (int i = 0; i < 2; ++i) {
    const auto polled = follower.Poll(kTestNow);
    EXPECT_EQ(polled.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(polled.status().message()), HasSubstr("record 1 of node \"n1\""));
  }
}

TEST_F(FollowerTest, AGapIsDamageUnlessDaysWereDropped) {
  PublishPlan();
  world_.Join("CN-BJ", 4134);
  Enroll();
  for (int day : {0, 1, 0, 1}) world_.Round(kTestNow + day * 24 * kHour, NormalSight);
  AppendNew({"n1"});
  // As if the store had lost what it dropped, and forgotten that it did.
  class Forgetful : public MemoryStore {
   public:
    bool knows = false;
    absl::StatusOr<int64_t> FirstDay() override {
      return knows ? MemoryStore::FirstDay() : absl::StatusOr<int64_t>(0);
    }
  } store;
  AgentRecord agent = world_.agents.front().registry;
  agent.head = GenesisHash();
  store.AddAgent(agent);
  ASSERT_TRUE(store.AddPlan(1, store_->ListPlans()->front()).ok());
  ASSERT_TRUE(store.Append("n1", *store_->ReadLog("n1", 0, 10)).ok());
  ASSERT_TRUE(store.DropDaysBefore(absl::ToUnixSeconds(kTestNow) / 86400 + 1).ok());
  Follower follower(store, TestNames(), {});
  const absl::Status gap = follower.Poll(kTestNow).status();
  EXPECT_TRUE(absl::IsDataLoss(gap)) << gap;
  EXPECT_THAT(std::string(gap.message()), HasSubstr("record 4 of node \"n1\" follows 2"));
  store.knows = true;
  EXPECT_EQ(follower.Poll(kTestNow).value(), 1U);
  EXPECT_EQ(follower.fold().horizon(), kTestNow + 24 * kHour) << "what is not whole is not judged";
}

TEST_F(FollowerTest, ItsOwnNodesRecordsComeFromMemoryWhileTheyAreThere) {
  SetUpTwoCities();
  Follower plain(*store_, TestNames(), {});
  ASSERT_TRUE(plain.Poll(kTestNow).ok());
  std::vector<std::shared_ptr<const Round>> recent;  // of n1, from node_seq 11 on
  const std::vector<LogRecord> log = *store_->ReadLog("n1", 10, 100);
  for (const LogRecord& record : log) {
    v1::Batch batch;
    ASSERT_TRUE(batch.ParseFromString(record.batch));
    recent.push_back(std::make_shared<const Round>(
        MakeRound(record, batch, &world_.plan, *store_->FindAgent(record.agent_id))));
  }
  size_t taken = 0;
  FollowerOptions options;
  options.page_records = 10;
  Follower follower(*store_, TestNames(), options);
  follower.UseRecent("n1", [&](uint64_t after, size_t limit) {
    std::vector<std::shared_ptr<const Round>> rounds;
    for (uint64_t seq = after; seq >= 10 && seq < 10 + recent.size() && rounds.size() < limit;) {
      rounds.push_back(recent[seq++ - 10]);
    }
    taken += rounds.size();
    return rounds;
  });
  EXPECT_EQ(follower.Poll(kTestNow).value(), 51U);
  EXPECT_EQ(taken, log.size());
  EXPECT_TRUE(follower.caught_up());
  const absl::Time now = kTestNow + 65 * kMinute;
  EXPECT_EQ(follower.Summary("CN", now)->SerializeAsString(),
            plain.Summary("CN", now)->SerializeAsString());
}

TEST_F(FollowerTest, OldWindowsAreForgotten) {
  SetUpTwoCities();
  Follower follower(*store_, TestNames(), {});
  ASSERT_TRUE(follower.Poll(kTestNow).ok());
  const absl::Time now = kTestNow + absl::Hours(80);
  ASSERT_TRUE(follower.Poll(now).ok());
  follower.Forget(kTestNow);
  EXPECT_TRUE(follower.Summary("CN", now).ok()) << "not before its last word was written";
  follower.Forget(absl::InfiniteFuture());
  EXPECT_EQ(follower.Summary("CN", now).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(FollowerTest, AWindowIsJudgedByThePlanOfItsTime) {
  SetUpTwoCities();
  world_.plan.set_version(2);
  *world_.plan.mutable_issue_time() = ToProto(kTestNow + absl::Minutes(90));
  PublishPlan();
  Follower follower(*store_, TestNames(), {});
  ASSERT_TRUE(follower.Poll(kTestNow).ok());
  EXPECT_EQ(follower.PlanAt(kTestNow - absl::Hours(1))->version(), 1U) << "before any was issued";
  EXPECT_EQ(follower.PlanAt(kTestNow + absl::Minutes(60))->version(), 1U);
  EXPECT_EQ(follower.PlanAt(kTestNow + absl::Minutes(90))->version(), 2U);
}

}  // namespace
}  // namespace sightline
