#include <thread>

#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StoreRegistryTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(All, StoreRegistryTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

v1::SignedPlan PlanOf(absl::string_view text) {
  v1::SignedPlan plan;
  plan.set_plan(absl::StrCat(EveryByte(), text));
  plan.set_signature(AwkwardBytes(text, kSignatureBytes));
  plan.set_key_id(AwkwardBytes("key", kHashBytes));
  return plan;
}

TEST_P(StoreRegistryTest, EnrolledAgentHasTheInvitesRoleAndStartsAtGenesis) {
  const auto store = Open();
  const TestAgent agent(1);
  ASSERT_OK(store->AddInvites(
      {InviteRecord{agent.token_hash(), v1::AGENT_ROLE_CONTROL, TestTime() + absl::Hours(1)}}));
  AgentRecord asked = agent.ToEnroll();
  asked.role = v1::AGENT_ROLE_VOLUNTEER;
  asked.last_seq = 7;
  asked.head = std::string(kHashBytes, 'x');
  const auto enrolled = store->Enroll(agent.token_hash(), asked);
  ASSERT_OK(enrolled.status());
  const auto found = store->FindAgent(agent.id());
  ASSERT_OK(found.status());
  for (const AgentRecord& record : {*enrolled, *found}) {
    EXPECT_EQ(record.agent_id, agent.id());
    EXPECT_EQ(record.public_key, asked.public_key);
    EXPECT_EQ(record.role, v1::AGENT_ROLE_CONTROL);
    EXPECT_EQ(record.region, "CN-BJ");
    EXPECT_EQ(record.enroll_time, TestTime());
    EXPECT_EQ(record.end, v1::AGENT_END_UNSPECIFIED);
    EXPECT_EQ(record.key_generation, 0u);
    EXPECT_FALSE(record.equivocated);
    EXPECT_EQ(record.last_seq, 0u);
    EXPECT_EQ(record.head, GenesisHash());
  }
}

TEST_P(StoreRegistryTest, EnrollingAgainReturnsTheFirstRecordEvenAfterExpiry) {
  const auto store = Open();
  const TestAgent agent(1);
  Enroll(*store, agent);
  ASSERT_EQ(AppendOne(*store, "n1", agent.Record(1)), AppendOutcome::kAppended);
  AgentRecord again = agent.ToEnroll();
  again.region = "CN-SH";
  again.enroll_time = TestTime() + absl::Hours(100);
  const auto enrolled = store->Enroll(agent.token_hash(), again);
  ASSERT_OK(enrolled.status());
  EXPECT_EQ(enrolled->region, "CN-BJ");
  EXPECT_EQ(enrolled->enroll_time, TestTime());
  EXPECT_EQ(enrolled->last_seq, 1u);
}

TEST_P(StoreRegistryTest, UnknownUsedAndExpiredInvitesAreRefusedAndChangeNothing) {
  const auto store = Open();
  const TestAgent first(1);
  const TestAgent second(2);
  EXPECT_EQ(CodeOf(store->Enroll(first.token_hash(), first.ToEnroll())),
            absl::StatusCode::kNotFound);
  Enroll(*store, first);
  const auto used = store->Enroll(first.token_hash(), second.ToEnroll());
  EXPECT_EQ(CodeOf(used), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(used.status().message()), HasSubstr("used by another key"));

  ASSERT_OK(
      store->AddInvites({InviteRecord{second.token_hash(), v1::AGENT_ROLE_VOLUNTEER, TestTime()}}));
  const auto expired = store->Enroll(second.token_hash(), second.ToEnroll());
  EXPECT_EQ(CodeOf(expired), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(expired.status().message()), HasSubstr("expired at 2024-04-18"));
  EXPECT_EQ(CodeOf(store->FindAgent(second.id())), absl::StatusCode::kNotFound);

  AgentRecord in_time = second.ToEnroll();
  in_time.enroll_time = TestTime() - absl::Milliseconds(1);
  EXPECT_TRUE((store->Enroll(second.token_hash(), in_time).status()).ok());
}

TEST_P(StoreRegistryTest, KeyEnrolledByAnotherTokenLeavesTheNewTokenUnused) {
  const auto store = Open();
  const TestAgent agent(1);
  const TestAgent other(2);
  Enroll(*store, agent);
  ASSERT_OK(store->AddInvites(
      {InviteRecord{other.token_hash(), v1::AGENT_ROLE_VOLUNTEER, TestTime() + absl::Hours(1)}}));
  EXPECT_EQ(CodeOf(store->Enroll(other.token_hash(), agent.ToEnroll())),
            absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE((store->Enroll(other.token_hash(), other.ToEnroll()).status()).ok());
}

TEST_P(StoreRegistryTest, OneOfManyKeysRacingForAnInviteGetsIt) {
  constexpr int kKeys = 6;
  const auto store = Open();
  const std::string token_hash = TestAgent(0).token_hash();
  ASSERT_OK(store->AddInvites(
      {InviteRecord{token_hash, v1::AGENT_ROLE_VOLUNTEER, TestTime() + absl::Hours(1)}}));
  std::vector<absl::Status> results(kKeys);
  std::vector<std::thread> threads;
  for (int i = 0; i < kKeys; ++i) {
    threads.emplace_back(
        [&, i] { results[i] = store->Enroll(token_hash, TestAgent(i).ToEnroll()).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  int enrolled = 0;
  for (const absl::Status& result : results) {
    enrolled += result.ok() ? 1 : 0;
    EXPECT_TRUE(result.ok() || absl::IsFailedPrecondition(result)) << result;
  }
  EXPECT_EQ(enrolled, 1);
  const auto agents = store->ListAgents("", 100);
  ASSERT_OK(agents.status());
  EXPECT_EQ(agents->size(), 1u);
}

TEST_P(StoreRegistryTest, InviteRoleIsTheSameBeforeAndAfterUse) {
  const auto store = Open();
  const TestAgent agent(1);
  EXPECT_EQ(CodeOf(store->FindInviteRole(agent.token_hash())), absl::StatusCode::kNotFound);
  Enroll(*store, agent);
  const auto role = store->FindInviteRole(agent.token_hash());
  ASSERT_OK(role.status());
  EXPECT_EQ(*role, v1::AGENT_ROLE_VOLUNTEER);
}

TEST_P(StoreRegistryTest, KnownTokenHashRefusesTheWholeGroupOfInvites) {
  const auto store = Open();
  const absl::Time expire_time = TestTime() + absl::Hours(1);
  const InviteRecord one = {TestAgent(1).token_hash(), v1::AGENT_ROLE_VOLUNTEER, expire_time};
  const InviteRecord two = {TestAgent(2).token_hash(), v1::AGENT_ROLE_VOLUNTEER, expire_time};
  ASSERT_OK(store->AddInvites({one}));
  EXPECT_EQ(CodeOf(store->AddInvites({two, one})), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(store->FindInviteRole(two.token_hash)), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store->AddInvites({two, two})), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE((store->AddInvites({two})).ok());
  EXPECT_TRUE((store->AddInvites({})).ok());
}

TEST_P(StoreRegistryTest, AgentsAreListedInPagesOrderedById) {
  const auto store = Open();
  std::vector<std::string> ids;
  for (int i = 0; i < 7; ++i) {
    Enroll(*store, TestAgent(i));
    ids.push_back(TestAgent(i).id());
  }
  std::sort(ids.begin(), ids.end());
  std::vector<std::string> listed;
  std::string after;
  for (size_t expected_size : {3, 3, 1, 0}) {
    const auto page = store->ListAgents(after, 3);
    ASSERT_OK(page.status());
    ASSERT_EQ(page->size(), expected_size);
    for (const AgentRecord& agent : *page) listed.push_back(agent.agent_id);
    after = listed.back();
  }
  EXPECT_EQ(listed, ids);
  const auto none = store->ListAgents("", 0);
  ASSERT_OK(none.status());
  EXPECT_TRUE(none->empty());
}

TEST_P(StoreRegistryTest, EquivocationIsFlaggedForGood) {
  const auto store = Open();
  const TestAgent agent(1);
  EXPECT_EQ(CodeOf(store->FlagEquivocation(agent.id())), absl::StatusCode::kNotFound);
  Enroll(*store, agent);
  EXPECT_TRUE((store->FlagEquivocation(agent.id())).ok());
  EXPECT_TRUE((store->FlagEquivocation(agent.id())).ok());
  const auto found = store->FindAgent(agent.id());
  ASSERT_OK(found.status());
  EXPECT_TRUE(found->equivocated);
}

TEST_P(StoreRegistryTest, PlanVersionIsTakenOnce) {
  const auto store = Open();
  ASSERT_OK(store->AddPlan(10, PlanOf("ten")));
  ASSERT_OK(store->AddPlan(9, PlanOf("nine")));
  EXPECT_TRUE((store->AddPlan(10, PlanOf("ten"))).ok());
  EXPECT_EQ(CodeOf(store->AddPlan(10, PlanOf("other"))), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(store->AddPlan(0, PlanOf("zero"))), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(store->AddPlan(uint64_t{1} << 63, PlanOf("huge"))),
            absl::StatusCode::kInvalidArgument);
  const auto plans = store->ListPlans();
  ASSERT_OK(plans.status());
  std::vector<std::string> bytes;
  for (const v1::SignedPlan& plan : *plans) bytes.push_back(plan.SerializeAsString());
  EXPECT_THAT(bytes,
              ElementsAre(PlanOf("nine").SerializeAsString(), PlanOf("ten").SerializeAsString()));
}

TEST_P(StoreRegistryTest, BucketKeyIsTheSameOnEveryHandleAndNewEveryDay) {
  const auto one = Open();
  const auto two = Open();
  const auto key = one->BucketKey(19831);
  ASSERT_OK(key.status());
  EXPECT_EQ(key->size(), 32u);
  EXPECT_EQ(*two->BucketKey(19831), *key);
  EXPECT_EQ(*Open()->BucketKey(19831), *key);
  EXPECT_NE(*two->BucketKey(19832), *key);
  EXPECT_TRUE((one->BucketKey(-1).status()).ok());
}

TEST_P(StoreRegistryTest, BucketKeysAreForgottenOnceNothingOfTheirDayIsTaken) {
  const auto store = Open();
  const auto oldest_in_use = store->BucketKey(19831);
  const auto old = store->BucketKey(19830);
  ASSERT_OK(old.status());
  ASSERT_OK(store->PrepareDays(19835));
  EXPECT_EQ(*store->BucketKey(19831), *oldest_in_use);
  EXPECT_NE(*store->BucketKey(19830), *old) << "a new one, that says nothing of the old buckets";
}

TEST_P(StoreRegistryTest, BadFieldsAreNamed) {
  const auto store = Open();
  const TestAgent agent(1);
  Enroll(*store, agent);
  AgentRecord bad = agent.ToEnroll();
  bad.region = std::string("CN\0BJ", 5);
  auto refused = store->Enroll(agent.token_hash(), bad);
  EXPECT_EQ(CodeOf(refused), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("region"));
  bad = agent.ToEnroll();
  bad.public_key = "short";
  refused = store->Enroll(agent.token_hash(), bad);
  EXPECT_EQ(CodeOf(refused), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("public_key"));
}

TEST_P(StoreRegistryTest, DamagedAgentIsDataLoss) {
  const auto store = Open();
  const TestAgent agent(1);
  Enroll(*store, agent);
  RunSql(GetParam() == Backend::kSqlite ? "UPDATE agents SET head = x'00'"
                                        : "UPDATE agents SET head = '\\x00'");
  EXPECT_EQ(CodeOf(store->FindAgent(agent.id())), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(store->ListAgents("", 10)), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace sightline
