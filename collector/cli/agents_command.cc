#include "collector/cli/agents_command.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/cli/agents_text.h"
#include "collector/cli/client.h"
#include "collector/cli/moment.h"
#include "collector/cli/reader.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

constexpr size_t kDigitsMin = 8;

absl::Status List(const AgentsFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<v1::ListAgentsResponse> agents = ListAgents(flags.admin);
  if (!agents.ok()) return agents.status();
  *terminal.out << (flags.format == Format::kJson ? ToJson(*agents, /*indent=*/true) + "\n"
                                                  : RenderAgents(*agents, terminal.colour));
  return absl::OkStatus();
}

absl::Status Revoke(const AgentsFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<v1::ListAgentsResponse> agents = ListAgents(flags.admin);
  if (!agents.ok()) return agents.status();
  const absl::StatusOr<std::string> agent_id = FindByPrefix(*agents, flags.agent);
  if (!agent_id.ok()) return agent_id.status();
  const absl::StatusOr<v1::RevokeAgentResponse> revoked =
      RevokeAgent(flags.admin, *agent_id, flags.reason);
  if (!revoked.ok()) return revoked.status();
  const v1::AgentInfo& agent = revoked->agent();
  *terminal.out << "Agent " << absl::BytesToHexString(agent.agent_id()) << ": "
                << ShortName(agent.end()) << " since " << MomentText(FromProto(agent.end_time()))
                << "\nNothing more is taken from it. Its " << agent.last_seq()
                << " batches stay in the log.\n";
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> FindByPrefix(const v1::ListAgentsResponse& agents,
                                         absl::string_view prefix) {
  const std::string digits = absl::AsciiStrToLower(prefix);
  if (digits.size() < kDigitsMin || !std::all_of(digits.begin(), digits.end(), [](unsigned char c) {
        return absl::ascii_isxdigit(c);
      })) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", prefix, "\" is no agent: give at least the first ", kDigitsMin,
                     " hexadecimal digits, as \"sightline agents\" shows them"));
  }
  std::string found;
  for (const v1::AgentInfo& agent : agents.agents()) {
    if (!absl::StartsWith(absl::BytesToHexString(agent.agent_id()), digits)) continue;
    if (!found.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("more than one agent begins with ", digits, "; give more digits"));
    }
    found = agent.agent_id();
  }
  if (found.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no agent begins with ", digits, "; \"sightline agents\" lists them"));
  }
  return found;
}

void AddAgentsFlags(CLI::App& app, AgentsFlags& flags, std::function<void(AgentsAction)> chosen) {
  CLI::App* agents = app.add_subcommand("agents", "List the agents");
  AddAdmin(agents, flags.admin, /*required=*/false);
  AddFormat(agents, flags.format, /*csv=*/false);
  CLI::App* revoke =
      agents->add_subcommand("revoke", "Take nothing more from an agent, at once and for good");
  AddAdmin(revoke, flags.admin);
  revoke->add_option("AGENT", flags.agent, "agent_id in hexadecimal digits; the first 8 may do")
      ->required()
      ->type_name("");
  revoke->add_option("--reason", flags.reason, "Why, for the audit log: at most 200 characters")
      ->required()
      ->type_name("TEXT");
  // Runs after that of the command below it.
  agents->callback([chosen, revoke, &flags] {
    if (revoke->parsed()) return;
    if (flags.admin.address.empty()) throw CLI::RequiredError("--admin");
    chosen(&List);
  });
  revoke->callback([chosen] { chosen(&Revoke); });
  agents->footer("Example:\n  sightline agents --admin sightline-admin.sock");
  revoke->footer(
      "Example:\n"
      "  sightline agents revoke 1a2b3c4d5e6f7081 --admin sightline-admin.sock --reason \"key was "
      "stolen\"");
}

}  // namespace sightline::cli
