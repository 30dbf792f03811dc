#include "collector/hello_guard.h"

#include <gtest/gtest.h>

#include <string>

#include "common/crypto.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

class HelloGuardTest : public ::testing::Test {
 protected:
  absl::Duration Wait(const std::string& agent) { return guard_.Wait(nat_, agent, now_); }
  // Strangers behind the same address, until its block has nothing left.
  void Flood() {
    for (int i = 0; i < static_cast<int>(HelloGuard::kBurst); ++i) {
      const std::string stranger = Sha256(std::to_string(i));
      EXPECT_EQ(Wait(stranger), absl::ZeroDuration()) << i;
      guard_.OnUnproven(nat_, stranger, now_);
    }
  }

  HelloGuard guard_;
  const Origin nat_{"CN", 4134, "\x1e\x0b\x01"};
  const std::string honest_ = Sha256("honest");
  const std::string other_ = Sha256("other");
  absl::Time now_ = kTestNow;
};

TEST_F(HelloGuardTest, WhoMisbehavesWaitsLongerEachTimeAndIsForgiven) {
  for (int i = 0; i < HelloGuard::kFreeStrikes; ++i) guard_.OnMisbehaved(honest_, now_);
  EXPECT_EQ(Wait(honest_), absl::ZeroDuration());
  guard_.OnMisbehaved(honest_, now_);
  EXPECT_EQ(Wait(honest_), absl::Seconds(2));
  now_ += absl::Seconds(2);
  EXPECT_EQ(Wait(honest_), absl::ZeroDuration());
  guard_.OnMisbehaved(honest_, now_);
  EXPECT_EQ(Wait(honest_), absl::Seconds(4));
  for (int i = 0; i < 100; ++i) guard_.OnMisbehaved(honest_, now_);
  EXPECT_EQ(Wait(honest_), absl::Hours(1));
  EXPECT_EQ(Wait(other_), absl::ZeroDuration());
  now_ += absl::Hours(2);
  guard_.OnMisbehaved(honest_, now_);
  EXPECT_EQ(Wait(honest_), absl::ZeroDuration());
}

TEST_F(HelloGuardTest, AFloodOfUnprovenHellosShutsItsBlockAndNoOther) {
  Flood();
  EXPECT_EQ(Wait(other_), absl::Seconds(1));
  EXPECT_EQ(guard_.Wait({"CN", 4134, "\x1e\x0b\x02"}, other_, now_), absl::ZeroDuration());
  now_ += absl::Seconds(1);
  EXPECT_EQ(Wait(other_), absl::ZeroDuration());
}

TEST_F(HelloGuardTest, AnAgentThatProvedItselfPassesWhileItsNeighbourFloods) {
  guard_.OnProven(honest_, now_);
  Flood();
  EXPECT_GT(Wait(other_), absl::ZeroDuration());
  EXPECT_EQ(Wait(honest_), absl::ZeroDuration());
  // Somebody claims to be it, which costs it the privilege for a while.
  guard_.OnUnproven(nat_, honest_, now_);
  EXPECT_GT(Wait(honest_), absl::ZeroDuration());
  now_ += absl::Minutes(1);
  Flood();
  EXPECT_EQ(Wait(honest_), absl::ZeroDuration());
}

TEST_F(HelloGuardTest, AClockThatIsSetBackShutsNobodyForLong) {
  for (int i = 0; i < 50; ++i) guard_.OnMisbehaved(honest_, now_);
  now_ -= absl::Hours(1000);
  EXPECT_EQ(Wait(honest_), absl::Hours(1));
  Flood();
  EXPECT_LE(Wait(other_), absl::Seconds(1));
}

TEST_F(HelloGuardTest, IdsThatAreNoIdsAreTakenForStrangers) {
  EXPECT_EQ(Wait(""), absl::ZeroDuration());
  guard_.OnUnproven(nat_, "", now_);
  guard_.OnUnproven(nat_, "abc", now_);
  EXPECT_EQ(Wait("abc"), absl::ZeroDuration());
}

TEST(RecentMapTest, KeepsWhatWasUsedLastAndIsBounded) {
  RecentMap<int> map;
  map.At(1) = 7;
  for (uint64_t key = 2; key < 10 * RecentMap<int>::kGenerationMax; ++key) {
    map.At(key);
    ASSERT_NE(map.Find(1), nullptr) << key;
    ASSERT_LE(map.size(), 2 * RecentMap<int>::kGenerationMax + 1);
  }
  EXPECT_EQ(*map.Find(1), 7);
  EXPECT_EQ(map.Find(2), nullptr);
}

}  // namespace
}  // namespace sightline
