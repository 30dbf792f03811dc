#include "collector/verdict/roster.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/plan.h"
#include "common/regions.h"

namespace sightline {
namespace {

// The origin with most rounds among those that `accepts` takes, the first of equal ones.
template <typename Accepts>
const std::pair<const SeenFrom, OriginCounts>* HomeOf(const AgentWindow& agent, Accepts accepts) {
  const std::pair<const SeenFrom, OriginCounts>* home = nullptr;
  for (const auto& entry : agent.origins) {
    if (!accepts(entry.first)) continue;
    if (home == nullptr || entry.second.rounds > home->second.rounds) home = &entry;
  }
  return home;
}

void AddControl(const AgentWindow& agent, const v1::Plan& plan, Roster& roster) {
  if (IsObservedCountry(plan, CountryOf(agent.region))) return;
  const auto* home = HomeOf(agent, [&](const SeenFrom& origin) {
    return origin.country.empty() || !IsObservedCountry(plan, origin.country);
  });
  if (home != nullptr) roster.controls.push_back(&home->second);
}

// A volunteer whose place is not in doubt.
struct Candidate {
  const std::string* agent_id;
  const AgentWindow* agent;
  const std::pair<const SeenFrom, OriginCounts>* home;
};

std::optional<Candidate> CandidateOf(const std::string& agent_id, const AgentWindow& agent,
                                     const v1::Plan& plan, absl::string_view country,
                                     Roster& roster) {
  if (CountryOf(agent.region) != country) return std::nullopt;
  if (!IsObservedRegion(plan, agent.region)) {
    ++roster.without_vote[Ruling::kRegionNotListed];
    return std::nullopt;
  }
  const auto* home = HomeOf(agent, [&](const SeenFrom& origin) {
    return origin.country.empty() || absl::string_view(origin.country) == country;
  });
  if (home == nullptr) {
    ++roster.without_vote[Ruling::kCountryMismatch];
    return std::nullopt;
  }
  return Candidate{&agent_id, &agent, home};
}

using Place = std::pair<uint32_t, std::string>;  // asn, bucket

Place PlaceOf(const Candidate& candidate) {
  return {candidate.home->first.asn, candidate.home->first.bucket};
}

bool EnrolledBefore(const Candidate& one, const Candidate& other) {
  return std::tie(one.agent->enroll_time, *one.agent_id) <
         std::tie(other.agent->enroll_time, *other.agent_id);
}

// The contrasts that say something in this window.
std::vector<KnownTarget> UsableContrasts(const Roster& roster, const v1::Plan& plan) {
  std::vector<KnownTarget> usable;
  for (KnownTarget& contrast : ContrastsOf(plan)) {
    const bool abroad = contrast.kind != v1::TARGET_KIND_DOMESTIC_ANCHOR;
    const bool down =
        abroad && OutsideOf(roster, contrast.target_id, {}).contrast == Contrast::kNotReached;
    if (!down) usable.push_back(std::move(contrast));
  }
  return usable;
}

void JudgeVoters(const v1::Plan& plan, Roster& roster) {
  std::vector<Witness> witnesses;
  for (auto& [key, voters] : roster.origins) {
    for (Voter& voter : voters) {
      voter.number = witnesses.size();
      const double pull = voter.weight / static_cast<double>(voters.size());
      witnesses.push_back({std::get<0>(key), std::get<1>(key), voter.rounds, pull});
      roster.agent_versions.insert(voter.rounds->vantage.agent_version);
    }
  }
  const TrustJudge judge(witnesses, UsableContrasts(roster, plan));
  roster.trust = judge.Judge("");
  for (const KnownTarget& contrast : ContrastsOf(plan)) {
    roster.trust_on_contrasts[contrast.target_id] = judge.Judge(contrast.target_id);
  }
}

}  // namespace

double AgeWeight(absl::Duration age, absl::Duration oldest) {
  if (oldest < kAgeTold) return 1;
  const double ratio = absl::FDivDuration(age, std::min(oldest, kAgeFull));
  return std::clamp(ratio, 0.0, 1.0);
}

Roster MakeRoster(const Window& window, const v1::Plan& plan, absl::string_view country) {
  Roster roster;
  std::vector<Candidate> candidates;
  std::map<Place, Candidate> first_at;
  const absl::Time end = window.start + window.length;
  absl::Duration oldest = absl::ZeroDuration();
  for (const auto& [agent_id, agent] : window.agents) {
    if (agent.role == v1::AGENT_ROLE_CONTROL) {
      AddControl(agent, plan, roster);
      continue;
    }
    const std::optional<Candidate> candidate = CandidateOf(agent_id, agent, plan, country, roster);
    if (!candidate) continue;
    candidates.push_back(*candidate);
    const auto [first, added] = first_at.emplace(PlaceOf(*candidate), *candidate);
    if (!added && EnrolledBefore(*candidate, first->second)) first->second = *candidate;
    oldest = std::max(oldest, end - agent.enroll_time);
  }
  for (const Candidate& candidate : candidates) {
    const Place place = PlaceOf(candidate);
    const std::string& region = candidate.agent->region;
    if (first_at.at(place).agent->region != region) {
      ++roster.without_vote[Ruling::kRegionConflict];
      continue;
    }
    roster.regions_heard.insert(region);
    const double weight = AgeWeight(end - candidate.agent->enroll_time, oldest);
    roster.origins[{region, place.first, place.second}].push_back(
        {&candidate.home->second, weight});
  }
  JudgeVoters(plan, roster);
  return roster;
}

const std::vector<Trust>& Roster::TrustOn(const std::string& target_id) const {
  const auto found = trust_on_contrasts.find(target_id);
  return found == trust_on_contrasts.end() ? trust : found->second;
}

Outside OutsideOf(const Roster& roster, const std::string& target_id,
                  const std::set<std::string>& left_out) {
  Outside outside;
  for (const OriginCounts* control : roster.controls) {
    if (left_out.contains(control->vantage.agent_version)) continue;
    const std::optional<bool> reached = ReachedBy(*control, target_id);
    if (!reached) continue;
    ++outside.decided;
    if (*reached) ++outside.reached;
  }
  if (outside.decided == 0) return outside;
  const bool most = 2 * outside.reached >= outside.decided;
  outside.contrast = most ? Contrast::kReached : Contrast::kNotReached;
  return outside;
}

std::optional<bool> ReachedBy(const OriginCounts& control, const std::string& target_id) {
  const auto found = control.targets.find(target_id);
  if (found == control.targets.end()) return std::nullopt;
  const TargetCounts& counts = found->second;
  const uint32_t failed = counts.blocked + counts.down;
  if (counts.open + failed == 0) return std::nullopt;
  return counts.open >= failed;
}

}  // namespace sightline
