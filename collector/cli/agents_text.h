// Agents for a person. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_AGENTS_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_AGENTS_TEXT_H_

#include <string>

#include "sightline/v1/admin.pb.h"

namespace sightline::cli {

// One line an agent, then how many there are. agent_id is cut to its first 16 hexadecimal digits.
std::string RenderAgents(const v1::ListAgentsResponse& agents, bool colour);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_AGENTS_TEXT_H_
