#include "collector/verdict/tally.h"

#include <algorithm>
#include <optional>

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

Contrast OutsideOf(const Roster& roster, const std::string& target_id, TargetTally& tally) {
  for (const OriginCounts* control : roster.controls) {
    const auto found = control->targets.find(target_id);
    if (found == control->targets.end()) continue;
    const TargetCounts& counts = found->second;
    const uint32_t failed = counts.blocked + counts.down;
    if (counts.open + failed == 0) continue;
    ++tally.controls_decided;
    if (counts.open >= failed) ++tally.controls_reached;
  }
  if (tally.controls_decided == 0) return Contrast::kUnknown;
  const bool reached = 2 * tally.controls_reached >= tally.controls_decided;
  return reached ? Contrast::kReached : Contrast::kNotReached;
}

// Why an agent without a decided round has no vote: the reason of most of its rounds.
Ruling ReasonOf(const TargetCounts& counts) {
  const std::pair<uint32_t, Ruling> reasons[] = {{counts.own_outage, Ruling::kOwnOutage},
                                                 {counts.no_anchor, Ruling::kNoAnchor},
                                                 {counts.down, Ruling::kServiceDown},
                                                 {counts.undecided, Ruling::kUndecided}};
  return std::max_element(std::begin(reasons), std::end(reasons),
                          [](const auto& a, const auto& b) { return a.first < b.first; })
      ->second;
}

// The vote of one bucket, nothing when none of its agents decided.
std::optional<Evidence> VoteOf(const std::vector<Voter>& voters, const std::string& target_id,
                               TargetTally& tally) {
  const Ruling ruling_of_failures = Rule(tally.outside, Contrast::kReached, false);
  std::vector<std::pair<double, const TargetCounts*>> decided;
  double heaviest = 0;
  for (const Voter& voter : voters) {
    const auto found = voter.rounds->targets.find(target_id);
    if (found == voter.rounds->targets.end()) continue;
    const TargetCounts& counts = found->second;
    if (counts.open + counts.blocked == 0) {
      ++tally.without_vote[ReasonOf(counts)];
      continue;
    }
    if (counts.open == 0 && ruling_of_failures != Ruling::kBlocked) {
      ++tally.without_vote[ruling_of_failures];
    }
    decided.emplace_back(voter.weight, &counts);
    heaviest = std::max(heaviest, voter.weight);
  }
  if (decided.empty()) return std::nullopt;
  double sum = 0;
  double open = 0;
  Evidence vote;
  for (const auto& [weight, counts] : decided) {
    const double w = heaviest > 0 ? weight : 1;
    const double rounds = counts->open + counts->blocked;
    sum += w;
    open += w * counts->open / rounds;
    for (const auto& [cause, count] : counts->causes) vote.causes[cause] += w * count / rounds;
  }
  const double share = open / sum;
  for (auto& [cause, votes] : vote.causes) votes /= sum;
  vote.votes = {1, heaviest, heaviest * heaviest, heaviest * share};
  vote.buckets_open = share > 0.5 ? 1 : 0;
  vote.buckets_blocked = 1 - vote.buckets_open;
  return vote;
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
  return roster;
}

void Evidence::Add(const Evidence& other) {
  votes.buckets += other.votes.buckets;
  votes.weight += other.votes.weight;
  votes.weight_squared += other.votes.weight_squared;
  votes.weight_open += other.votes.weight_open;
  buckets_open += other.buckets_open;
  buckets_blocked += other.buckets_blocked;
  for (const auto& [cause, count] : other.causes) causes[cause] += count;
}

TargetTally TallyTarget(const Roster& roster, absl::string_view target_id) {
  TargetTally tally;
  const std::string id(target_id);
  tally.without_vote = roster.without_vote;
  tally.outside = OutsideOf(roster, id, tally);
  for (const auto& [key, voters] : roster.origins) {
    const std::optional<Evidence> vote = VoteOf(voters, id, tally);
    if (vote) tally.cells[{std::get<0>(key), std::get<1>(key)}].Add(*vote);
  }
  return tally;
}

}  // namespace sightline
