#include "agent/commands.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/pause.h"
#include "agent/probe/probe_once.h"
#include "agent/state.h"
#include "agent/status_board.h"
#include "agent/status_text.h"
#include "common/plan_file.h"

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

absl::StatusOr<std::string> ProbePlan(const ProbePlanOptions& options, Files& files,
                                      std::ostream& notes) {
  const absl::StatusOr<std::string> bytes = files.Read(options.plan_path);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<PlanFile> file = ParsePlanFile(*bytes, absl::Now());
  if (!file.ok()) {
    return absl::Status(file.status().code(),
                        absl::StrCat(options.plan_path, ": ", file.status().message()));
  }
  if (file->signed_plan.has_value()) {
    notes << "note: the signature of this plan is not checked; only an enrolled agent knows its "
             "operator's key\n";
  }
  probe::ProbeOnceOptions once;
  once.target_id = options.target_id;
  once.format = options.json ? probe::ReportFormat::kJson : probe::ReportFormat::kText;
  once.rounds = options.rounds;
  if (!absl::ParseDuration(options.pause, &once.pause) || once.pause < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--pause ", options.pause, ": expected a duration such as 30s or 5m"));
  }
  return probe::ProbeOnce(file->plan, once);
}

}  // namespace sightline::agent
