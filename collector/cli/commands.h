// What the commands do, apart from their flags.
#ifndef SIGHTLINE_COLLECTOR_CLI_COMMANDS_H_
#define SIGHTLINE_COLLECTOR_CLI_COMMANDS_H_

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collector/cli/client.h"
#include "common/clock.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline::cli {

// Where the text goes and what can be shown there. Nothing is owned; all must outlive the call.
struct Terminal {
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  const Clock* clock = nullptr;
  // Columns; 0 when `out` is no terminal.
  size_t width = 0;
  bool colour = false;
  bool unicode = true;
  // Whether `err` is a terminal, on which a line may be drawn again.
  bool live = false;
};

enum class Format { kTable, kJson, kCsv };

struct SignOptions {
  std::string key_path;
  // Public keys that may sign the next plan beside this one.
  std::vector<std::string> also_accept_paths;
  std::string in_path;
  std::string out_path;
};

struct ShowOptions {
  std::string path;
  // Empty: the signature is not checked, and the output says so.
  std::string operator_key_path;
};

struct PublishOptions {
  std::string path;
  AdminAddress admin;
};

struct InviteOptions {
  AdminAddress admin;
  int count = 1;
  v1::AgentRole role = v1::AGENT_ROLE_VOLUNTEER;
};

// Whom a reader asks about what.
struct ReaderOptions {
  std::string collector;
  // Empty: the system's trust store.
  std::string roots_path;
  std::string country = "CN";
  // Empty: every target.
  std::vector<std::string> target_ids;
  Format format = Format::kTable;
};

struct SummaryRequestOptions {
  ReaderOptions reader;
  // A moment of the window wanted, as moment.h has it; empty: the newest.
  std::string time;
  bool brief = false;
};

struct EventsOptions {
  ReaderOptions reader;
  // As moment.h has them; empty: without bound.
  std::string since;
  std::string until;
};

// Each writes its result to terminal.out, or nothing and returns why not.
absl::Status NewKeys(const std::string& path, const Terminal& terminal);
absl::Status SignPlanFile(const SignOptions& options, const Terminal& terminal);
absl::Status ShowPlan(const ShowOptions& options, const Terminal& terminal);
absl::Status PublishPlanFile(const PublishOptions& options, const Terminal& terminal);
absl::Status Invite(const InviteOptions& options, const Terminal& terminal);
absl::Status ShowSummary(const SummaryRequestOptions& options, const Terminal& terminal);
absl::Status ShowEvents(const EventsOptions& options, const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_COMMANDS_H_
