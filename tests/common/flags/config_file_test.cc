// Settings from the command line, the environment and a file.
#include "common/flags/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "common/files.h"
#include "tests/common/temp_folder.h"

namespace sightline::flags {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// What the program below took.
struct Taken {
  std::string listen = "0.0.0.0:7443";
  std::string window = "1h";
  std::vector<std::string> advertise;
  int streams_max = 20;
  bool no_migrate = false;
  std::string migrate_listen;
};

class ConfigFileTest : public ::testing::Test {
 protected:
  ~ConfigFileTest() override {
    for (const std::string& name : variables_) unsetenv(name.c_str());
  }

  void Write(const std::string& text) {
    ASSERT_TRUE(SystemFiles().WriteAtomically(path_, text, 0600).ok());
  }
  void SetVariable(const std::string& name, const std::string& value) {
    variables_.push_back(name);
    setenv(name.c_str(), value.c_str(), 1);
  }

  // The message of the error, or nothing when the arguments were taken.
  std::optional<std::string> Parse(std::vector<std::string> arguments) {
    taken_ = Taken();
    CLI::App app("A program.", "program");
    app.require_subcommand(1);
    CLI::App* serve = app.add_subcommand("serve", "Serves");
    serve->add_option("--listen", taken_.listen, "Where")->required();
    serve->add_option("--window", taken_.window, "How long")
        ->check(CLI::IsMember({"1h", "2h"}))
        ->capture_default_str();
    serve->add_option("--advertise", taken_.advertise, "Names");
    serve->add_option("--streams-max", taken_.streams_max, "How many")->check(CLI::Range(1, 100));
    serve->add_flag("--no-migrate", taken_.no_migrate, "Leave it");
    CLI::App* migrate = app.add_subcommand("migrate", "Migrates");
    migrate->add_option("--listen", taken_.migrate_listen, "Where");
    const ConfigFile config(app, *serve, "PROGRAM_", path_);
    std::reverse(arguments.begin(), arguments.end());
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
    settings_ = config.Settings();
    read_ = config.path();
    return std::nullopt;
  }

  std::string SourceOf(const std::string& key) const {
    for (const Setting& setting : settings_) {
      if (setting.key == key) return setting.source;
    }
    return "no such setting";
  }

  TempFolder folder_;
  std::string path_ = folder_ / "program.toml";
  std::vector<std::string> variables_;
  Taken taken_;
  std::vector<Setting> settings_;
  std::string read_;
};

TEST_F(ConfigFileTest, TakesWhatTheFileSays) {
  Write(
      "# a comment\n"
      "listen = \"10.0.0.1:1\"\n"
      "advertise = [\"a:1\", \"b:2\"]\n"
      "streams_max = 7\n"
      "no_migrate = true\n");
  EXPECT_EQ(Parse({"serve"}), std::nullopt);
  EXPECT_EQ(taken_.listen, "10.0.0.1:1");
  EXPECT_THAT(taken_.advertise, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(taken_.streams_max, 7);
  EXPECT_TRUE(taken_.no_migrate);
  EXPECT_EQ(taken_.window, "1h");
  EXPECT_EQ(read_, path_);
  EXPECT_EQ(SourceOf("listen"), path_ + ":2");
  EXPECT_EQ(SourceOf("advertise"), path_ + ":3");
  EXPECT_EQ(SourceOf("window"), "default");
}

TEST_F(ConfigFileTest, TheEnvironmentIsAboveTheFileAndTheCommandLineAboveBoth) {
  Write("listen = \"file\"\nwindow = \"2h\"\nadvertise = [\"file\"]\n");
  SetVariable("PROGRAM_LISTEN", "environment");
  SetVariable("PROGRAM_ADVERTISE", "a:1,b:2");
  EXPECT_EQ(Parse({"serve"}), std::nullopt);
  EXPECT_EQ(taken_.listen, "environment");
  EXPECT_EQ(SourceOf("listen"), "PROGRAM_LISTEN");
  EXPECT_THAT(taken_.advertise, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(taken_.window, "2h");
  EXPECT_EQ(Parse({"serve", "--listen", "line"}), std::nullopt);
  EXPECT_EQ(taken_.listen, "line");
  EXPECT_EQ(SourceOf("listen"), "command line");
}

TEST_F(ConfigFileTest, OtherCommandsTakeTheFlagsThatTheyShare) {
  Write("listen = \"file\"\nstreams_max = 7\n");
  EXPECT_EQ(Parse({"migrate"}), std::nullopt);
  EXPECT_EQ(taken_.migrate_listen, "file");
  EXPECT_EQ(taken_.streams_max, 20);
}

TEST_F(ConfigFileTest, TheChosenCommandHasTheLastWordOverTheEnvironment) {
  SetVariable("PROGRAM_STORE", "environment");
  std::string store;
  CLI::App app("A program.", "program");
  for (const char* name : {"serve", "migrate", "backup"}) {
    app.add_subcommand(name, name)->add_option("--store", store, "What they share");
  }
  const ConfigFile config(app, *app.get_subcommand("serve"), "PROGRAM_", path_);
  app.parse("migrate --store line");
  config.GiveLastWord();
  EXPECT_EQ(store, "line");
}

TEST_F(ConfigFileTest, RefusesUnknownKeysWithTheNearestKnownOne) {
  Write("listen = \"file\"\nstream_max = 7\n");
  EXPECT_EQ(Parse({"serve"}), path_ + ":2: unknown key stream_max; did you mean streams_max?");
  Write("listen = \"file\"\n\nno-migrate = true\n");
  EXPECT_EQ(Parse({"serve"}), path_ + ":3: unknown key no-migrate; did you mean no_migrate?");
  Write("zzz = 1\n");
  EXPECT_THAT(*Parse({"serve"}), HasSubstr("unknown key zzz; `program serve --help` lists"));
  Write("[serve]\nlisten = \"file\"\n");
  EXPECT_THAT(*Parse({"serve"}), StartsWith(path_ + ":1: unknown key serve"));
}

TEST_F(ConfigFileTest, SaysWhereAValueIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"listen = 1.5", ":2: listen: expected a text, a whole number, true or false"},
      {"listen = [\"a\", \"b\"]", ":2: listen: takes one value, not a list"},
      {"advertise = [[\"a\"]]",
       ":2: advertise: expected a text, a whole number, true or false, or a "
       "list of texts"},
      {"streams_max = 101", ":2: streams_max: Value 101 not in range 1 to 100"},
      {"streams_max = \"many\"", ":2: streams_max: Value many not in range 1 to 100"},
      {"no_migrate = \"maybe\"", ":2: no_migrate: expected true or false"},
      {"listen = ", ":2: no TOML: "},
  };
  for (const auto& [line, message] : wrong) {
    Write("# first\n" + line + "\n");
    EXPECT_THAT(Parse({"serve"}).value_or("taken"), StartsWith(path_ + message)) << line;
  }
  Write("# first\nwindow = \"3h\"\n");
  EXPECT_THAT(Parse({"serve"}).value_or("taken"), StartsWith(path_ + ":2: window: 3h not in"));
}

TEST_F(ConfigFileTest, OnlyTheDefaultFileMayBeMissing) {
  EXPECT_EQ(Parse({"serve", "--listen", "line"}), std::nullopt);
  EXPECT_THAT(read_, IsEmpty());
  EXPECT_THAT(Parse({"serve", "--listen", "line"}), std::nullopt);
  EXPECT_THAT(Parse({"serve", "--config", folder_ / "other.toml", "--listen", "line"}).value_or(""),
              HasSubstr("other.toml"));
  SetVariable("PROGRAM_CONFIG", folder_ / "third.toml");
  EXPECT_THAT(Parse({"serve", "--listen", "line"}).value_or(""), HasSubstr("third.toml"));
}

TEST_F(ConfigFileTest, TheCommandLineNamesAnotherFileBeforeOrAfterTheCommand) {
  const std::string other = folder_ / "other.toml";
  ASSERT_TRUE(SystemFiles().WriteAtomically(other, "listen = \"other\"\n", 0600).ok());
  Write("listen = \"file\"\n");
  EXPECT_EQ(Parse({"serve", "--config", other}), std::nullopt);
  EXPECT_EQ(taken_.listen, "other");
  EXPECT_EQ(Parse({"--config", other, "serve"}), std::nullopt);
  EXPECT_EQ(taken_.listen, "other");
  EXPECT_THAT(read_, EndsWith("other.toml"));
}

TEST_F(ConfigFileTest, WhatIsRequiredMayComeFromTheFile) {
  EXPECT_THAT(Parse({"serve"}).value_or(""), HasSubstr("--listen is required"));
  Write("listen = \"file\"\n");
  EXPECT_EQ(Parse({"serve"}), std::nullopt);
}

TEST_F(ConfigFileTest, FalseAndAnEmptyListAreTheDefault) {
  Write("listen = \"file\"\nno_migrate = false\nadvertise = []\n");
  EXPECT_EQ(Parse({"serve"}), std::nullopt);
  EXPECT_FALSE(taken_.no_migrate);
  EXPECT_THAT(taken_.advertise, IsEmpty());
}

}  // namespace
}  // namespace sightline::flags
