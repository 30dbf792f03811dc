#include "collector/cli/agents_text.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/cli/moment.h"
#include "collector/cli/table.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

std::string NoteOf(const v1::AgentInfo& agent) {
  std::vector<std::string> notes;
  if (agent.end() != v1::AGENT_END_UNSPECIFIED) {
    notes.push_back(
        absl::StrCat(ShortName(agent.end()), " since ", MomentText(FromProto(agent.end_time()))));
  }
  if (agent.equivocated()) notes.push_back("EQUIVOCATED: sent two batches with one number");
  if (agent.key_generation() > 0) notes.push_back(absl::StrCat("key ", agent.key_generation() + 1));
  return absl::StrJoin(notes, "; ");
}

}  // namespace

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
                  {NoteOf(agent), Tone::kWarning}});
  }
  const int all = agents.agents_size();
  return absl::StrCat(table.Render(0, colour), all, all == 1 ? " agent, " : " agents, ", controls,
                      controls == 1 ? " of them a control\n" : " of them controls\n");
}

}  // namespace sightline::cli
