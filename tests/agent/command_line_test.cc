// The agent's command line, and the settings that a package brings.
#include "agent/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/files.h"
#include "tests/common/temp_folder.h"

namespace sightline::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CommandLineTest : public ::testing::Test {
 protected:
  ~CommandLineTest() override {
    unsetenv("SIGHTLINE_AGENT_STATE");
    unsetenv("SIGHTLINE_AGENT_CONFIG");
  }

  // The name of the command that ran; the exit code when none did.
  std::string Run(std::vector<std::string> arguments) {
    std::string ran;
    const auto note = [&](const char* name) {
      return [&ran, name](const Flags&) {
        ran = name;
        return absl::OkStatus();
      };
    };
    const Commands commands = {
        note("enroll"), note("run"),    note("check_config"), note("pause"),  note("resume"),
        note("status"), note("doctor"), note("rotate_key"),   note("forget"), note("probe")};
    out_.str("");
    err_.str("");
    CommandLine command_line(commands, out_, config_);
    std::vector<const char*> argv = {"sightline-agent"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    const auto code = command_line.Parse(static_cast<int>(argv.size()), argv.data(), err_);
    if (code) return absl::StrCat(*code);
    flags_ = command_line.flags();
    settings_ = command_line.Settings();
    EXPECT_TRUE(command_line.Run().ok());
    return ran;
  }
  void Write(const std::string& text) {
    ASSERT_TRUE(SystemFiles().WriteAtomically(config_, text, 0600).ok());
  }

  TempFolder folder_;
  const std::string config_ = folder_ / "agent.toml";
  std::ostringstream out_;
  std::ostringstream err_;
  Flags flags_;
  std::vector<flags::Setting> settings_;
};

TEST_F(CommandLineTest, WithoutAFolderItSaysWhatToDo) {
  for (const char* command :
       {"run", "pause", "resume", "status", "doctor", "rotate-key", "forget"}) {
    EXPECT_EQ(Run({command}), "2") << command;
    EXPECT_THAT(err_.str(), AllOf(HasSubstr("Say --state FOLDER"), HasSubstr(config_),
                                  HasSubstr("state = \"/var/lib/sightline-agent\"")));
  }
}

TEST_F(CommandLineTest, EveryCommandTakesTheFolderFromTheFile) {
  Write("state = \"/of/file\"\nlog_level = \"warning\"\n");
  EXPECT_EQ(Run({"enroll", "--invite", "@x", "--region", "CN-BJ"}), "enroll");
  EXPECT_EQ(flags_.state_folder, "/of/file");
  for (const char* command :
       {"run", "pause", "resume", "status", "doctor", "rotate-key", "forget"}) {
    EXPECT_EQ(Run({command}), absl::StrReplaceAll(command, {{"-", "_"}}));
    EXPECT_EQ(flags_.state_folder, "/of/file") << command;
  }
  EXPECT_EQ(Run({"run", "--check-config"}), "check_config");
  EXPECT_EQ(flags_.log_level, "warning");
  ASSERT_EQ(settings_.size(), 3u);
  EXPECT_EQ(settings_[0].source, config_ + ":1");
}

TEST_F(CommandLineTest, FlagGoesBeforeEnvironmentAndThatBeforeTheFile) {
  Write("state = \"/of/file\"\n");
  setenv("SIGHTLINE_AGENT_STATE", "/of/environment", 1);
  EXPECT_EQ(Run({"status"}), "status");
  EXPECT_EQ(flags_.state_folder, "/of/environment");
  EXPECT_EQ(Run({"status", "--state", "/of/flag"}), "status");
  EXPECT_EQ(flags_.state_folder, "/of/flag");
}

TEST_F(CommandLineTest, WrongSettingsAreRefusedWithTheirLine) {
  Write("# a comment\nstaet = \"/x\"\n");
  EXPECT_EQ(Run({"run"}), "2");
  EXPECT_THAT(err_.str(), HasSubstr(config_ + ":2: unknown key staet; did you mean state?"));
  Write("state = \"/x\"\nlog_level = \"loud\"\n");
  EXPECT_EQ(Run({"run"}), "2");
  EXPECT_THAT(err_.str(), HasSubstr(config_ + ":2: log_level"));
  Write("check_config = true\n");
  EXPECT_EQ(Run({"run", "--state", "/x"}), "2");
}

TEST_F(CommandLineTest, ProbeNeedsNoFolder) {
  EXPECT_EQ(Run({"probe", "--plan", "plan.txtpb", "--rounds", "2"}), "probe");
  EXPECT_EQ(flags_.rounds, 2);
}

TEST_F(CommandLineTest, TellsShellsAndManualsOfEveryCommand) {
  EXPECT_EQ(Run({"completion", "bash"}), "");
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("doctor"), HasSubstr("--check-config")));
  EXPECT_EQ(Run({"man-page"}), "");
  EXPECT_THAT(out_.str(), AllOf(HasSubstr(".TH SIGHTLINE"), HasSubstr("SIGHTLINE_AGENT_PROXY"),
                                HasSubstr("doctor"), Not(HasSubstr("man-page"))));
}

// deploy/debian/agent.toml: what it sets and what it shows behind "# ".
TEST_F(CommandLineTest, PackagedFileShowsEveryKeyAndNoOther) {
  const absl::StatusOr<std::string> packaged = SystemFiles().Read(SIGHTLINE_AGENT_TOML);
  ASSERT_TRUE(packaged.ok()) << packaged.status();
  std::string all;
  std::set<std::string> shown;
  std::istringstream lines(*packaged);
  const std::regex setting("(# )?([a-z_]+) = .*");
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, setting)) continue;
    EXPECT_TRUE(shown.insert(match[2]).second) << line;
    absl::StrAppend(&all, match[1].length() > 0 ? line.substr(2) : line, "\n");
  }
  Write(*packaged);
  ASSERT_EQ(Run({"run"}), "run") << err_.str();
  EXPECT_EQ(flags_.state_folder, kServiceFolder);
  EXPECT_EQ(flags_.proxy, "");
  EXPECT_EQ(flags_.log_level, "info");
  std::set<std::string> keys;
  for (const flags::Setting& each : settings_) keys.insert(each.key);
  EXPECT_EQ(shown, keys);
  // What is shown as an example is taken, too.
  Write(all);
  ASSERT_EQ(Run({"run"}), "run") << err_.str();
  EXPECT_EQ(flags_.proxy, "http://127.0.0.1:8080");
}

}  // namespace
}  // namespace sightline::agent
