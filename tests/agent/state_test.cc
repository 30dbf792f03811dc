#include "agent/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "agent/plan_keeper.h"
#include "common/plan.h"
#include "tests/agent/memory_files.h"
#include "tests/common/fake_clock.h"
#include "tests/common/temp_folder.h"
#include "tests/common/test_plan.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;

Identity TestIdentity() {
  Identity identity;
  identity.agent_id = Sha256("key");
  identity.region = "CN-BJ";
  identity.role = v1::AGENT_ROLE_VOLUNTEER;
  identity.collectors = {"127.0.0.1:1", "[::1]:2"};
  identity.operator_public_key = Sha256("operator");
  identity.collector_roots_pem =
      "-----BEGIN CERTIFICATE-----\n\"quoted\"\n-----END CERTIFICATE-----\n";
  return identity;
}

TEST(StateTest, IdentityComesBackAsItWasSaved) {
  const TempFolder temp;
  StateFolder folder(SystemFiles(), temp / "a/b");
  ASSERT_TRUE(folder.Make().ok());
  ASSERT_TRUE(folder.SaveIdentity(TestIdentity()).ok());
  const auto identity = folder.LoadIdentity();
  ASSERT_TRUE(identity.ok()) << identity.status();
  const Identity want = TestIdentity();
  EXPECT_EQ(identity->agent_id, want.agent_id);
  EXPECT_EQ(identity->region, want.region);
  EXPECT_EQ(identity->role, want.role);
  EXPECT_EQ(identity->collectors, want.collectors);
  EXPECT_EQ(identity->operator_public_key, want.operator_public_key);
  EXPECT_EQ(identity->collector_roots_pem, want.collector_roots_pem);
}

TEST(StateTest, ProxyAndChangedKeyComeBackToo) {
  Identity identity = TestIdentity();
  identity.proxy = "http://p:8080";
  identity.key_generation = 2;
  identity.public_key = Sha256("second key");
  const auto read = IdentityFromToml(IdentityToToml(identity));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->proxy, identity.proxy);
  EXPECT_EQ(read->key_generation, 2u);
  EXPECT_EQ(read->public_key, identity.public_key);
  identity.proxy = "https://p:8080";
  EXPECT_THAT(std::string(IdentityFromToml(IdentityToToml(identity)).status().message()),
              HasSubstr("proxy: must be http://"));
  identity.proxy.clear();
  identity.public_key.clear();
  EXPECT_THAT(std::string(IdentityFromToml(IdentityToToml(identity)).status().message()),
              HasSubstr("public_key"));
}

TEST(StateTest, EmptyFolderSaysHowToEnrol) {
  const TempFolder temp;
  const auto identity = StateFolder(SystemFiles(), temp.path()).LoadIdentity();
  EXPECT_EQ(identity.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(identity.status().message()), HasSubstr("sightline-agent enroll"));
}

TEST(StateTest, DamagedIdentityNamesTheFieldAndTheWayOut) {
  MemoryFiles files;
  StateFolder folder(files, "s");
  std::string text = IdentityToToml(TestIdentity());
  text.replace(text.find("VOLUNTEER"), 9, "KING");
  ASSERT_TRUE(files.WriteAtomically("s/identity.toml", text, 0600).ok());
  const std::string message(folder.LoadIdentity().status().message());
  EXPECT_THAT(message, HasSubstr("role: must be VOLUNTEER or CONTROL"));
  EXPECT_THAT(message, HasSubstr("enrol anew"));
  EXPECT_THAT(std::string(IdentityFromToml("region = ").status().message()), HasSubstr("line 1"));
}

TEST(StateTest, KeyIsMadeOnceAndForTheOwnerOnly) {
  const TempFolder temp;
  StateFolder folder(SystemFiles(), temp.path());
  const auto made = folder.LoadOrMakeKey();
  const auto again = folder.LoadOrMakeKey();
  ASSERT_TRUE(made.ok() && again.ok());
  EXPECT_EQ(made->public_key().raw(), again->public_key().raw());
  struct stat info = {};
  ASSERT_EQ(stat((temp / "agent.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(StateTest, SecondProcessInTheFolderIsKeptOut) {
  const TempFolder temp;
  const StateFolder folder(SystemFiles(), temp.path());
  EXPECT_FALSE(FolderLock::IsHeld(folder));
  {
    const auto lock = FolderLock::Take(folder);
    ASSERT_TRUE(lock.ok());
    EXPECT_TRUE(FolderLock::IsHeld(folder));
    const auto second = FolderLock::Take(folder);
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(second.status().message()), HasSubstr("stop it first"));
  }
  EXPECT_FALSE(FolderLock::IsHeld(folder));
  EXPECT_TRUE(FolderLock::Take(folder).ok());
}

class PlanKeeperTest : public ::testing::Test {
 protected:
  std::unique_ptr<PlanKeeper> Load() {
    auto keeper = PlanKeeper::Load(folder_, operator_.public_key(), clock_);
    EXPECT_TRUE(keeper.ok()) << keeper.status();
    return *std::move(keeper);
  }

  MemoryFiles files_;
  StateFolder folder_{files_, "s"};
  SigningKey operator_ = SigningKey::Generate();
  FakeClock clock_{kTestNow};
};

TEST_F(PlanKeeperTest, NewerPlanIsSavedBeforeItIsInForce) {
  ASSERT_TRUE(folder_.SavePlan(SignPlan(TestPlan(3), operator_)).ok());
  auto keeper = Load();
  const auto refusal = keeper->Offer(SignPlan(TestPlan(4), operator_));
  ASSERT_TRUE(refusal.ok());
  EXPECT_FALSE(refusal->has_value());
  EXPECT_EQ(keeper->version(), 4u);
  EXPECT_EQ(Load()->version(), 4u);
}

TEST_F(PlanKeeperTest, OlderExpiredAndForeignPlansAreRefusedByName) {
  ASSERT_TRUE(folder_.SavePlan(SignPlan(TestPlan(3), operator_)).ok());
  auto keeper = Load();
  v1::Plan expired = TestPlan(5);
  *expired.mutable_expire_time() = ToProto(kTestNow + absl::Seconds(1));
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ((*keeper->Offer(SignPlan(TestPlan(3), operator_)))->reason(),
            v1::PLAN_REFUSAL_REASON_NOT_NEWER);
  EXPECT_EQ((*keeper->Offer(SignPlan(expired, operator_)))->reason(),
            v1::PLAN_REFUSAL_REASON_EXPIRED);
  EXPECT_EQ((*keeper->Offer(SignPlan(TestPlan(5), SigningKey::Generate())))->reason(),
            v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  EXPECT_EQ(keeper->version(), 3u);
  EXPECT_EQ(Load()->version(), 3u);
}

TEST_F(PlanKeeperTest, ExpiredPlanIsStillTheOneHeld) {
  ASSERT_TRUE(folder_.SavePlan(SignPlan(TestPlan(3), operator_)).ok());
  clock_.Advance(absl::Hours(24 * 365));
  EXPECT_EQ(Load()->version(), 3u);
}

TEST_F(PlanKeeperTest, PlanOnDiskThatWasAlteredIsRefused) {
  v1::SignedPlan plan = SignPlan(TestPlan(3), operator_);
  plan.mutable_plan()->back() ^= 1;
  ASSERT_TRUE(folder_.SavePlan(plan).ok());
  const auto keeper = PlanKeeper::Load(folder_, operator_.public_key(), clock_);
  EXPECT_THAT(std::string(keeper.status().message()), HasSubstr("BAD_SIGNATURE"));
}

// The operator changes its key: plan 4 lists both keys, plan 5 is signed by the new one.
class KeyChangeTest : public PlanKeeperTest {
 protected:
  KeyChangeTest() { EXPECT_TRUE(folder_.SavePlan(SignPlan(TestPlan(3), operator_)).ok()); }

  v1::SignedPlan Plan(uint64_t version, const SigningKey& signer,
                      const std::vector<const SigningKey*>& listed = {}) {
    v1::Plan plan = TestPlan(version);
    for (const SigningKey* key : listed) plan.add_operator_keys(key->public_key().raw());
    return SignPlan(plan, signer);
  }
  // UNSPECIFIED when it is taken.
  static v1::PlanRefusalReason Offer(PlanKeeper& keeper, const v1::SignedPlan& plan) {
    const auto refusal = keeper.Offer(plan);
    EXPECT_TRUE(refusal.ok()) << refusal.status();
    return refusal->has_value() ? (*refusal)->reason() : v1::PLAN_REFUSAL_REASON_UNSPECIFIED;
  }

  static constexpr auto kTaken = v1::PLAN_REFUSAL_REASON_UNSPECIFIED;
  const SigningKey new_ = SigningKey::Generate();
  const SigningKey thief_ = SigningKey::Generate();
};

TEST_F(KeyChangeTest, NewKeySignsAfterAPlanThatListsItAndTheOldOneIsOut) {
  auto keeper = Load();
  EXPECT_EQ(Offer(*keeper, Plan(4, operator_, {&operator_, &new_})), kTaken);
  EXPECT_EQ(Offer(*keeper, Plan(5, new_, {&new_})), kTaken);
  EXPECT_EQ(Offer(*keeper, Plan(6, operator_)), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  EXPECT_EQ(keeper->version(), 5u);
}

TEST_F(KeyChangeTest, RestartsKnowTheKeysThatTheyHadAtEveryStep) {
  EXPECT_EQ(Offer(*Load(), Plan(4, operator_, {&operator_, &new_})), kTaken);
  EXPECT_EQ(Offer(*Load(), Plan(5, new_)), kTaken);
  EXPECT_EQ(Load()->version(), 5u);
  EXPECT_EQ(Offer(*Load(), Plan(6, operator_)), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  EXPECT_EQ(Offer(*Load(), Plan(6, new_)), kTaken);
  EXPECT_EQ(Load()->version(), 6u);
}

TEST_F(KeyChangeTest, PlanOfTheNewKeyWithoutTheOneThatListsItIsRefused) {
  auto keeper = Load();
  EXPECT_EQ(Offer(*keeper, Plan(5, new_, {&new_})), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  EXPECT_EQ(keeper->version(), 3u);
  // The collector gives it the plan between first.
  EXPECT_EQ(Offer(*keeper, Plan(4, operator_, {&operator_, &new_})), kTaken);
  EXPECT_EQ(Offer(*keeper, Plan(5, new_, {&new_})), kTaken);
}

TEST_F(KeyChangeTest, CollectorThatSignsForItselfIsRefusedAndAnOldPlanToo) {
  auto keeper = Load();
  EXPECT_EQ(Offer(*keeper, Plan(4, thief_)), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  EXPECT_EQ(Offer(*keeper, Plan(4, thief_, {&thief_, &operator_})),
            v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
  v1::SignedPlan borrowed = Plan(4, thief_, {&thief_, &operator_});
  borrowed.set_key_id(operator_.public_key().Id());
  EXPECT_EQ(Offer(*keeper, borrowed), v1::PLAN_REFUSAL_REASON_BAD_SIGNATURE);
  EXPECT_EQ(Offer(*keeper, Plan(2, operator_, {&operator_, &new_})),
            v1::PLAN_REFUSAL_REASON_NOT_NEWER);
  EXPECT_EQ(Offer(*keeper, Plan(4, new_)), v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY);
}

TEST_F(KeyChangeTest, KeysOnDiskOpenThePlanWhereverTheMachineStopped) {
  auto keeper = Load();
  ASSERT_EQ(Offer(*keeper, Plan(4, operator_, {&operator_, &new_})), kTaken);
  const v1::SignedPlan before = *folder_.LoadPlan();
  ASSERT_EQ(Offer(*keeper, Plan(5, new_)), kTaken);
  EXPECT_EQ(Load()->version(), 5u);
  // As if it had stopped between the keys and the plan.
  ASSERT_TRUE(folder_.SavePlan(before).ok());
  EXPECT_EQ(Load()->version(), 4u);
  EXPECT_EQ(Offer(*Load(), Plan(5, new_)), kTaken);
}

TEST_F(KeyChangeTest, DamagedKeysAreAnErrorAndNotTheFirstKeyAgain) {
  ASSERT_EQ(Offer(*Load(), Plan(4, operator_, {&operator_, &new_})), kTaken);
  for (const char* damage : {"", "nonsense\n", "00\n"}) {
    ASSERT_TRUE(files_.WriteAtomically("s/operator_keys", damage, 0600).ok());
    const auto keeper = PlanKeeper::Load(folder_, operator_.public_key(), clock_);
    EXPECT_TRUE(absl::IsDataLoss(keeper.status())) << keeper.status();
    EXPECT_THAT(std::string(keeper.status().message()), HasSubstr("operator_keys"));
  }
}

}  // namespace
}  // namespace sightline::agent
