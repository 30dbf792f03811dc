#include "agent/pause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/commands.h"
#include "tests/agent/enrolled_folder.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PauseTest : public ::testing::Test {
 protected:
  std::string Pause(const std::string& duration) {
    const auto text = PauseAgent(folder_.path(), SystemFiles(), kTestNow, duration);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.value_or("");
  }
  bool PausedAt(absl::Time now) { return PauseInForce(folder_.state(), now).has_value(); }
  std::string Status(bool json, absl::Time now = kTestNow) {
    return *DescribeStatus(folder_.path(), SystemFiles(), now, json);
  }

  EnrolledFolder folder_;
};

TEST_F(PauseTest, HoldsUntilResume) {
  EXPECT_FALSE(PausedAt(kTestNow));
  EXPECT_THAT(Pause(""), HasSubstr("sightline-agent resume --state " + folder_.path()));
  EXPECT_TRUE(PausedAt(kTestNow + absl::Hours(24 * 3650)));
  EXPECT_THAT(*ResumeAgent(folder_.path(), SystemFiles(), kTestNow), HasSubstr("No longer paused"));
  EXPECT_FALSE(PausedAt(kTestNow));
  EXPECT_THAT(*ResumeAgent(folder_.path(), SystemFiles(), kTestNow), HasSubstr("was not paused"));
}

TEST_F(PauseTest, EndsByItselfAfterTheTimeThatWasAskedFor) {
  EXPECT_THAT(Pause("90m"), HasSubstr("until 20"));
  EXPECT_TRUE(PausedAt(kTestNow + absl::Minutes(89)));
  EXPECT_FALSE(PausedAt(kTestNow + absl::Minutes(90)));
}

TEST_F(PauseTest, ANewPauseTakesThePlaceOfTheOldOne) {
  Pause("");
  Pause("1m");
  EXPECT_FALSE(PausedAt(kTestNow + absl::Hours(1)));
}

TEST_F(PauseTest, TimesThatMakeNoSenseAreRefused) {
  for (const char* duration : {"soon", "-1h", "0s", "9000h", "inf"}) {
    EXPECT_EQ(PauseAgent(folder_.path(), SystemFiles(), kTestNow, duration).status().code(),
              absl::StatusCode::kInvalidArgument)
        << duration;
  }
  EXPECT_FALSE(PausedAt(kTestNow));
}

// Somebody wanted the agent to keep still; a broken file must not make it probe.
TEST_F(PauseTest, FileThatMakesNoSenseIsAPauseWithoutEnd) {
  for (const char* text : {"", "until = 5", "until = \"soon\"", "\x01 = ["}) {
    ASSERT_TRUE(SystemFiles().WriteAtomically(folder_.state().PausePath(), text, 0600).ok());
    EXPECT_TRUE(PausedAt(kTestNow + absl::Hours(24 * 3650))) << text;
  }
}

TEST_F(PauseTest, StatusSaysThatItIsPausedAndUntilWhen) {
  EXPECT_THAT(Status(false), Not(HasSubstr("paused")));
  EXPECT_THAT(Status(true), HasSubstr("\"paused\" : false"));
  Pause("2h");
  const std::string until =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", kTestNow + absl::Hours(2), absl::UTCTimeZone());
  EXPECT_THAT(Status(false), HasSubstr("not running, paused until " + until));
  EXPECT_THAT(Status(true), HasSubstr("\"paused\" : true"));
  EXPECT_THAT(Status(true), HasSubstr("\"paused_until\" : \"" + until + "\""));
  Pause("");
  EXPECT_THAT(Status(false), HasSubstr("paused until: sightline-agent resume"));
  EXPECT_THAT(Status(true), Not(HasSubstr("paused_until")));
}

TEST(PauseFolderTest, FolderWithoutAnAgentCannotBePaused) {
  const TempFolder temp;
  EXPECT_TRUE(absl::IsNotFound(PauseAgent(temp.path(), SystemFiles(), kTestNow, "").status()));
  EXPECT_TRUE(absl::IsNotFound(ResumeAgent(temp.path(), SystemFiles(), kTestNow).status()));
  EXPECT_TRUE(SystemFiles().List(temp.path())->empty());
}

}  // namespace
}  // namespace sightline::agent
