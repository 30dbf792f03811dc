#include "agent/commands.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "agent/pause.h"
#include "agent/state.h"
#include "agent/status_board.h"
#include "agent/status_text.h"

namespace sightline::agent {

absl::StatusOr<std::string> DescribeStatus(const std::string& state_folder, Files& files,
                                           absl::Time now, bool json) {
  const StateFolder folder(files, state_folder);
  const absl::StatusOr<Identity> identity = folder.LoadIdentity();
  if (!identity.ok()) return identity.status();
  std::optional<AgentStatus> status;
  const absl::StatusOr<std::string> text = files.Read(folder.StatusPath());
  if (text.ok()) {
    absl::StatusOr<AgentStatus> parsed = StatusFromToml(*text);
    if (!parsed.ok()) {
      return absl::DataLossError(absl::StrCat(folder.StatusPath(), ": ", parsed.status().message(),
                                              "; it is written anew when the agent runs"));
    }
    status = *std::move(parsed);
  } else if (!absl::IsNotFound(text.status())) {
    return text.status();
  }
  const std::optional<Pause> pause = PauseInForce(folder, now);
  StatusView view{*identity};
  view.status = status ? &*status : nullptr;
  view.running = FolderLock::IsHeld(folder);
  if (pause) view.pause = PauseText(*pause, folder);
  if (pause) view.paused_until = pause->until;
  view.now = now;
  return json ? FormatStatusJson(view) : FormatStatusText(view);
}

}  // namespace sightline::agent
