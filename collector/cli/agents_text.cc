#include "collector/cli/agents_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/cli/moment.h"
#include "collector/cli/table.h"
#include "common/message.h"

namespace sightline::cli {

std::string RenderAgents(const v1::ListAgentsResponse& agents, bool colour) {
  if (agents.agents().empty()) {
    return "No agents yet. Make an invite with \"sightline invite\" and give it to a volunteer.\n";
  }
  Table table;
  table.AddRow({{"Agent", Tone::kStrong},
                {"Role", Tone::kStrong},
                {"Region", Tone::kStrong},
                {"Enrolled (UTC)", Tone::kStrong},
                {"Batches", Tone::kStrong, true},
                {"Note", Tone::kStrong}});
  int controls = 0;
  for (const v1::AgentInfo& agent : agents.agents()) {
    controls += agent.role() == v1::AGENT_ROLE_CONTROL ? 1 : 0;
    table.AddRow({{absl::BytesToHexString(agent.agent_id()).substr(0, 16)},
                  {absl::AsciiStrToLower(ShortName(agent.role()))},
                  {agent.region()},
                  {MomentText(FromProto(agent.enroll_time()))},
                  {absl::StrCat(agent.last_seq()), Tone::kPlain, true},
                  {agent.equivocated() ? "EQUIVOCATED: sent two batches with one number" : "",
                   Tone::kWarning}});
  }
  const int all = agents.agents_size();
  return absl::StrCat(table.Render(0, colour), all, all == 1 ? " agent, " : " agents, ", controls,
                      controls == 1 ? " of them a control\n" : " of them controls\n");
}

}  // namespace sightline::cli
