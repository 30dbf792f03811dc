#include "agent/probe/probe_once.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "agent/probe/engine.h"
#include "agent/probe/evidence.h"
#include "common/plan.h"

namespace sightline::probe {
namespace {

absl::Status CheckTarget(const v1::Plan& plan, absl::string_view target_id) {
  std::vector<std::string> known;
  for (const v1::Target& target : plan.targets()) {
    if (target_id.empty() || target.target_id() == target_id) return absl::OkStatus();
    known.push_back(target.target_id());
  }
  return absl::NotFoundError(absl::StrCat("the plan has no target \"", target_id,
                                          "\"; it has: ", absl::StrJoin(known, ", ")));
}

}  // namespace

absl::StatusOr<std::string> ProbeOnce(const v1::Plan& plan, const ProbeOnceOptions& options) {
  if (absl::Status status = ValidatePlan(plan); !status.ok()) return status;
  if (absl::Status status = CheckTarget(plan, options.target_id); !status.ok()) return status;
  const auto resolver = ParseResolver(plan.resolvers(0), ReservedRange);
  if (!resolver.ok()) return resolver.status();

  std::vector<const v1::Check*> checks;
  for (const v1::Target& target : plan.targets()) {
    const bool wanted = options.target_id.empty() || target.target_id() == options.target_id;
    if (!wanted && !IsAnchor(target)) continue;
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) checks.push_back(&check);
    }
  }
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Create();
  if (!engine.ok()) return engine.status();
  std::vector<std::string> reports;
  for (int round = 0; round < options.rounds; ++round) {
    if (round > 0) absl::SleepFor(options.pause);
    RoundOptions round_options;
    round_options.round_time_ms = absl::ToUnixMillis(absl::Now());
    const RoundReport report = (*engine)->RunRound(plan, checks, round_options);
    reports.push_back(FormatReport(plan, report, options.target_id, options.format));
  }
  if (reports.size() == 1) return reports[0];
  if (options.format == ReportFormat::kText) return absl::StrJoin(reports, "\n");
  return absl::StrCat("[", absl::StrJoin(reports, ","), "]\n");
}

}  // namespace sightline::probe
