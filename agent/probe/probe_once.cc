#include "agent/probe/probe_once.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/probe/engine.h"
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

bool IsAnchor(const v1::Target& target) {
  return target.kind() == v1::TARGET_KIND_DOMESTIC_ANCHOR ||
         target.kind() == v1::TARGET_KIND_FOREIGN_ANCHOR;
}

}  // namespace

absl::StatusOr<std::string> ProbeOnce(const v1::Plan& plan, absl::string_view target_id,
                                      ReportFormat format) {
  if (absl::Status status = ValidatePlan(plan); !status.ok()) return status;
  if (absl::Status status = CheckTarget(plan, target_id); !status.ok()) return status;
  if (plan.resolvers_size() == 0) {
    return absl::InvalidArgumentError(
        "the plan names no resolver; add resolvers: \"ADDRESS:PORT\"");
  }
  const auto resolver = ParseResolver(plan.resolvers(0), ReservedRange);
  if (!resolver.ok()) return resolver.status();

  std::vector<const v1::Check*> checks;
  for (const v1::Target& target : plan.targets()) {
    if (!target_id.empty() && target.target_id() != target_id && !IsAnchor(target)) continue;
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) checks.push_back(&check);
    }
  }
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Create();
  if (!engine.ok()) return engine.status();
  return FormatReport(plan, (*engine)->RunRound(plan, checks, RoundOptions()).observations, target_id, format);
}

}  // namespace sightline::probe
