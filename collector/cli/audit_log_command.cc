#include "collector/cli/audit_log_command.h"

#include <utility>

#include "collector/cli/audit_log_text.h"
#include "collector/cli/client.h"
#include "collector/cli/reader.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

constexpr int kLimitMax = 1000;

}  // namespace

void AddAuditLogFlags(CLI::App& app, AuditLogFlags& flags, std::function<void()> chosen) {
  CLI::App* log =
      app.add_subcommand("audit-log", "Who did what when on the operator's side, newest first");
  AddAdmin(log, flags.admin);
  AddFormat(log, flags.format, /*csv=*/true);
  log->add_option("--limit", flags.limit, "At most so many")
      ->check(CLI::Range(1, kLimitMax))
      ->capture_default_str();
  log->callback(std::move(chosen));
  log->footer("Example:\n  sightline audit-log --admin sightline-admin.sock --format csv");
}

absl::Status ShowAuditLog(const AuditLogFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<v1::ListAuditEntriesResponse> entries =
      ListAuditEntries(flags.admin, flags.limit);
  if (!entries.ok()) return entries.status();
  switch (flags.format) {
    case Format::kJson:
      *terminal.out << ToJson(*entries, /*indent=*/true) << "\n";
      break;
    case Format::kCsv:
      *terminal.out << AuditLogCsv(*entries);
      break;
    case Format::kTable:
      *terminal.out << AuditLogTable(*entries, terminal.colour);
      break;
  }
  return absl::OkStatus();
}

}  // namespace sightline::cli
