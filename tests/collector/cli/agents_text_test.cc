// Agents and the audit log, as operators see them.
#include "collector/cli/agents_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/cli/agents_command.h"
#include "collector/cli/audit_log_text.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::ListAgentsResponse Agents() {
  v1::ListAgentsResponse agents;
  for (const char last : {'\x01', '\x02'}) {
    v1::AgentInfo& agent = *agents.add_agents();
    agent.set_agent_id(std::string(4, '\xab') + std::string(1, last) + std::string(27, '\x00'));
    agent.set_role(v1::AGENT_ROLE_VOLUNTEER);
    agent.set_region("CN-BJ");
  }
  return agents;
}

TEST(AgentsTextTest, AnEndAndLaterKeysAreNoted) {
  v1::ListAgentsResponse agents = Agents();
  agents.mutable_agents(0)->set_end(v1::AGENT_END_LEFT);
  *agents.mutable_agents(0)->mutable_end_time() = ToProto(absl::FromUnixSeconds(1'713'400'000));
  agents.mutable_agents(1)->set_key_generation(2);
  const std::string text = RenderAgents(agents, /*colour=*/false);
  EXPECT_THAT(text, HasSubstr("LEFT since 2024-04-18 00:26"));
  EXPECT_THAT(text, HasSubstr("key 3"));
}

TEST(AgentsTextTest, ABeginningThatTwoAgentsShareNamesNone) {
  const v1::ListAgentsResponse agents = Agents();
  EXPECT_EQ(FindByPrefix(agents, "abababab").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(*FindByPrefix(agents, "ABABABAB02"), agents.agents(1).agent_id());
  EXPECT_EQ(FindByPrefix(agents, "abababab03").status().code(), absl::StatusCode::kNotFound);
  for (const char* bad : {"", "ababab", "abababaz", "0xababab"}) {
    EXPECT_EQ(FindByPrefix(agents, bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(AgentsTextTest, AuditEntriesKeepTheTerminalAndTheSpreadsheetWhole) {
  v1::ListAuditEntriesResponse entries;
  EXPECT_EQ(AuditLogTable(entries, false), "Nobody changed anything yet.\n");
  v1::AuditEntry& entry = *entries.add_entries();
  entry.set_audit_seq(7);
  *entry.mutable_time() = ToProto(absl::FromUnixSeconds(1'713'400'000));
  entry.set_node("n1");
  entry.set_actor("socket");
  entry.set_method("RevokeAgent");
  entry.set_detail("reason=\"a, b\x1b[31m\"");
  const std::string table = AuditLogTable(entries, false);
  EXPECT_THAT(table, HasSubstr("(not known)"));
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
  EXPECT_THAT(AuditLogCsv(entries),
              HasSubstr("7,2024-04-18T00:26:40+00:00,n1,socket,RevokeAgent,\"reason=\"\"a, b"));
}

}  // namespace
}  // namespace sightline::cli
