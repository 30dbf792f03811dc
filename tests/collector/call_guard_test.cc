#include "collector/call_guard.h"

#include <gtest/gtest.h>

#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using Code = absl::StatusCode;

class CallGuardTest : public ::testing::Test {
 protected:
  // One call and what came of it; how long it should have waited.
  absl::Duration Call(RegistryCall call, Code code, const Origin& from) {
    const absl::Duration wait = guard_.Admit(call, from, now_);
    if (wait == absl::ZeroDuration()) guard_.Settle(call, from, code, now_);
    return wait;
  }
  absl::Duration Enroll(Code code) { return Call(RegistryCall::kEnroll, code, here_); }
  // How many such calls are let in at one moment.
  int Admitted(RegistryCall call, Code code) {
    for (int count = 0;; ++count) {
      if (count > 1000 || Call(call, code, here_) > absl::ZeroDuration()) return count;
    }
  }

  CallGuard guard_{3};
  const Origin here_{"CN", 4134, "\x1e\x0b\x01"};
  const Origin elsewhere_{"CN", 4134, "\x1e\x0b\x02"};
  absl::Time now_ = kTestNow;
};

TEST_F(CallGuardTest, WrongTokensCostMoreThanOtherCalls) {
  EXPECT_EQ(Admitted(RegistryCall::kRotateKey, Code::kOk), 30);
  EXPECT_EQ(Call(RegistryCall::kLeave, Code::kOk, here_), absl::Seconds(10));
  EXPECT_EQ(Call(RegistryCall::kLeave, Code::kOk, elsewhere_), absl::ZeroDuration());
  now_ += absl::Seconds(300);
  EXPECT_EQ(Admitted(RegistryCall::kEnroll, Code::kUnauthenticated), 6);
  EXPECT_EQ(Enroll(Code::kOk), absl::Seconds(10)) << "its neighbours wait, too";
  now_ += absl::Seconds(10);
  EXPECT_EQ(Enroll(Code::kOk), absl::ZeroDuration());
}

TEST_F(CallGuardTest, EnrolmentsOfADayHaveACapPerBlock) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Enroll(Code::kOk), absl::ZeroDuration());
  const absl::Duration wait = Enroll(Code::kOk);
  EXPECT_GT(wait, absl::ZeroDuration());
  EXPECT_LE(wait, absl::Hours(24));
  EXPECT_EQ(Call(RegistryCall::kEnroll, Code::kOk, elsewhere_), absl::ZeroDuration());
  EXPECT_EQ(Call(RegistryCall::kLeave, Code::kOk, here_), absl::ZeroDuration());
  now_ += wait - absl::Milliseconds(1);
  EXPECT_EQ(Enroll(Code::kOk), absl::Milliseconds(1));
  now_ += absl::Milliseconds(1);
  EXPECT_EQ(Enroll(Code::kOk), absl::ZeroDuration());
}

TEST_F(CallGuardTest, WhatDidNotWorkDoesNotCountForTheDay) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Enroll(Code::kInvalidArgument), absl::ZeroDuration());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Enroll(Code::kOk), absl::ZeroDuration());
  EXPECT_GT(Enroll(Code::kOk), absl::ZeroDuration());
}

TEST_F(CallGuardTest, EnrolmentsThatCameTogetherCannotPassTheCap) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(guard_.Admit(RegistryCall::kEnroll, here_, now_), absl::ZeroDuration());
  }
  EXPECT_GT(guard_.Admit(RegistryCall::kEnroll, here_, now_), absl::ZeroDuration());
}

TEST_F(CallGuardTest, WhatTheCollectorFailedAtIsFree) {
  EXPECT_EQ(Admitted(RegistryCall::kEnroll, Code::kUnavailable), 1001);
}

TEST_F(CallGuardTest, WithoutACapInvitesAloneBoundEnrolments) {
  CallGuard open(0);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(open.Admit(RegistryCall::kEnroll, here_, now_), absl::ZeroDuration()) << i;
    open.Settle(RegistryCall::kEnroll, here_, Code::kOk, now_);
  }
}

}  // namespace
}  // namespace sightline
