#include "collector/audit_command.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/audit.h"
#include "collector/store/store.h"
#include "common/message.h"
#include "common/regions.h"

namespace sightline {
namespace {

constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);

void ShowProgress(uint64_t done, uint64_t total, absl::Time& shown) {
  const absl::Time now = absl::Now();
  if (now < shown + kProgressInterval) return;
  shown = now;
  std::fprintf(stderr, "\r%llu of %llu records", static_cast<unsigned long long>(done),
               static_cast<unsigned long long>(total));
}

absl::StatusOr<bool> AuditStore(const AuditFlags& flags) {
  AuditOptions options;
  options.list_agents = flags.agents;
  if (!absl::ParseDuration(flags.retain, &options.retain) ||
      options.retain <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--retain: \"", flags.retain, "\" is no duration; write 72h"));
  }
  const absl::StatusOr<RegionNames> regions = RegionNames::Load();
  if (!regions.ok()) return regions.status();
  // Looks, and changes nothing.
  const absl::StatusOr<std::unique_ptr<Store>> store =
      OpenStore(flags.store, SchemaPolicy::kRequire);
  if (!store.ok()) return store.status();
  const bool terminal = isatty(STDERR_FILENO) == 1;
  absl::Time shown = absl::InfinitePast();
  if (terminal) {
    options.progress = [&shown](uint64_t done, uint64_t total) {
      ShowProgress(done, total, shown);
    };
  }
  const absl::StatusOr<internal::v1::AuditReport> report = Audit(**store, *regions, options);
  if (terminal) std::fprintf(stderr, "\r\033[K");
  if (!report.ok()) return report.status();
  std::cout << (flags.format == "json" ? ToJson(*report, true) : ToText(*report)) << std::flush;
  return report->problems_total() == 0;
}

}  // namespace

void AddAuditFlags(CLI::App& audit, AuditFlags& flags) {
  audit.add_option("--store", flags.store, "sqlite:PATH or postgresql://...")
      ->capture_default_str();
  audit.add_option("--retain", flags.retain, "What the collectors run with")->capture_default_str();
  audit.add_option("--format", flags.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  audit.add_flag("--agents", flags.agents, "List the end of every agent's chain (json)");
}

int RunAudit(const AuditFlags& flags) {
  const absl::StatusOr<bool> fits = AuditStore(flags);
  if (fits.ok()) return *fits ? 0 : 1;
  std::cerr << "sightline-collector audit: " << fits.status().message() << "\n";
  return 2;
}

}  // namespace sightline
