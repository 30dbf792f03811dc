// The program itself: its wiring of settings, users and exit codes. SIGHTLINE_AGENT_PROGRAM is it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "agent/pause.h"
#include "common/invite.h"
#include "tests/agent/enrolled_folder.h"
#include "tests/common/notify_manager.h"

namespace sightline::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uid_t kSomebody = 12345;

struct Ended {
  int code = -1;
  std::string text;  // Of both outputs.
};

// `before` is shell words, such as "NAME=value".
Ended RunProgram(const std::string& arguments, const std::string& before = "") {
  const std::string command =
      absl::StrCat(before, " ", SIGHTLINE_AGENT_PROGRAM, " ", arguments, " 2>&1 </dev/null");
  Ended ended;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  while (const size_t size = fread(buffer, 1, sizeof(buffer), pipe))
    ended.text.append(buffer, size);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
  return ended;
}

class AgentBinaryTest : public ::testing::Test {
 protected:
  // The program finds its folder by a file, as with the package.
  std::string Config(const std::string& state) {
    const std::string path = temp_ / "agent.toml";
    EXPECT_TRUE(
        SystemFiles().WriteAtomically(path, absl::StrCat("state = \"", state, "\"\n"), 0644).ok());
    return absl::StrCat("--config ", path);
  }
  // False, and said so, when this process may not.
  bool GiveAway(const std::string& path) {
    bool given =
        geteuid() == 0 && chmod(std::filesystem::path(path).parent_path().c_str(), 0711) == 0;
    if (given) given = chown(path.c_str(), kSomebody, kSomebody) == 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      given = given && chown(entry.path().c_str(), kSomebody, kSomebody) == 0;
    }
    if (!given) std::cerr << "not run: only root can give a folder to another user\n";
    return given;
  }
  static uid_t OwnerOf(const std::string& path) {
    struct stat info = {};
    return stat(path.c_str(), &info) == 0 ? info.st_uid : 0;
  }

  TempFolder temp_;
  EnrolledFolder folder_;
};

TEST_F(AgentBinaryTest, CheckConfigPrintsSourcesAndLooksAtTheFolder) {
  const Ended good = RunProgram(absl::StrCat("run --check-config ", Config(folder_.path())),
                                "SIGHTLINE_AGENT_LOG_LEVEL=warning");
  EXPECT_EQ(good.code, 0) << good.text;
  EXPECT_THAT(
      good.text,
      AllOf(HasSubstr(absl::StrCat("state = \"", folder_.path(), "\"  # ", temp_ / "agent.toml:1")),
            HasSubstr("log_level = \"warning\"  # SIGHTLINE_AGENT_LOG_LEVEL"),
            HasSubstr("proxy = (not set)  # default"), HasSubstr("holds what the agent needs")));
  const Ended bad =
      RunProgram(absl::StrCat("run --check-config --proxy nonsense ", Config(folder_.path())));
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.text, HasSubstr("--proxy \"nonsense\""));
  ASSERT_TRUE(SystemFiles().Remove(folder_.state().PlanPath()).ok());
  const Ended missing = RunProgram(absl::StrCat("run --check-config ", Config(folder_.path())));
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.text, HasSubstr("plan.pb"));
}

TEST_F(AgentBinaryTest, DoctorEndsWithOneWhenSomethingIsWrong) {
  const Ended ended = RunProgram(absl::StrCat("doctor --offline --state ", temp_ / "nothing"));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.text, AllOf(HasSubstr("problem  enrolled"), HasSubstr("problems")));
  const Ended json =
      RunProgram(absl::StrCat("doctor --offline --format json --state ", folder_.path()));
  EXPECT_THAT(json.text, AllOf(StartsWith("{"), HasSubstr("\"check\" : \"plan\"")));
}

TEST_F(AgentBinaryTest, RootLeavesNoFileOfItsOwnInTheFolderOfTheService) {
  if (!GiveAway(folder_.path())) return;
  const Ended ended = RunProgram(absl::StrCat("pause --for 2h ", Config(folder_.path())));
  EXPECT_EQ(ended.code, 0) << ended.text;
  EXPECT_EQ(OwnerOf(folder_.state().PausePath()), kSomebody);
}

// The invite is root's alone, and what enrolment leaves is the service's.
TEST_F(AgentBinaryTest, RootEnrolsTheServiceWithAnInviteThatOnlyRootCanRead) {
  const std::string state = temp_ / "state";
  ASSERT_EQ(mkdir(state.c_str(), 0700), 0);
  if (!GiveAway(state)) return;
  v1::Invite invite;
  invite.set_token(std::string(32, 't'));
  invite.add_collectors("127.0.0.1:1");
  invite.set_operator_public_key(SigningKey::Generate().public_key().raw());
  invite.set_role(v1::AGENT_ROLE_VOLUNTEER);
  invite.set_collector_roots_pem("roots");
  const std::string file = temp_ / "invite.txt";
  ASSERT_TRUE(SystemFiles().WriteAtomically(file, EncodeInvite(invite) + "\n", 0600).ok());
  const Ended ended = RunProgram(
      absl::StrCat("enroll --accept --region CN-BJ --invite @", file, " ", Config(state)));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.text, HasSubstr("no collector of the invite answered"));
  EXPECT_EQ(OwnerOf(state + "/agent.key"), kSomebody);
  EXPECT_EQ(OwnerOf(state + "/lock"), kSomebody);
}

// Paused, so that it neither probes nor connects.
TEST_F(AgentBinaryTest, ServiceReadsItsSettingsAgainAtAHangupAndEndsInGoodOrder) {
  ASSERT_TRUE(PauseAgent(folder_.path(), SystemFiles(), absl::Now(), "").ok());
  const std::string socket = temp_ / "notify";
  const NotifyManager manager(socket);
  const std::string config = Config(folder_.path());
  const pid_t child = fork();
  if (child == 0) {
    setenv("NOTIFY_SOCKET", socket.c_str(), 1);
    setenv("SIGHTLINE_AGENT_CONFIG", (temp_ / "agent.toml").c_str(), 1);
    execl(SIGHTLINE_AGENT_PROGRAM, "sightline-agent", "run", nullptr);
    _exit(127);
  }
  EXPECT_THAT(manager.Wait(), StartsWith("READY=1\nSTATUS=paused"));
  for (const char* text :
       {"proxy = \"http://127.0.0.1:9\"\n", "proxy = \"nonsense\"\n", "no TOML"}) {
    ASSERT_TRUE(SystemFiles()
                    .WriteAtomically(temp_ / "agent.toml",
                                     absl::StrCat("state = \"", folder_.path(), "\"\n", text), 0644)
                    .ok());
    kill(child, SIGHUP);
    EXPECT_THAT(manager.WaitFor("RELOADING"), StartsWith("RELOADING=1"));
    EXPECT_THAT(manager.Wait(), StartsWith("READY=1\nSTATUS=paused"));
  }
  kill(child, SIGTERM);
  EXPECT_EQ(manager.Wait(), "STOPPING=1");
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace sightline::agent
