// `sightline webhook`: who is told of changes.
#ifndef SIGHTLINE_COLLECTOR_CLI_WEBHOOK_COMMAND_H_
#define SIGHTLINE_COLLECTOR_CLI_WEBHOOK_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collector/cli/commands.h"

namespace sightline::cli {

struct WebhookFlags {
  AdminAddress admin;
  Format format = Format::kTable;
  std::string webhook_id;
  // Of add.
  std::string url;
  std::string country = "CN";
  std::vector<std::string> target_ids;
  std::vector<std::string> kinds;
  std::string heartbeat = "24h";
  // Of log.
  int limit = 20;
};

using WebhookAction = absl::Status (*)(const WebhookFlags&, const Terminal&);

// Adds the commands; `chosen` is called with what the one that was asked for does. The flags must
// live until then.
void AddWebhookFlags(CLI::App& app, WebhookFlags& flags, std::function<void(WebhookAction)> chosen);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_WEBHOOK_COMMAND_H_
