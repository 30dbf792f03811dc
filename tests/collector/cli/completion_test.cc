// Scripts for shells, run in those that are installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/files.h"
#include "tests/collector/cli/run_app.h"
#include "tests/common/temp_folder.h"

namespace sightline::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

std::string OutputOf(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[4096];
  for (size_t size = 0; (size = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    output.append(buffer, size);
  }
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << output;
  return output;
}

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() : app_(absl::UnixEpoch()) {}

  std::string Script(const std::string& shell) const {
    const Ran ran = app_.Run({"completion", shell});
    EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
    return ran.out;
  }

  // What bash offers for a line whose last word is being written.
  std::vector<std::string> Offered(const std::vector<std::string>& words) {
    std::string program = absl::StrCat(Script("bash"), "COMP_WORDS=(");
    for (const std::string& word : words) absl::StrAppend(&program, "'", word, "' ");
    absl::StrAppend(&program, ")\nCOMP_CWORD=", words.size() - 1,
                    "\n_sightline\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
    EXPECT_TRUE(SystemFiles().WriteAtomically(folder_ / "try.bash", program, 0600).ok());
    const std::string output =
        OutputOf(absl::StrCat("cd ", folder_.path(), " && bash --norc try.bash 2>&1"));
    return absl::StrSplit(output, '\n', absl::SkipEmpty());
  }

  TempFolder folder_;
  AppUnderTest app_;
};

TEST_F(CompletionTest, BashOffersCommands) {
  EXPECT_THAT(Offered({"sightline", "sum"}), ElementsAre("summary"));
  EXPECT_THAT(Offered({"sightline", ""}),
              IsSupersetOf({"summary", "timeline", "watch", "note", "completion", "--version"}));
  EXPECT_THAT(Offered({"sightline", "plan", "s"}), ElementsAre("sign", "show"));
  EXPECT_THAT(Offered({"sightline", "completion", "z"}), ElementsAre("zsh"));
}

TEST_F(CompletionTest, BashOffersTheFlagsOfACommand) {
  EXPECT_THAT(
      Offered({"sightline", "timeline", "--"}),
      ::testing::UnorderedElementsAre("--help", "--collector", "--roots", "--country", "--since",
                                      "--until", "--step", "--region", "--format"));
  EXPECT_THAT(Offered({"sightline", "timeline", "whatsapp", "--st"}), ElementsAre("--step"));
  EXPECT_THAT(Offered({"sightline", "note", "add", "--u"}), ElementsAre("--url"));
  // A flag without a value is not waited for.
  EXPECT_THAT(Offered({"sightline", "summary", "--brief", "--fo"}), ElementsAre("--format"));
}

TEST_F(CompletionTest, BashOffersWordsWhereOneOfAFewIsDue) {
  EXPECT_THAT(Offered({"sightline", "events", "--format", ""}),
              ::testing::UnorderedElementsAre("csv", "json", "table"));
  EXPECT_THAT(Offered({"sightline", "events", "--format", "=", "j"}), ElementsAre("json"));
  EXPECT_THAT(Offered({"sightline", "events", "--format", "="}), Contains("csv"));
  EXPECT_THAT(Offered({"sightline", "invite", "--role", "c"}), ElementsAre("control"));
  EXPECT_THAT(Offered({"sightline", "events", "--collector", ""}), IsEmpty());
}

TEST_F(CompletionTest, BashOffersFilesWhereOneIsDue) {
  ASSERT_TRUE(SystemFiles().WriteAtomically(folder_ / "ca.pem", "", 0600).ok());
  EXPECT_THAT(Offered({"sightline", "summary", "--roots", "ca"}), ElementsAre("ca.pem"));
  EXPECT_THAT(Offered({"sightline", "verify", "ca"}), ElementsAre("ca.pem"));
  EXPECT_THAT(Offered({"sightline", "summary", "ca"}), IsEmpty());
}

// What is not installed cannot judge its script; that the script says the same is looked at here.
TEST_F(CompletionTest, ZshAndFishAreToldTheSame) {
  const std::string zsh = Script("zsh");
  EXPECT_THAT(zsh, HasSubstr("#compdef sightline\n"));
  EXPECT_THAT(zsh, HasSubstr("(/events:--format) compadd -- table json csv; return ;;"));
  EXPECT_THAT(zsh, HasSubstr("(/summary:--roots) _files; return ;;"));
  EXPECT_THAT(zsh, HasSubstr("'sign:Check a plan and sign it."));
  const std::string fish = Script("fish");
  EXPECT_THAT(fish, HasSubstr("'__sightline_at \"/events\"' -l format -x -a 'table json csv'"));
  EXPECT_THAT(fish, HasSubstr("'__sightline_at \"/summary\"' -l roots -r -F -d "));
  EXPECT_THAT(fish, HasSubstr("'__sightline_at \"\"' -a timeline -d "));
}

TEST_F(CompletionTest, InstalledShellsReadTheirScripts) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string found = OutputOf(absl::StrCat("command -v ", shell, " || true"));
    if (found.empty()) continue;
    const std::string path = folder_ / shell;
    ASSERT_TRUE(SystemFiles().WriteAtomically(path, Script(shell), 0600).ok());
    EXPECT_THAT(OutputOf(absl::StrCat(shell, " -n ", path, " 2>&1")), IsEmpty());
  }
}

TEST_F(CompletionTest, OtherShellsAreWrongUsage) {
  const Ran ran = app_.Run({"completion", "csh"});
  EXPECT_EQ(ran.exit_code, kExitUsage);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, Not(IsEmpty()));
}

}  // namespace
}  // namespace sightline::cli
