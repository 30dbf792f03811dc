#include "collector/verdict/verdict.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/verdict/published.h"
#include "collector/verdict/reasons.h"
#include "collector/verdict/roster.h"
#include "collector/verdict/scope.h"
#include "collector/verdict/tally.h"
#include "common/message.h"

namespace sightline {
namespace {

std::vector<std::string> RegionsOf(const v1::Plan& plan, absl::string_view country) {
  std::vector<std::string> regions;
  for (const v1::CountryRegions& entry : plan.countries()) {
    if (absl::string_view(entry.country()) != country) continue;
    regions.insert(regions.end(), entry.regions().begin(), entry.regions().end());
  }
  std::sort(regions.begin(), regions.end());
  return regions;
}

// How much of a country was heard.
struct Coverage {
  size_t heard = 0;
  size_t told = 0;  // with numbers, whether they decide the region's own state or not
  size_t open = 0;
};

Coverage CoverageOf(const v1::TargetVerdict& verdict, const std::set<std::string>& heard) {
  Coverage coverage;
  for (const v1::RegionAccess& region : verdict.regions()) {
    if (!heard.contains(region.region())) continue;
    const v1::AccessState state = region.access().state();
    ++coverage.heard;
    if (state == v1::ACCESS_STATE_OPEN) ++coverage.open;
    if (region.access().buckets_open() + region.access().buckets_blocked() > 0) ++coverage.told;
  }
  return coverage;
}

// A verdict whose scope waits for those of the other targets.
struct Draft {
  TargetTally tally;
  v1::TargetVerdict verdict;
  Coverage coverage;
  std::optional<ScopeOdds> odds;
};

Draft MakeDraft(const v1::Target& target, const std::vector<std::string>& regions,
                const Roster& roster, const RegionNames& names) {
  Draft draft;
  draft.tally = TallyTarget(roster, target.target_id());
  v1::TargetVerdict& verdict = draft.verdict;
  verdict.set_target_id(target.target_id());
  verdict.set_display_name(target.display_name());
  verdict.set_kind(target.kind());
  draft.odds = OddsOf(Publish(draft.tally, regions, roster.regions_heard, names, verdict));
  draft.coverage = CoverageOf(verdict, roster.regions_heard);
  if (draft.odds.has_value()) {
    for (size_t i = 0; i < kScopes; ++i) {
      v1::ScopePosterior& each = *verdict.add_scope_posteriors();
      each.set_scope(static_cast<v1::Scope>(v1::SCOPE_NOWHERE + static_cast<int>(i)));
      each.set_posterior(draft.odds->posterior[i]);
    }
  }
  return draft;
}

// At least half of the regions that were heard must have numbers: a scope is a statement on the
// country. Their own states need not be decided: a network that is open everywhere leaves every
// region in between.
bool Covered(const Coverage& coverage) {
  return coverage.told > 0 && 2 * coverage.told >= coverage.heard;
}

// Without controls that reach it, only being reached everywhere is a statement: in every region
// that was heard, and more than half of all.
bool ReachedEverywhere(const Draft& draft) {
  const size_t all = static_cast<size_t>(draft.verdict.regions_size());
  return draft.tally.outside != Contrast::kReached && draft.coverage.open == draft.coverage.heard &&
         2 * draft.coverage.open > all;
}

void SetScopes(std::vector<Draft>& drafts) {
  std::vector<double> posteriors;
  for (const Draft& draft : drafts) {
    const bool countable = draft.odds.has_value() && Covered(draft.coverage);
    posteriors.push_back(countable ? draft.odds->best_posterior : 0);
  }
  const std::vector<bool> stated = Stateable(posteriors);
  for (size_t i = 0; i < drafts.size(); ++i) {
    Draft& draft = drafts[i];
    v1::TargetVerdict& verdict = draft.verdict;
    verdict.set_scope(v1::SCOPE_UNDETERMINED);
    if (stated[i]) {
      verdict.set_scope(draft.odds->best);
      verdict.mutable_open_networks()->Add(draft.odds->open_networks.begin(),
                                           draft.odds->open_networks.end());
      verdict.mutable_blocked_networks()->Add(draft.odds->blocked_networks.begin(),
                                              draft.odds->blocked_networks.end());
    } else if (ReachedEverywhere(draft)) {
      verdict.set_scope(v1::SCOPE_WIDESPREAD);
    }
  }
}

}  // namespace

Judgement JudgeWithTallies(const Window& window, const v1::Plan& plan, absl::string_view country,
                           const RegionNames& names) {
  Judgement judgement;
  v1::GetSummaryResponse& response = judgement.summary;
  response.set_country(std::string(country));
  *response.mutable_window_start_time() = ToProto(window.start);
  *response.mutable_window_length() = ToProto(window.length);
  response.set_ruleset_version(std::string(kRulesetVersion));
  const std::vector<std::string> regions = RegionsOf(plan, country);
  const Roster roster = MakeRoster(window, plan, country);
  std::map<std::string, const v1::Target*> targets;
  for (const v1::Target& target : plan.targets()) targets.emplace(target.target_id(), &target);
  std::vector<Draft> drafts;
  for (const auto& [target_id, target] : targets) {
    drafts.push_back(MakeDraft(*target, regions, roster, names));
  }
  SetScopes(drafts);
  for (Draft& draft : drafts) *response.add_verdicts() = draft.verdict;
  for (size_t i = 0; i < drafts.size(); ++i) {
    AddReasons({drafts[i].tally, drafts[i].odds, names, response},
               *response.mutable_verdicts(static_cast<int>(i)));
    judgement.tallies.push_back(std::move(drafts[i].tally));
  }
  return judgement;
}

v1::GetSummaryResponse Judge(const Window& window, const v1::Plan& plan, absl::string_view country,
                             const RegionNames& names) {
  return JudgeWithTallies(window, plan, country, names).summary;
}

}  // namespace sightline
