#include "collector/cli/replay_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files.h"
#include "tests/collector/cli/run_app.h"
#include "tests/common/temp_folder.h"
#include "tests/sim/small_world.h"

namespace sightline::cli {
namespace {

using testing::HasSubstr;

class ReplayCommandTest : public testing::Test {
 protected:
  std::string Write(absl::string_view more) {
    const std::string path = absl::StrCat(folder_.path(), "/history.toml");
    EXPECT_TRUE(SystemFiles().WriteAtomically(path, SmallWorld(more), 0600).ok());
    return path;
  }
  Ran Run(const std::vector<std::string>& arguments) const {
    return AppUnderTest(absl::UnixEpoch()).Run(arguments);
  }

  TempFolder folder_;
};

TEST_F(ReplayCommandTest, WhatHoldsAndWhatIsBroken) {
  const std::string path = Write(
      "[[expect]]\ntarget = \"whatsapp\"\nscope = \"NOWHERE\"\nevents = 0\n"
      "[[expect]]\ntarget = \"wechat\"\nscope = \"LOCAL\"\n");
  const Ran ran = Run({"replay", path, "--seed", "3"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.out, HasSubstr("small, seed 3: 24 windows, 576 batches; 1 of 2 expectations"));
  EXPECT_THAT(ran.out, testing::ContainsRegex("27 +whatsapp +NOWHERE 0 events +held"));
  EXPECT_THAT(ran.out, testing::ContainsRegex("31 +wechat +LOCAL +BROKEN +24 +in 24, first "
                                              "2024-04-01 00:00: WIDESPREAD"));
  EXPECT_THAT(ran.out, HasSubstr("No events."));
  EXPECT_THAT(ran.err, HasSubstr("1 expectation is broken"));
}

TEST_F(ReplayCommandTest, AsJsonIntoAStoreThatIsKept) {
  const std::string path = Write("[[expect]]\ntarget = \"whatsapp\"\nscope = \"NOWHERE\"\n");
  const std::string file = absl::StrCat(folder_.path(), "/kept.db");
  const Ran ran = Run({"replay", path, "--format", "json", "--store", "sqlite:" + file});
  EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("\"batches\": \"576\""));
  EXPECT_THAT(ran.out, HasSubstr("\"held\": true"));
  EXPECT_TRUE(SystemFiles().Read(file).ok());
}

TEST_F(ReplayCommandTest, AFileThatIsWrongIsNamedWithItsLine) {
  const Ran ran = Run({"replay", Write("[[expect]]\ntarget = \"telegram\"\n")});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("history.toml:28: [[expect]] target: \"telegram\""));
  EXPECT_EQ(Run({"replay"}).exit_code, kExitUsage);
}

}  // namespace
}  // namespace sightline::cli
