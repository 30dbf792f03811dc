#include "collector/verdict/tally.h"

#include <algorithm>
#include <optional>

namespace sightline {
namespace {

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

// An agent of a bucket whose rounds decided.
struct Decided {
  const TargetCounts* counts;
  double weight;
  bool suspected;

  double Rounds() const { return static_cast<double>(counts->open) + counts->blocked; }
};

// Everything that is the same for all buckets.
struct Rules {
  const std::string& target_id;
  const std::vector<Trust>& trust;
  std::set<std::string> versions_left_out;
  Ruling ruling_of_failures = Ruling::kBlocked;
};

const TargetCounts* CountsOf(const Voter& voter, const std::string& target_id) {
  const auto found = voter.rounds->targets.find(target_id);
  return found == voter.rounds->targets.end() ? nullptr : &found->second;
}

// What stands against counting an agent that decided.
std::optional<Ruling> SetAside(const Voter& voter, const Rules& rules) {
  if (rules.trust[voter.number].bypassing) return Ruling::kBypassing;
  if (rules.versions_left_out.contains(voter.rounds->vantage.agent_version)) {
    return Ruling::kInstrumentBug;
  }
  return std::nullopt;
}

// One vote of several agents, of whom there is at least one.
Evidence Combine(const std::vector<Decided>& agents) {
  double heaviest = 0;
  bool suspected = true;
  for (const Decided& agent : agents) {
    heaviest = std::max(heaviest, agent.weight);
    suspected = suspected && agent.suspected;
  }
  double sum = 0;
  double open = 0;
  Evidence vote;
  for (const Decided& agent : agents) {
    const double weight = heaviest > 0 ? agent.weight : 1;
    const double rounds = agent.Rounds();
    sum += weight;
    open += weight * agent.counts->open / rounds;
    for (const auto& [cause, count] : agent.counts->causes) {
      vote.causes[cause] += weight * count / rounds;
    }
  }
  const double share = open / sum;
  for (auto& [cause, votes] : vote.causes) votes /= sum;
  vote.votes = {1, heaviest, heaviest * share};
  vote.buckets_open = share > 0.5 ? 1 : 0;
  vote.buckets_blocked = 1 - vote.buckets_open;
  vote.buckets_suspected = suspected ? 1 : 0;
  return vote;
}

// The vote of one bucket, nothing when none of its agents decided.
std::optional<Evidence> VoteOf(const std::vector<Voter>& voters, const Rules& rules,
                               std::map<Ruling, uint32_t>& without_vote) {
  std::vector<Decided> agents;
  bool bypassing = false;
  for (const Voter& voter : voters) {
    const TargetCounts* counts = CountsOf(voter, rules.target_id);
    if (counts == nullptr) continue;
    if (counts->open + counts->blocked == 0) {
      ++without_vote[ReasonOf(*counts)];
      continue;
    }
    if (const std::optional<Ruling> ruling = SetAside(voter, rules)) {
      ++without_vote[*ruling];
      bypassing = bypassing || *ruling == Ruling::kBypassing;
      continue;
    }
    if (counts->open == 0 && rules.ruling_of_failures != Ruling::kBlocked) {
      ++without_vote[rules.ruling_of_failures];
    }
    const Trust& trust = rules.trust[voter.number];
    agents.push_back({counts, voter.weight * trust.reliability, trust.suspected});
  }
  if (!agents.empty()) return Combine(agents);
  if (!bypassing) return std::nullopt;
  Evidence none;
  none.buckets_bypassing = 1;
  return none;
}

// For the comparison of versions: one vote for each bucket with somebody whose word counts.
std::vector<VersionVote> VersionVotesOf(const Roster& roster, const Rules& rules) {
  std::vector<VersionVote> votes;
  for (const auto& [key, voters] : roster.origins) {
    const Voter* heaviest = nullptr;
    double most = 0;
    for (const Voter& voter : voters) {
      const TargetCounts* counts = CountsOf(voter, rules.target_id);
      if (counts == nullptr || counts->open + counts->blocked == 0) continue;
      const Trust& trust = rules.trust[voter.number];
      if (trust.bypassing || trust.suspected) continue;
      const double weight = voter.weight * trust.reliability;
      if (heaviest != nullptr && weight <= most) continue;
      heaviest = &voter;
      most = weight;
    }
    if (heaviest == nullptr) continue;
    const TargetCounts& counts = *CountsOf(*heaviest, rules.target_id);
    votes.push_back({std::get<0>(key), std::get<1>(key), heaviest->rounds->vantage.agent_version,
                     most, counts.blocked >= counts.open});
  }
  return votes;
}

std::vector<InstrumentBug> InstrumentBugsOf(const Roster& roster, const Rules& rules) {
  if (roster.agent_versions.size() < 2) return {};
  std::vector<VersionControl> controls;
  for (const OriginCounts* control : roster.controls) {
    const std::optional<bool> reached = ReachedBy(*control, rules.target_id);
    if (reached) controls.push_back({control->vantage.agent_version, !*reached});
  }
  return FindInstrumentBugs(VersionVotesOf(roster, rules), controls);
}

}  // namespace

void Evidence::Add(const Evidence& other) {
  votes.buckets += other.votes.buckets;
  votes.weight += other.votes.weight;
  votes.weight_open += other.votes.weight_open;
  buckets_open += other.buckets_open;
  buckets_blocked += other.buckets_blocked;
  buckets_bypassing += other.buckets_bypassing;
  buckets_suspected += other.buckets_suspected;
  for (const auto& [cause, count] : other.causes) causes[cause] += count;
}

TargetTally TallyTarget(const Roster& roster, absl::string_view target_id) {
  TargetTally tally;
  const std::string id(target_id);
  Rules rules{id, roster.TrustOn(id), {}};
  tally.instrument_bugs = InstrumentBugsOf(roster, rules);
  for (const InstrumentBug& bug : tally.instrument_bugs) {
    if (!bug.disputed) rules.versions_left_out.insert(bug.agent_version);
  }
  const Outside outside = OutsideOf(roster, id, rules.versions_left_out);
  tally.outside = outside.contrast;
  tally.controls_reached = outside.reached;
  tally.controls_decided = outside.decided;
  rules.ruling_of_failures = Rule(tally.outside, Contrast::kReached, false);
  tally.without_vote = roster.without_vote;
  for (const auto& [key, voters] : roster.origins) {
    const std::optional<Evidence> vote = VoteOf(voters, rules, tally.without_vote);
    if (vote) tally.cells[{std::get<0>(key), std::get<1>(key)}].Add(*vote);
  }
  return tally;
}

}  // namespace sightline
