#include "agent/status_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/common/test_plan.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;

TEST(StatusBoardTest, StatusComesBackAsItWasWritten) {
  AgentStatus status;
  status.start_time = kTestNow;
  status.plan_expire_time = kTestNow;
  status.rounds = 7;
  status.hour_requests = 8;
  status.day_probe_bytes_sent = int64_t{1} << 40;
  status.last_refusal = "CLOCK_SKEW: \"set\"\nthe clock";
  status.clock_offset_ms = -12;
  const auto parsed = StatusFromToml(StatusToToml(status));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(StatusToToml(*parsed), StatusToToml(status));
  EXPECT_EQ(parsed->clock_offset_ms, -12);
  EXPECT_FALSE(parsed->last_round_time.has_value());
  EXPECT_THAT(std::string(StatusFromToml("rounds = 'x'").status().message()),
              HasSubstr("start_time"));
}

}  // namespace
}  // namespace sightline::agent
