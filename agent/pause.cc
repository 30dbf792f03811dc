#include "agent/pause.h"

#include <toml++/toml.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sightline::agent {
namespace {

constexpr const char kUntil[] = "until";

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string PauseToToml(const Pause& pause) {
  if (!pause.until) return "# Paused until: sightline-agent resume\n";
  return absl::StrCat(kUntil, " = \"", TimeText(*pause.until), "\"\n");
}

// Without end when the text makes no sense.
Pause PauseFromToml(const std::string& text) {
  try {
    const toml::table table = toml::parse(text);
    const std::optional<std::string> until = table[kUntil].value<std::string>();
    absl::Time time;
    std::string error;
    if (until && absl::ParseTime(absl::RFC3339_full, *until, &time, &error)) return {time};
  } catch (const toml::parse_error&) {
  }
  return {};
}

}  // namespace

std::optional<Pause> PauseInForce(const StateFolder& folder, absl::Time now) {
  const absl::StatusOr<std::string> text = folder.files().Read(folder.PausePath());
  if (absl::IsNotFound(text.status())) return std::nullopt;
  const Pause pause = text.ok() ? PauseFromToml(*text) : Pause();
  if (pause.until && *pause.until <= now) return std::nullopt;
  return pause;
}

std::string PauseText(const Pause& pause, const StateFolder& folder) {
  if (pause.until) return absl::StrCat("until ", TimeText(*pause.until));
  return absl::StrCat("until: sightline-agent resume --state ", folder.path());
}

absl::StatusOr<std::string> PauseAgent(const std::string& state_folder, Files& files,
                                       absl::Time now, const std::string& duration) {
  const StateFolder folder(files, state_folder);
  if (const auto identity = folder.LoadIdentity(); !identity.ok()) return identity.status();
  Pause pause;
  if (!duration.empty()) {
    absl::Duration length;
    if (!absl::ParseDuration(duration, &length) || length <= absl::ZeroDuration() ||
        length > kPauseMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("--for \"", absl::CEscape(duration),
                       "\": must be a time such as 90m or 12h, at most a year"));
    }
    pause.until = now + length;
  }
  absl::Status status = files.WriteAtomically(folder.PausePath(), PauseToToml(pause), 0600);
  if (!status.ok()) return status;
  return absl::StrCat(
      "Paused ", PauseText(pause, folder),
      FolderLock::IsHeld(folder)
          ? "\nWithin seconds the agent stops probing and leaves the collector.\n"
          : "\nThe agent does not run now; it will not probe when it is started.\n");
}

absl::StatusOr<std::string> ResumeAgent(const std::string& state_folder, Files& files,
                                        absl::Time now) {
  const StateFolder folder(files, state_folder);
  if (const auto identity = folder.LoadIdentity(); !identity.ok()) return identity.status();
  const bool paused = PauseInForce(folder, now).has_value();
  if (absl::Status status = files.Remove(folder.PausePath()); !status.ok()) return status;
  if (!paused) return std::string("The agent was not paused.\n");
  return absl::StrCat("No longer paused.\n",
                      FolderLock::IsHeld(folder)
                          ? "The agent goes on within seconds.\n"
                          : "The agent does not run now; start it with: sightline-agent run\n");
}

}  // namespace sightline::agent
