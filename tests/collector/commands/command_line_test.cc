// The collector's commands as an operator types them, and their settings from file and environment.
#include "collector/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collector/store/store.h"
#include "tests/collector/commands/serve_files.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Ran {
  std::optional<int> status;
  std::string out;
  std::string err;
};

class CommandLineTest : public ::testing::Test {
 protected:
  ~CommandLineTest() override {
    for (const char* name : {"SIGHTLINE_COLLECTOR_STORE", "SIGHTLINE_COLLECTOR_NODE"})
      unsetenv(name);
  }
  static Ran RunOn(CommandLine& line, std::vector<const char*> words) {
    words.insert(words.begin(), "sightline-collector");
    const Captured out(std::cout);
    const Captured err(std::cerr);
    const std::optional<int> status = line.Run(static_cast<int>(words.size()), words.data());
    return {status, out.text(), err.text()};
  }
  // With the file of the folder as the default one.
  Ran Run(const std::vector<const char*>& words) {
    CommandLine line(config_);
    return RunOn(line, words);
  }
  void WriteConfig(const std::string& text) { files_.Write("collector.toml", text); }

  const ServeFiles files_;
  const std::string config_ = files_.folder / "collector.toml";
};

TEST_F(CommandLineTest, CheckConfigSaysWhatIsInForceAndFromWhere) {
  WriteConfig(files_.Toml());
  setenv("SIGHTLINE_COLLECTOR_NODE", "n7", 1);
  const Ran ran = Run({"serve", "--check-config", "--grace", "7m"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("configuration file: " + config_ + "\n"));
  EXPECT_THAT(ran.out, HasSubstr("geo.mmdb  (" + config_ + ":5)\n"));
  EXPECT_THAT(ran.out, HasSubstr(" = n7  (SIGHTLINE_COLLECTOR_NODE)\n"));
  EXPECT_THAT(ran.out, HasSubstr(" = 7m  (command line)\n"));
  EXPECT_THAT(ran.out, HasSubstr(" = 72h  (default)\n"));
  EXPECT_THAT(ran.out, HasSubstr("certificate: fits its key, valid until "));
  EXPECT_THAT(ran.out, HasSubstr("store: none yet, the start makes version "));
  EXPECT_THAT(ran.out, HasSubstr("everything can be used\n"));
  // It only looks.
  EXPECT_FALSE(std::filesystem::exists(files_.folder / "store.db"));
}

TEST_F(CommandLineTest, CheckConfigRefusesWhatServeCouldNotUse) {
  const struct {
    const char* more;
    int status;
    const char* words;
  } kCases[] = {
      {"streams_maxx = 5\n", 2, "did you mean streams_max?"},
      {"listen = \"nowhere\"\n", 2, "--listen: \"nowhere\" is no ADDRESS:PORT"},
      {"window = \"7h\"\n", 2, "--window"},
      {"invite_roots = \"/none.pem\"\n", 1, "--invite-roots: "},
      {"admin_listen = \"127.0.0.1:1\"\n", 2, "--admin-client-ca"},
  };
  for (const auto& each : kCases) {
    WriteConfig(files_.Toml() + each.more);
    const Ran ran = Run({"serve", "--check-config"});
    EXPECT_EQ(ran.status, each.status) << each.more;
    EXPECT_THAT(ran.err, HasSubstr(each.words));
    EXPECT_THAT(ran.out, Not(HasSubstr("everything can be used")));
  }
  WriteConfig(files_.Toml());
  files_.Write("key.pem", agent::MakeTestCertificate().key_pem);
  EXPECT_THAT(Run({"serve", "--check-config"}).err, HasSubstr("do not belong together"));
}

TEST_F(CommandLineTest, ServeGoesOnWithWhatTheFileSays) {
  WriteConfig(files_.Toml() + "streams_max = 77\n");
  CommandLine line(config_);
  const Ran ran = RunOn(line, {"serve"});
  EXPECT_EQ(ran.status, std::nullopt) << ran.err;
  EXPECT_FALSE(line.store_commands().run);
  EXPECT_EQ(line.serve_flags().streams_max, 77u);
  EXPECT_EQ(line.serve_flags().tls_key, files_.folder / "key.pem");
}

TEST_F(CommandLineTest, CommandsOfTheStoreTakeItFromTheFileAndBringItBack) {
  WriteConfig(files_.Toml());
  const auto run = [this](const std::vector<const char*>& words) {
    CommandLine line(config_);
    EXPECT_EQ(RunOn(line, words).status, std::nullopt);
    return line.store_commands().run();
  };
  const std::string copy = files_.folder / "copy.db";
  const std::string store = files_.folder / "store.db";
  EXPECT_TRUE(run({"migrate"}).ok());
  EXPECT_TRUE(std::filesystem::exists(store));
  EXPECT_TRUE(run({"backup", "--out", copy.c_str()}).ok());
  EXPECT_EQ(run({"restore", "--from", copy.c_str()}).code(), absl::StatusCode::kAlreadyExists);
  std::filesystem::remove(store);
  EXPECT_TRUE(run({"restore", "--from", copy.c_str()}).ok());
  EXPECT_TRUE(OpenStore("sqlite:" + store, SchemaPolicy::kRequire).ok());
  setenv("SIGHTLINE_COLLECTOR_STORE", "postgresql://u:geheim@host/db", 1);
  const absl::Status status = run({"restore", "--from", copy.c_str()});
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("pg_restore --exit-on-error"),
                                                   HasSubstr(copy), Not(HasSubstr("geheim"))));
}

TEST_F(CommandLineTest, DoctorFindsAFolderInOrder) {
  WriteConfig(files_.Toml());
  ASSERT_TRUE(OpenStore("sqlite:" + files_.folder / "store.db").ok());
  const Ran ran = Run({"doctor"});
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_THAT(ran.out, ContainsRegex("ok       configuration +" + config_));
  EXPECT_THAT(ran.out,
              ContainsRegex("ok       certificate names +the certificate has collector.example"));
  EXPECT_THAT(ran.out, ContainsRegex("ok       store file +SQLite's quick check found nothing"));
  EXPECT_THAT(ran.out, ContainsRegex("warning  plan +none is published"));
  EXPECT_THAT(ran.out, HasSubstr("0 problems, "));
  EXPECT_THAT(Run({"doctor", "--format", "json"}).out, HasSubstr("\"problems\" : 0"));
}

TEST_F(CommandLineTest, DoctorNamesProblemsWithoutStoppingAtTheFirst) {
  WriteConfig(files_.Toml() + "advertise = 5\n");  // twice: no TOML
  Ran ran = Run({"doctor"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, ContainsRegex("problem  configuration +" + config_ + ":"));
  WriteConfig(files_.Toml() + "window = \"5h\"\n");
  ASSERT_EQ(chmod((files_.folder / "key.pem").c_str(), 0644), 0);
  files_.Write("geo.mmdb", "nothing");
  files_.Write("store.db", std::string(5000, 'x'));
  ran = Run({"doctor"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, ContainsRegex("problem  settings +--window"));
  EXPECT_THAT(ran.out, ContainsRegex("problem  certificate +--tls-key"));
  EXPECT_THAT(ran.out, ContainsRegex("problem  address database +cannot open"));
  EXPECT_THAT(ran.out, ContainsRegex("problem  store +"));
}

TEST_F(CommandLineTest, PackagesAreMadeOfTheParser) {
  WriteConfig("");
  EXPECT_THAT(Run({"--version"}).out, StartsWith("0."));
  EXPECT_THAT(Run({"man-page"}).out,
              AllOf(StartsWith(".TH SIGHTLINE\\-COLLECTOR 1"), HasSubstr("doctor")));
  EXPECT_THAT(Run({"completion", "bash"}).out, HasSubstr("restore"));
  EXPECT_EQ(Run({"completion", "csh"}).status, 2);
}

// The file of the package.
class ExampleConfigTest : public CommandLineTest {
 protected:
  static std::map<std::string, std::string> Settings(const CommandLine& line) {
    std::map<std::string, std::string> result;
    for (const flags::Setting& setting : line.config().Settings()) {
      result[setting.key] = setting.value;
    }
    return result;
  }
  // "key" of "key = ..." and "#key = ...".
  static std::string KeyOf(absl::string_view line) {
    if (absl::StartsWith(line, "#")) line.remove_prefix(1);
    const std::string key(line.substr(0, line.find(" = ")));
    const bool is_key = key.size() < line.size() &&
                        key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
    return is_key ? key : "";
  }
  const std::string text_ = *SystemFiles().Read(SIGHTLINE_EXAMPLE_CONFIG);
};

TEST_F(ExampleConfigTest, IsAcceptedAsItIsAndWithEveryLineInForce) {
  WriteConfig(text_);
  EXPECT_EQ(Run({"serve"}).status, std::nullopt);
  std::string all;
  for (absl::string_view line : absl::StrSplit(text_, '\n')) {
    if (absl::StartsWith(line, "#") && !KeyOf(line).empty()) line.remove_prefix(1);
    absl::StrAppend(&all, line, "\n");
  }
  WriteConfig(all);
  const Ran ran = Run({"serve"});
  EXPECT_EQ(ran.status, std::nullopt) << ran.err;
}

TEST_F(ExampleConfigTest, HasEveryKeyOnceWithItsDefaultBehindAHash) {
  WriteConfig("");
  CommandLine line(config_);
  RunOn(line, {"serve"});
  const std::map<std::string, std::string> defaults = Settings(line);
  std::set<std::string> seen;
  for (const absl::string_view each : absl::StrSplit(text_, '\n')) {
    const std::string key = KeyOf(each);
    if (key.empty()) continue;
    EXPECT_TRUE(seen.insert(key).second) << key << " is there twice";
    ASSERT_EQ(defaults.count(key), 1u) << key << " is no flag of serve";
    const std::string& value = defaults.at(key);
    if (!absl::StartsWith(each, "#") || value.empty()) continue;
    EXPECT_TRUE(absl::EndsWith(each, absl::StrCat("= \"", value, "\"")) ||
                absl::EndsWith(each, absl::StrCat("= ", value)))
        << each << ", and the default is " << value;
  }
  for (const auto& [key, value] : defaults) EXPECT_EQ(seen.count(key), 1u) << key << " is missing";
}

}  // namespace
}  // namespace sightline
