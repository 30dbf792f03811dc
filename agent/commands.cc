#include "agent/commands.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "agent/state.h"
#include "agent/status_board.h"

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
  const AgentStatus* known = status ? &*status : nullptr;
  const bool running = FolderLock::IsHeld(folder);
  return json ? FormatStatusJson(*identity, known, running)
              : FormatStatusText(*identity, known, running, now);
}

}  // namespace sightline::agent
